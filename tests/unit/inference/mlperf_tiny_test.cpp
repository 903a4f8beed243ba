#include "mlperf_tiny.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <numeric>

#include "inference/engine.hpp"
#include "inference/model/file.hpp"

namespace aiot::inference {
namespace {

struct Known {
  const char* name;
  std::uint64_t macs;  ///< as the data set lists them
};
constexpr std::array<Known, 6> int8_models = {{{"ad01_int8", 264'192},
                                               {"kws_ref_model", 2'656'768},
                                               {"person_detect", 7'157'888},
                                               {"pretrainedResnet_quant", 12'501'632},
                                               {"str_ww_ref_model", 826'368},
                                               {"vww_96_int8", 7'489'664}}};

std::size_t differing_bytes(ByteSpan a, ByteSpan b) {
  REQUIRE(a.size() == b.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) count += a[i] != b[i] ? 1 : 0;
  return count;
}

void check_against_reference(const std::shared_ptr<const Model>& model, const Known& known,
                             const EngineOptions& options) {
  const auto made = make_reference_engine(model, options);
  if (!made) FAIL(made.error().message());
  auto& engine = **made;
  REQUIRE(engine.inputs().size() == 1);
  REQUIRE(engine.outputs().size() == 1);
  for (int k = 1; k <= 3; ++k) {
    CAPTURE(k);
    const auto input = test::mlperf_tiny(fmt::format("inputs/{}.{}.bin", known.name, k));
    const auto expected = test::mlperf_tiny(fmt::format("expected_ref/{}.{}.bin", known.name, k));
    REQUIRE(input.has_value());
    REQUIRE(expected.has_value());
    REQUIRE(input->size() == engine.input(0).size());
    std::ranges::copy(*input, engine.input(0).begin());
    REQUIRE(engine.invoke().has_value());
    CHECK(differing_bytes(engine.output(0), *expected) == 0);
  }
  const auto& operators = engine.operators();
  const auto macs =
      std::accumulate(operators.begin(), operators.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const OperatorInfo& o) { return sum + o.macs; });
  CHECK(macs == known.macs);
}

}  // namespace

TEST_CASE("mlperf tiny: every engine here gives the bytes of TensorFlow Lite Micro") {
  for (const auto& known : int8_models) {
    CAPTURE(std::string(known.name));
    auto file = test::mlperf_tiny(fmt::format("models/{}.tflite", known.name));
    if (!file) return;
    auto read = read_model(*std::move(file));
    if (!read) FAIL(read.error().message());
    const auto model = std::make_shared<const Model>(*std::move(read));
    for (const auto isa : isas_here()) {
      for (const unsigned threads : {1U, 3U}) {
        if (threads > 1 && isa == Isa::scalar) continue;
        CAPTURE(std::string(name_of(isa)));
        CAPTURE(threads);
        check_against_reference(model, known, {isa, threads});
      }
    }
  }
}

TEST_CASE("mlperf tiny: each operator's time is told, the output is the same") {
  auto file = test::mlperf_tiny("models/kws_ref_model.tflite");
  if (!file) return;
  auto model = read_model(*std::move(file));
  REQUIRE(model.has_value());
  const auto made = make_reference_engine(std::make_shared<const Model>(*std::move(model)), {});
  REQUIRE(made.has_value());
  auto& engine = **made;
  const auto input = test::mlperf_tiny("inputs/kws_ref_model.1.bin");
  REQUIRE(input.has_value());
  std::ranges::copy(*input, engine.input(0).begin());
  std::vector<std::chrono::nanoseconds> times(engine.operators().size());
  REQUIRE(times.size() == 13);
  REQUIRE(engine.invoke_timed(times).has_value());
  for (std::size_t i = 0; i < times.size(); ++i) {
    CAPTURE(i);
    // The fast engine reshapes by giving the same bytes another name.
    CHECK((times[i].count() > 0 || engine.operators()[i].name == "RESHAPE"));
  }
  CHECK(differing_bytes(engine.output(0), *test::mlperf_tiny("expected_ref/kws_ref_model.1.bin")) ==
        0);
  const auto& first = engine.operators().front();
  CHECK(first.name == "CONV_2D");
  CHECK(first.output_shape == std::vector<std::int32_t>{1, 25, 5, 64});
  CHECK(first.macs == 320'000);
  CHECK(engine.memory().model_bytes == 53'936);
}

TEST_CASE("mlperf tiny: the float model, whose weights are int8") {
  // TensorFlow Lite Micro's float kernels at 90b983c2 on the same graph with weights that were
  // multiplied by their scales before; inputs are the data set's bytes / 32.
  constexpr std::array<std::array<float, 12>, 3> expected = {
      {{0.59505564F, 0.0528023094F, 0.0297853164F, 0.00340902177F, 0.0134670669F, 0.00719414745F,
        0.0997906104F, 0.0167899299F, 0.0298208389F, 0.000677112374F, 0.000361956481F, 0.15084593F},
       {0.724201918F, 0.0373479836F, 0.041749727F, 0.00716085918F, 0.00232761237F, 0.00297628646F,
        0.092691645F, 0.0379429124F, 0.0152461678F, 0.000220028043F, 6.88509226e-06F,
        0.0381279774F},
       {0.718309641F, 0.00323066255F, 0.118200518F, 0.00403085398F, 0.0021754608F, 0.000497491565F,
        0.0311670098F, 0.076124236F, 0.025405854F, 0.00473158155F, 8.9476016e-05F, 0.0160370413F}}};
  auto file = test::mlperf_tiny("models/kws_ref_model_float32.tflite");
  if (!file) return;
  auto model = read_model(*std::move(file));
  if (!model) FAIL(model.error().message());
  const auto made = make_reference_engine(std::make_shared<const Model>(*std::move(model)), {});
  if (!made) FAIL(made.error().message());
  auto& engine = **made;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    const auto bytes = test::mlperf_tiny(fmt::format("inputs/kws_ref_model.{}.bin", k + 1));
    REQUIRE(bytes.has_value());
    REQUIRE(engine.input(0).size() == bytes->size() * sizeof(float));
    for (std::size_t i = 0; i < bytes->size(); ++i) {
      const float value = static_cast<float>(static_cast<std::int8_t>((*bytes)[i])) / 32;
      std::memcpy(&engine.input(0)[i * sizeof(float)], &value, sizeof(float));
    }
    REQUIRE(engine.invoke().has_value());
    for (std::size_t i = 0; i < expected[k].size(); ++i) {
      float got = 0;
      std::memcpy(&got, &engine.output(0)[i * sizeof(float)], sizeof(float));
      // 13 layers of sums that a compiler may round once less, and another library's exp().
      CHECK(std::abs(got - expected[k][i]) <= 1e-5F);
    }
  }
}

TEST_CASE("micro speech: the outputs of TensorFlow Lite Micro") {
  // Its reference kernels at 90b983c2, on the bytes that next() below gives.
  struct Run {
    std::uint32_t seed;
    std::uint8_t kept_bits, turned_bits;
    std::array<int, 4> output;
  };
  constexpr std::array<Run, 4> runs = {{{0, 0xff, 0, {-128, 85, -100, -113}},
                                        {1, 0xff, 0, {-128, -120, -88, 80}},
                                        {2, 0xff, 0x80, {-128, -115, -115, 101}},
                                        {3, 0x3f, 0, {-128, -122, -96, 90}}}};
  auto file = test::mlperf_tiny("models/micro_speech_quantized.tflite");
  if (!file) return;
  auto model = read_model(*std::move(file));
  if (!model) FAIL(model.error().message());
  const auto made = make_reference_engine(std::make_shared<const Model>(*std::move(model)), {});
  if (!made) FAIL(made.error().message());
  auto& engine = **made;
  for (const auto& run : runs) {
    CAPTURE(run.seed);
    auto state = run.seed;
    const auto next = [&] {
      state = state * 1'664'525U + 1'013'904'223U;
      return static_cast<std::uint8_t>(((state >> 24) & run.kept_bits) ^ run.turned_bits);
    };
    for (auto& byte : engine.input(0)) byte = next();
    REQUIRE(engine.invoke().has_value());
    for (std::size_t i = 0; i < run.output.size(); ++i) {
      CHECK(static_cast<std::int8_t>(engine.output(0)[i]) == run.output[i]);
    }
  }
}

}  // namespace aiot::inference
