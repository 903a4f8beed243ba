#include <cstdint>
#include <cstring>
#include <vector>

// A library with TensorFlow Lite's C functions, to see that each is called, and with what: its
// "run" gives the input, each byte plus the number of threads. A model of less than 8 bytes is
// refused.

#define EXPORT extern "C" __attribute__((visibility("default")))

struct TfLiteModel {
  const void* data;
};
struct TfLiteInterpreterOptions {
  std::int32_t threads = 0;
};
struct TfLiteTensor {
  std::vector<std::uint8_t> bytes;
};
struct TfLiteInterpreter {
  std::int32_t threads = 0;
  std::uint32_t runs = 0;
  TfLiteTensor input, output;
};

static int alive = 0;

EXPORT int fake_alive() { return alive; }
EXPORT TfLiteModel* TfLiteModelCreate(const void* data, std::size_t bytes) {
  if (bytes < 8) return nullptr;
  ++alive;
  return new TfLiteModel{data};
}
EXPORT void TfLiteModelDelete(TfLiteModel* model) {
  --alive;
  delete model;
}
EXPORT TfLiteInterpreterOptions* TfLiteInterpreterOptionsCreate() {
  ++alive;
  return new TfLiteInterpreterOptions;
}
EXPORT void TfLiteInterpreterOptionsDelete(TfLiteInterpreterOptions* options) {
  --alive;
  delete options;
}
EXPORT void TfLiteInterpreterOptionsSetNumThreads(TfLiteInterpreterOptions* options,
                                                  std::int32_t threads) {
  options->threads = threads;
}
EXPORT TfLiteInterpreter* TfLiteInterpreterCreate(const TfLiteModel* model,
                                                  const TfLiteInterpreterOptions* options) {
  if (model == nullptr || std::memcmp(static_cast<const char*>(model->data) + 4, "TFL3", 4) != 0) {
    return nullptr;
  }
  ++alive;
  return new TfLiteInterpreter{options->threads, 0, {}, {}};
}
EXPORT void TfLiteInterpreterDelete(TfLiteInterpreter* interpreter) {
  --alive;
  delete interpreter;
}
EXPORT int TfLiteInterpreterAllocateTensors(TfLiteInterpreter* interpreter) {
  interpreter->input.bytes.resize(4);
  interpreter->output.bytes.resize(4);
  return 0;
}
/// The third run fails.
EXPORT int TfLiteInterpreterInvoke(TfLiteInterpreter* interpreter) {
  for (std::size_t i = 0; i < 4; ++i) {
    interpreter->output.bytes[i] =
        static_cast<std::uint8_t>(interpreter->input.bytes[i] + interpreter->threads);
  }
  return ++interpreter->runs == 3 ? 1 : 0;
}
EXPORT std::int32_t TfLiteInterpreterGetInputTensorCount(const TfLiteInterpreter*) { return 1; }
EXPORT TfLiteTensor* TfLiteInterpreterGetInputTensor(TfLiteInterpreter* interpreter,
                                                     std::int32_t index) {
  return index == 0 ? &interpreter->input : nullptr;
}
EXPORT std::int32_t TfLiteInterpreterGetOutputTensorCount(const TfLiteInterpreter*) { return 1; }
EXPORT const TfLiteTensor* TfLiteInterpreterGetOutputTensor(const TfLiteInterpreter* interpreter,
                                                            std::int32_t index) {
  return index == 0 ? &interpreter->output : nullptr;
}
EXPORT std::size_t TfLiteTensorByteSize(const TfLiteTensor* tensor) { return tensor->bytes.size(); }
EXPORT void* TfLiteTensorData(const TfLiteTensor* tensor) {
  return const_cast<std::uint8_t*>(tensor->bytes.data());
}
