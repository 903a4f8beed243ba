#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>

#include "inference/builtin/builtin.hpp"
#include "inference/engine.hpp"
#include "inference/error.hpp"
#include "inference/model/file.hpp"
#include "vectors.hpp"

namespace aiot::inference {
namespace {

/// Input 4x4x2 -> CONV_2D (3x3, 5 channels) -> RELU6, well-formed.
struct Sample {
  Bytes weights = Bytes(5 * 3 * 3 * 2, 3);
  Bytes biases = Bytes(5 * 4, 0);
  Model model;

  Sample() {
    const auto add = [&](const char* name, Type type, std::vector<std::int32_t> shape,
                         float scale) {
      Tensor tensor;
      tensor.name = name;
      tensor.type = type;
      tensor.shape = std::move(shape);
      tensor.quantization = {{scale}, {0}, 0};
      model.tensors.push_back(std::move(tensor));
    };
    add("image", Type::int8, {1, 4, 4, 2}, 0.1F);
    add("filter", Type::int8, {5, 3, 3, 2}, 0.01F);
    add("bias", Type::int32, {5}, 0.001F);
    add("sums", Type::int8, {1, 4, 4, 5}, 0.2F);
    add("result", Type::int8, {1, 4, 4, 5}, 0.2F);
    model.tensors[1].data = weights;
    model.tensors[2].data = biases;
    Operator conv;
    conv.code = Code::conv_2d;
    conv.inputs = {0, 1, 2};
    conv.outputs = {3};
    conv.options = ConvOptions{};
    Operator relu;
    relu.code = Code::relu6;
    relu.inputs = {3};
    relu.outputs = {4};
    model.operators = {conv, relu};
    model.inputs = {0};
    model.outputs = {4};
  }
  ConvOptions& conv() { return std::get<ConvOptions>(model.operators[0].options); }
};

/// What is wrong with the model: read, and made ready to run.
Result<std::unique_ptr<Engine>> load(const Model& model) {
  AIOT_TRY(auto read, read_model(write_model(model)));
  EngineOptions options;
  options.isa = Isa::scalar;
  return make_reference_engine(std::make_shared<const Model>(std::move(read)), options);
}

struct Damage {
  const char* what;
  std::function<void(Sample&)> damage;
  Errc code;
  const char* says;  ///< a part of the message
};

}  // namespace

TEST_CASE("malformed: the sample itself is well-formed") {
  const Sample sample;
  const auto engine = load(sample.model);
  if (!engine) FAIL(engine.error().message());
  CHECK((*engine)->invoke().has_value());
}

TEST_CASE("malformed: each damage is reported with its place") {
  const std::vector<Damage> damages = {
      {"an input out of range", [](Sample& s) { s.model.operators[0].inputs[1] = 99; },
       Errc::bad_model, "operator 0 (CONV_2D) reads tensor 99"},
      {"a negative input", [](Sample& s) { s.model.operators[0].inputs[1] = -7; }, Errc::bad_model,
       "operator 0 (CONV_2D) reads tensor -7"},
      {"an output out of range", [](Sample& s) { s.model.operators[1].outputs[0] = 5; },
       Errc::bad_model, "operator 1 (RELU6) writes tensor 5"},
      {"a cycle", [](Sample& s) { s.model.operators[0].inputs[0] = 4; }, Errc::bad_model,
       "operator 0 (CONV_2D) reads tensor 4 (result) before it is made"},
      {"an operator that feeds itself", [](Sample& s) { s.model.operators[1].inputs[0] = 4; },
       Errc::bad_model, "before it is made"},
      {"a tensor made twice", [](Sample& s) { s.model.operators[1].outputs[0] = 3; },
       Errc::bad_model, "operator 1 (RELU6) writes tensor 3 (sums), which is there already"},
      {"a constant that is written", [](Sample& s) { s.model.operators[1].outputs[0] = 1; },
       Errc::bad_model, "writes tensor 1 (filter), which is there already"},
      {"no output", [](Sample& s) { s.model.outputs.clear(); }, Errc::bad_model, "no output"},
      {"no input", [](Sample& s) { s.model.inputs.clear(); }, Errc::bad_model, "no input"},
      {"an output that nobody makes", [](Sample& s) { s.model.operators.pop_back(); },
       Errc::bad_model, "no operator makes the model's output tensor 4 (result)"},
      {"an operator without outputs", [](Sample& s) { s.model.operators[1].outputs.clear(); },
       Errc::bad_model, "operator 1 (RELU6) has no output"},
      {"an operator without inputs", [](Sample& s) { s.model.operators[1].inputs.clear(); },
       Errc::bad_model, "operator 1 (RELU6): input 0 is missing"},
      {"a left-out input that is needed", [](Sample& s) { s.model.operators[0].inputs[1] = -1; },
       Errc::bad_model, "operator 0 (CONV_2D): input 1 is missing"},
      {"a negative dimension", [](Sample& s) { s.model.tensors[3].shape[1] = -4; }, Errc::bad_model,
       "tensor 3 (sums): a dimension of -4"},
      {"a dimension of 0 before an operator that wants values",
       [](Sample& s) { s.model.tensors[3].shape[1] = 0; }, Errc::unsupported_option,
       "operator 1 (RELU6): input 0 (sums) has no values"},
      {"a shape that overflows",
       [](Sample& s) {
         s.model.tensors[3].shape = {65'536, 65'536, 65'536, 65'536};
       },
       Errc::too_large, "tensor 3 (sums)"},
      {"nine dimensions", [](Sample& s) { s.model.tensors[3].shape = std::vector(9, 1); },
       Errc::too_large, "9 dimensions"},
      {"too little constant data", [](Sample& s) { s.model.tensors[1].shape[0] = 6; },
       Errc::bad_model, "tensor 1 (filter): 90 bytes of constants where the shape needs 108"},
      {"a scale of 0", [](Sample& s) { s.model.tensors[3].quantization.scales[0] = 0; },
       Errc::bad_model, "tensor 3 (sums): a scale of 0"},
      {"a scale that is no number",
       [](Sample& s) { s.model.tensors[3].quantization.scales[0] = NAN; }, Errc::bad_model,
       "a scale of nan"},
      {"a zero point beyond the type",
       [](Sample& s) { s.model.tensors[3].quantization.zero_points[0] = 128; }, Errc::bad_model,
       "a zero point of 128"},
      {"scales for another number of channels",
       [](Sample& s) {
         s.model.tensors[1].quantization = {{1, 1, 1}, {0, 0, 0}, 0};
       },
       Errc::bad_model, "3 scales along axis 0 for 5 channels"},
      {"no scale at all", [](Sample& s) { s.model.tensors[0].quantization = {}; }, Errc::bad_model,
       "operator 0 (CONV_2D): input 0 (image) has 0 scales"},
      {"weights with a zero point",
       [](Sample& s) { s.model.tensors[1].quantization.zero_points[0] = 3; },
       Errc::unsupported_option, "weights with zero point 3"},
      {"a factor beyond 32 bits",
       [](Sample& s) { s.model.tensors[3].quantization.scales[0] = 1e-30F; }, Errc::bad_model,
       "scales whose quotient is"},
      {"int16 activations", [](Sample& s) { s.model.tensors[0].type = Type::int16; },
       Errc::unsupported_option, "operator 0 (CONV_2D): output 0 (sums) is INT8, not INT16"},
      {"int32 activations", [](Sample& s) { s.model.tensors[0].type = Type::int32; },
       Errc::unsupported_option, "operator 0 (CONV_2D): input 0 (image) is INT32"},
      {"an output of another type", [](Sample& s) { s.model.tensors[3].type = Type::float32; },
       Errc::unsupported_option, "output 0 (sums) is FLOAT32, not INT8"},
      {"a bias of another type",
       [](Sample& s) {
         s.model.tensors[2].type = Type::int8;
         s.model.tensors[2].shape = {20};
       },
       Errc::unsupported_option, "the bias is INT8, not INT32"},
      {"a bias too short",
       [](Sample& s) {
         s.model.tensors[2].shape = {4};
         s.model.tensors[2].data = ByteSpan(s.biases).first(16);
       },
       Errc::bad_model, "4 biases for 5 channels"},
      {"an output of another shape",
       [](Sample& s) {
         s.model.tensors[3].shape = {1, 4, 5, 4};
       },
       Errc::bad_model, "operator 0 (CONV_2D)"},
      {"a stride of 0", [](Sample& s) { s.conv().stride_h = 0; }, Errc::bad_model,
       "operator 0 (CONV_2D): a window of 3 with stride 0"},
      {"a huge dilation", [](Sample& s) { s.conv().dilation_w = 1 << 30; }, Errc::bad_model,
       "dilation 1073741824"},
      {"a window that does not fit",
       [](Sample& s) {
         s.conv().padding = Padding::valid;
         s.conv().dilation_h = 3;
       },
       Errc::bad_model, "a window of 7 does not fit on 4"},
      {"a fused tanh", [](Sample& s) { s.conv().activation = Activation::tanh; },
       Errc::unsupported_option, "a fused activation"},
      {"a padding that is none", [](Sample& s) { s.conv().padding = static_cast<Padding>(7); },
       Errc::bad_model, "operator 0: padding 7"},
      {"an operator without a name here",
       [](Sample& s) { s.model.operators[1].code = static_cast<Code>(10); },
       Errc::unsupported_operator, "operator 1: HASHTABLE_LOOKUP"},
      {"an operator that the schema does not have",
       [](Sample& s) { s.model.operators[1].code = static_cast<Code>(250); },
       Errc::unsupported_operator, "operator 1: operator 250"},
      {"a custom operator", [](Sample& s) { s.model.operators[1].code = static_cast<Code>(32); },
       Errc::unsupported_operator, "operator 1: custom operator"},
      {"text as an input",
       [](Sample& s) {
         s.model.tensors.push_back({});
         s.model.tensors.back().name = "words";
         s.model.tensors.back().type = Type::string;
         s.model.inputs.push_back(5);
       },
       Errc::unsupported_option, "the model's input (words) is STRING"},
      {"an image that is no image",
       [](Sample& s) {
         s.model.tensors[0].shape = {4, 4, 2};
       },
       Errc::unsupported_option, "input 0 (image) is 4x4x2, not four-dimensional"},
      {"control bytes in a name",
       [](Sample& s) {
         s.model.tensors[3].name = "\x1b[2J";
         s.model.tensors[3].shape[1] = -1;
       },
       Errc::bad_model, "tensor 3 (\\x1b[2J)"},
  };
  for (const auto& damage : damages) {
    CAPTURE(std::string(damage.what));
    Sample sample;
    damage.damage(sample);
    const auto engine = load(sample.model);
    REQUIRE(!engine.has_value());
    const auto message = engine.error().message();
    CAPTURE(message);
    CHECK(engine.error().code == damage.code);
    CHECK(message.find(damage.says) != std::string::npos);
  }
}

TEST_CASE("malformed: every operator refuses tensors that do not fit it") {
  struct Change {
    const char* what;
    std::function<void(Model&)> change;
    bool (*concerns)(const std::string&);
  };
  const auto every = [](const std::string&) { return true; };
  const auto tensor = [](Model& m, std::int32_t index) -> Tensor& {
    return m.tensors[static_cast<std::size_t>(index)];
  };
  // Where other tensors do not contradict it, int16 is a type like any other.
  static const auto takes_int16 = [](const std::string& name) {
    return name == "cast" || name == "quantize" || name == "dequantize" || name == "uint8" ||
           name.ends_with("_int16");
  };
  const std::vector<Change> changes = {
      {"a longer output", [&](Model& m) { tensor(m, m.operators[0].outputs[0]).shape.back() += 1; },
       every},
      {"an output with one more dimension",
       [&](Model& m) { tensor(m, m.operators[0].outputs[0]).shape.push_back(2); }, every},
      {"an output of int16",
       [&](Model& m) { tensor(m, m.operators[0].outputs[0]).type = Type::int16; },
       [](const std::string& name) { return !takes_int16(name); }},
      {"an input of int16", [&](Model& m) { tensor(m, m.inputs[0]).type = Type::int16; },
       [](const std::string& name) {
         return name != "shape" && name != "broadcast_args" && !takes_int16(name);
       }},
      {"no inputs", [](Model& m) { m.operators[0].inputs.clear(); }, every},
      {"inputs left out", [](Model& m) { std::ranges::fill(m.operators[0].inputs, -1); }, every},
      {"too many outputs",
       [](Model& m) {
         m.tensors.push_back(m.tensors.back());
         m.tensors.back().data = {};
         m.operators[0].outputs.push_back(static_cast<std::int32_t>(m.tensors.size() - 1));
       },
       every},
  };
  for (const auto& name : test::vector_names()) {
    if (name == "graph") continue;
    CAPTURE(name);
    const auto vectors = test::vectors_of(name);
    REQUIRE(!vectors.empty());
    for (const auto& change : changes) {
      if (!change.concerns(name)) continue;
      CAPTURE(std::string(change.what));
      auto model = read_model(vectors[0].model);
      REQUIRE(model.has_value());
      change.change(*model);
      const auto engine = load(*model);
      REQUIRE(!engine.has_value());
      CHECK(engine.error().message().find("operator 0 (") != std::string::npos);
      CHECK(!engine.error().hint.empty());
    }
  }
}

TEST_CASE("malformed: a file that ends early is an error at every length") {
  const auto whole = builtin_model("kws")->file;
  REQUIRE(whole.size() > 20'000);
  for (std::size_t size = 0; size < whole.size(); size += 100) {
    CAPTURE(size);
    const auto model = read_model(Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
    REQUIRE(!model.has_value());
    CHECK(model.error().code == (size < 8 ? Errc::not_a_model : Errc::truncated));
  }
}

TEST_CASE("malformed: any byte of the graph may be wrong") {
  const auto whole = write_model(Sample().model);
  for (std::size_t i = 0; i < whole.size(); ++i) {
    for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
      Bytes bytes = whole;
      bytes[i] = static_cast<std::uint8_t>(value);
      auto model = read_model(std::move(bytes));
      if (!model) {
        CHECK(!model.error().message().empty());
        continue;
      }
      const auto engine =
          make_reference_engine(std::make_shared<const Model>(*std::move(model)), {});
      if (engine) CHECK((*engine)->invoke().has_value());
    }
  }
}

TEST_CASE("malformed: what is no model, or cannot be read") {
  const auto text = read_model(Bytes(100, 'x'));
  REQUIRE(!text);
  CHECK(text.error().code == Errc::not_a_model);
  CHECK(text.error().condition() == Condition::invalid_input);
  const auto missing = read_model_file("/nonexistent/model.tflite");
  REQUIRE(!missing);
  CHECK(missing.error().code == Errc::unreadable);
  CHECK(missing.error().condition() == Condition::invalid_input);
  const auto device = read_model_file("/dev/zero");
  REQUIRE(!device);
  CHECK(device.error().code == Errc::unreadable);
}

}  // namespace aiot::inference
