// Makes the vectors beside this folder: see README.md there.
//   generate FOLDER CASES

#include <libdeflate.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>

#include "cases.hpp"
#include "reference_detection.hpp"
#include "reference_uint8.hpp"
#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

namespace vectors {
namespace {

using Resolver = tflite::MicroMutableOpResolver<128>;

void add_operators(Resolver& resolver) {
  resolver.AddConv2D();
  resolver.AddDepthwiseConv2D();
  resolver.AddTransposeConv();
  resolver.AddFullyConnected();
  resolver.AddAveragePool2D();
  resolver.AddMaxPool2D();
  resolver.AddMean();
  resolver.AddAdd();
  resolver.AddSub();
  resolver.AddMul();
  resolver.AddSoftmax();
  resolver.AddLogistic();
  resolver.AddTanh();
  resolver.AddHardSwish();
  resolver.AddRelu();
  resolver.AddRelu6();
  resolver.AddLeakyRelu();
  resolver.AddQuantize();
  resolver.AddDequantize();
  resolver.AddReshape();
  resolver.AddSqueeze();
  resolver.AddExpandDims();
  resolver.AddPad();
  resolver.AddPadV2();
  resolver.AddConcatenation();
  resolver.AddPack();
  resolver.AddSplit();
  resolver.AddTranspose();
  resolver.AddStridedSlice();
  resolver.AddResizeBilinear();
  resolver.AddResizeNearestNeighbor();
  resolver.AddShape();
  resolver.AddDiv();
  resolver.AddSquaredDifference();
  resolver.AddPrelu();
  resolver.AddMaximum();
  resolver.AddMinimum();
  resolver.AddArgMax();
  resolver.AddArgMin();
  resolver.AddLogSoftmax();
  resolver.AddElu();
  resolver.AddAbs();
  resolver.AddRsqrt();
  resolver.AddSin();
  resolver.AddCos();
  resolver.AddLog();
  resolver.AddSqrt();
  resolver.AddSquare();
  resolver.AddExp();
  resolver.AddNeg();
  resolver.AddFloor();
  resolver.AddCeil();
  resolver.AddRound();
  resolver.AddSplitV();
  resolver.AddUnpack();
  resolver.AddMirrorPad();
  resolver.AddGather();
  resolver.AddFill();
  resolver.AddCast();
  resolver.AddSum();
  resolver.AddReduceMax();
  resolver.AddReduceMin();
  resolver.AddBatchMatMul();
  resolver.AddSvdf();
  resolver.AddUnidirectionalSequenceLSTM();
  resolver.AddEqual();
  resolver.AddNotEqual();
  resolver.AddLess();
  resolver.AddLessEqual();
  resolver.AddGreater();
  resolver.AddGreaterEqual();
  resolver.AddLogicalOr();
  resolver.AddLogicalAnd();
  resolver.AddLogicalNot();
  resolver.AddSlice();
  resolver.AddSpaceToDepth();
  resolver.AddDepthToSpace();
  resolver.AddSpaceToBatchNd();
  resolver.AddBatchToSpaceNd();
  resolver.AddBroadcastTo();
  resolver.AddReverseV2();
  resolver.AddZerosLike();
  resolver.AddAddN();
  resolver.AddCumSum();
  resolver.AddFloorDiv();
  resolver.AddFloorMod();
  resolver.AddL2Normalization();
  resolver.AddL2Pool2D();
  resolver.AddReduceAll();
  resolver.AddGatherNd();
  resolver.AddEmbeddingLookup();
  resolver.AddDynamicUpdateSlice();
  resolver.AddSelectV2();
  resolver.AddBroadcastArgs();
  resolver.AddDetectionPostprocess();
  resolver.AddIf();
  resolver.AddWhile();
}

void append_sized(Bytes& out, const std::uint8_t* bytes, std::size_t size) {
  aiot::append_le32(out, static_cast<std::uint32_t>(size));
  out.insert(out.end(), bytes, bytes + size);
}

/// Runs the model on random inputs and appends model, inputs and outputs; false when the reference
/// does not take the model.
bool append_case(Bytes& out, const Bytes& file, const Resolver& resolver, Random& random) {
  alignas(16) static std::uint8_t model_bytes[1 << 20];
  alignas(16) static std::uint8_t arena[1 << 20];
  std::memcpy(model_bytes, file.data(), file.size());
  std::memset(arena, 0, sizeof(arena));
  tflite::MicroInterpreter interpreter(tflite::GetModel(model_bytes), resolver, arena,
                                       sizeof(arena));
  if (interpreter.AllocateTensors() != kTfLiteOk) return false;
  // What an operator leaves as it is.
  for (std::size_t i = 0; i < interpreter.outputs_size(); ++i) {
    auto* tensor = interpreter.output(i);
    std::memset(tensor->data.raw, 0, tensor->bytes);
  }
  Bytes record;
  append_sized(record, file.data(), file.size());
  for (std::size_t i = 0; i < interpreter.inputs_size(); ++i) {
    auto* tensor = interpreter.input(i);
    const auto type = tensor->type == kTfLiteFloat32 ? Type::float32
                      : tensor->type == kTfLiteInt16 ? Type::int16
                      : tensor->type == kTfLiteBool  ? Type::boolean
                      : tensor->type == kTfLiteInt32 ? Type::int32
                      : tensor->type == kTfLiteInt64 ? Type::int64
                                                     : Type::int8;
    const auto unit = aiot::inference::size_of(type);
    auto values = OneOperator(random, Code::add).values(type, tensor->bytes / unit);
    if (unit == 1 && values.size() == 256 && interpreter.inputs_size() == 1) {
      for (int v = 0; v < 256; ++v) values[v] = static_cast<std::uint8_t>(v);
    }
    std::memcpy(tensor->data.raw, values.data(), values.size());
    append_sized(record, values.data(), values.size());
  }
  if (interpreter.Invoke() != kTfLiteOk) return false;
  for (std::size_t i = 0; i < interpreter.outputs_size(); ++i) {
    const auto* tensor = interpreter.output(i);
    append_sized(record, reinterpret_cast<const std::uint8_t*>(tensor->data.raw), tensor->bytes);
  }
  out.insert(out.end(), record.begin(), record.end());
  return true;
}

void write(const std::string& path, const Bytes& bytes) {
  auto* compressor = libdeflate_alloc_compressor(12);
  Bytes packed(libdeflate_deflate_compress_bound(compressor, bytes.size()));
  packed.resize(libdeflate_deflate_compress(compressor, bytes.data(), bytes.size(), packed.data(),
                                            packed.size()));
  libdeflate_free_compressor(compressor);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(packed.data()),
             static_cast<std::streamsize>(packed.size()));
  std::printf("%s: %zu bytes, %zu packed\n", path.c_str(), bytes.size(), packed.size());
}

void make_file(const std::string& folder, const Maker& maker, int cases, const Resolver& resolver) {
  std::uint64_t seed = 1;
  for (const char c : maker.name) seed = seed * 31 + static_cast<unsigned char>(c);
  Random random(seed);
  Bytes bytes;
  int refused = 0;
  for (int made = 0; made < cases;) {
    const bool real = !maker.int8_only && made % 5 == 4;
    const auto file = maker.make(random, real ? Type::float32 : Type::int8);
    if (append_case(bytes, file, resolver, random)) {
      ++made;
    } else if (++refused > cases) {
      std::printf("%s: the reference refuses most\n", std::string(maker.name).c_str());
      std::exit(1);
    }
  }
  if (refused != 0) std::printf("%d refused by the reference\n", refused);
  write(folder + "/" + std::string(maker.name) + ".bin", bytes);
}

}  // namespace
}  // namespace vectors

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  vectors::Resolver resolver;
  vectors::add_operators(resolver);
  const int cases = std::atoi(argv[2]);
  const auto make = [&](std::span<const vectors::Maker> makers, int count) {
    for (const auto& maker : makers) vectors::make_file(argv[1], maker, count, resolver);
  };
  make(vectors::sum_makers(), cases);
  make(vectors::value_makers(), cases);
  make(vectors::movement_makers(), cases / 2);
  make(vectors::position_makers(), cases / 2);
  make(vectors::graph_makers(), cases / 4);
  constexpr vectors::Maker detection[] = {{"detection", vectors::detection, true}};
  make(detection, cases);
  vectors::write(std::string(argv[1]) + "/uint8.bin", vectors::uint8_cases(2 * cases));
  return 0;
}
