#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "crypto/digest.hpp"
#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"
#include "mlperf_tiny.hpp"

// Models of other people, with what TensorFlow Lite Micro's reference kernels give: model-zoo of
// the test data.
namespace aiot::inference {
namespace {

struct Known {
  std::string_view name;
  /// Of a first output that is not there as a file: the first digits of its SHA-256.
  std::string_view digest{};
};
constexpr Known models[] = {
    {"ds_cnn_int16"},
    {"face_landmarks_192"},
    {"id_model"},
    {"keyword_scrambled_8bit"},
    {"lenet_300_100"},
    {"lstm2"},
    {"mcunet_vww"},
    {"microwakeword_hey_jarvis"},
    {"microwakeword_okay_nabu"},
    {"microwakeword_vad"},
    {"mobilenet_v1_0.25_224"},
    {"mobilenet_v2_224_ptq"},
    {"okey_fifi"},
    {"resnet_6blk"},
    {"sscma_split_v"},
    {"vww_14blk"},
    {"yolov8n_192"},
    {"text_classification"},
    {"movenet_192", "2009e36748fabb1a"},
    {"style_transfer_384", "7fa7220a2583055d"},
    {"keras_lstm_mnist"},
    {"melspectrogram"},
    {"openwakeword_hey_jarvis"},
};

std::shared_ptr<const Model> zoo_model(const Known& known) {
  auto file = test::test_data(fmt::format("model-zoo/{}.tflite", known.name));
  if (!file) return nullptr;
  auto model = read_model(*std::move(file));
  if (!model) FAIL(model.error().message());
  return std::make_shared<const Model>(*std::move(model));
}

void check_outputs(const Known& known, const Engine& engine) {
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    CAPTURE(i);
    const auto got = engine.output(i);
    if (i == 0 && !known.digest.empty()) {
      CHECK(to_hex(crypto::sha256(got)).starts_with(known.digest));
      continue;
    }
    const auto expected = test::test_data(fmt::format("model-zoo/{}.out{}", known.name, i));
    REQUIRE(expected.has_value());
    CHECK(std::ranges::equal(got, *expected));
  }
}

}  // namespace

TEST_CASE("model zoo: each ISA gives the bytes of the reference kernels") {
  for (const auto& known : models) {
    CAPTURE(known.name);
    const auto model = zoo_model(known);
    if (!model) return;
    for (const auto isa : isas_here()) {
      CAPTURE(std::string(name_of(isa)));
#if !defined(NDEBUG)
      // Without optimisation the portable kernels take half a minute for it.
      if (known.name == "style_transfer_384" && isa == Isa::scalar) continue;
#endif
      EngineOptions options;
      options.isa = isa;
      const auto made = make_reference_engine(model, options);
      if (!made) FAIL(made.error().message());
      auto& engine = **made;
      for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
        const auto input = test::test_data(fmt::format("model-zoo/{}.in{}", known.name, i));
        REQUIRE(input.has_value());
        REQUIRE(input->size() == engine.input(i).size());
        std::ranges::copy(*input, engine.input(i).begin());
      }
      // From fresh state, and again from fresh state after a run that changed it.
      for (int run = 0; run < (model->variables.empty() ? 1 : 2); ++run) {
        engine.reset();
        REQUIRE(engine.invoke().has_value());
        check_outputs(known, engine);
      }
    }
  }
}

}  // namespace aiot::inference
