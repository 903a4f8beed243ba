#include "export/source.hpp"

#include <fmt/format.h>

#include <map>

#include "export/initialiser.hpp"
#include "inference/error.hpp"
#include "inference/prepare/arithmetic.hpp"
#include "inference/prepare/conv.hpp"
#include "inference/prepare/copy.hpp"
#include "inference/prepare/fully_connected.hpp"
#include "inference/prepare/pool.hpp"
#include "inference/prepare/softmax.hpp"
#include "inference/reference/arena.hpp"

namespace aiot::firmware {
namespace {

using namespace inference;
constexpr std::size_t alignment = 16;
constexpr std::size_t numbers_a_line = 24;

class Writer {
 public:
  Writer(const Model& model, Arena arena) : model_(model), arena_(std::move(arena)) {}

  Result<void> add(const Node& node) {
    switch (node.op().code) {
      case Code::conv_2d:
      case Code::depthwise_conv_2d: return conv(node);
      case Code::fully_connected: return fully_connected(node);
      case Code::average_pool_2d:
      case Code::max_pool_2d: return pool(node);
      case Code::add:
      case Code::sub:
      case Code::mul: return arithmetic(node);
      case Code::softmax: return softmax(node);
      case Code::reshape:
      case Code::squeeze:
      case Code::expand_dims: return copy(node);
      default: return node.fail(inference::Errc::unsupported_operator, "not in this firmware");
    }
  }

  std::string source(std::string_view name) const {
    const Tensor& input = tensor(model_.inputs[0]);
    const Tensor& output = tensor(model_.outputs[0]);
    return fmt::format(R"(// Written by export-model.
#include "network.hpp"

#include <cstring>

#include "inference/kernel/arithmetic.hpp"
#include "inference/kernel/conv.hpp"
#include "inference/kernel/fully_connected.hpp"
#include "inference/kernel/pool.hpp"
#include "inference/kernel/softmax.hpp"

namespace {{
using namespace aiot::inference;
alignas({}) std::int8_t arena[{}];
{}}}  // namespace

namespace network {{
const std::string_view name = "{}";
const Quantization input_quantization{{{:#.9g}F, {}}};
const Quantization output_quantization{{{:#.9g}F, {}}};
std::span<std::int8_t> input() {{ return {{{}, {}}}; }}
std::span<const std::int8_t> output() {{ return {{{}, {}}}; }}
void run() {{
{}}}
}}  // namespace network
)",
                       alignment, arena_.bytes, constants_, name, input.scale(), input.zero_point(),
                       output.scale(), output.zero_point(), place(model_.inputs[0]),
                       input.elements(), place(model_.outputs[0]), output.elements(), calls_);
  }

 private:
  Result<void> conv(const Node& node) {
    AIOT_TRY(const auto p, prepare_conv(node));
    AIOT_CHECK(expect_int8(node, p.type));
    call("{}({}, {}, {}, {}, {}, {});", p.depthwise ? "depthwise_conv_2d" : "conv_2d",
         constant("ConvShape", "shape", initialiser(p.shape)), requantize(p.quantized),
         place(p.input), place(p.filter), bias(p.bias), place(p.output));
    return {};
  }
  Result<void> fully_connected(const Node& node) {
    AIOT_TRY(const auto p, prepare_fully_connected(node));
    AIOT_CHECK(expect_int8(node, p.type));
    call("fully_connected({}, {}, {}, {}, {}, {});",
         constant("MatrixShape", "shape", initialiser(p.shape)), requantize(p.quantized),
         place(p.input), place(p.weights), bias(p.bias), place(p.output));
    return {};
  }
  Result<void> pool(const Node& node) {
    AIOT_TRY(const auto p, prepare_pool(node));
    AIOT_CHECK(expect_int8(node, p.type));
    call("{}({}, kernel::Range<std::int32_t>{}, {}, {});",
         p.maximum ? "max_pool_2d" : "average_pool_2d",
         constant("PoolShape", "shape", initialiser(p.shape)), initialiser(p.range), place(p.input),
         place(p.output));
    return {};
  }
  Result<void> arithmetic(const Node& node) {
    AIOT_TRY(const auto p, prepare_arithmetic(node));
    AIOT_CHECK(expect_int8(node, p.type));
    call("{}({}, {}, {}, {}, {});",
         p.code == Code::add ? "add" : (p.code == Code::sub ? "sub" : "mul"),
         constant("Broadcast", "shape", initialiser(p.shape)),
         constant("ArithmeticInt8", "quantized", initialiser(p.quantized)), place(p.a), place(p.b),
         place(p.output));
    return {};
  }
  Result<void> softmax(const Node& node) {
    AIOT_TRY(const auto p, prepare_softmax(node));
    AIOT_CHECK(expect_int8(node, p.type));
    call("softmax({}, {}, {}, {}, {});", p.rows, p.depth,
         constant("SoftmaxInt8", "quantized", initialiser(p.quantized)), place(p.input),
         place(p.output));
    return {};
  }
  Result<void> copy(const Node& node) {
    AIOT_TRY(const auto p, prepare_copy(node));
    calls_ += fmt::format("  std::memcpy({}, {}, {});\n", place(p.output), place(p.input), p.bytes);
    ++operators_;
    return {};
  }

  static Result<void> expect_int8(const Node& node, Type type) {
    if (type == Type::int8) return {};
    return node.fail(inference::Errc::unsupported_option, "this firmware computes with int8");
  }

  const Tensor& tensor(std::int32_t index) const {
    return model_.tensors[static_cast<std::size_t>(index)];
  }

  /// An expression for a tensor's first value.
  std::string place(std::int32_t index) {
    if (!tensor(index).is_constant()) return std::as_const(*this).place(index);
    const auto name = fmt::format("tensor_{}", index);
    if (named_.emplace(index, name).second) define<std::int8_t>(name, tensor(index));
    return name;
  }
  std::string place(std::int32_t index) const {
    return fmt::format("arena + {}", arena_.offsets[static_cast<std::size_t>(index)]);
  }
  std::string bias(std::int32_t index) {
    if (index < 0) return "nullptr";
    const auto name = fmt::format("bias_{}", index);
    if (named_.emplace(index, name).second) define<std::int32_t>(name, tensor(index));
    return name;
  }

  template <class T>
  void define(const std::string& name, const Tensor& values) {
    constants_ += fmt::format("const std::int{}_t {}[] = {{", 8 * sizeof(T), name);
    for (std::size_t i = 0; i < values.elements(); ++i) {
      std::uint64_t bits = 0;
      for (std::size_t b = 0; b < sizeof(T); ++b) {
        bits |= std::uint64_t{values.data[i * sizeof(T) + b]} << (8 * b);
      }
      constants_ += fmt::format("{}{},", i % numbers_a_line ? "" : "\n ", static_cast<T>(bits));
    }
    constants_ += "\n};\n";
  }

  std::string constant(std::string_view type, std::string_view what, const std::string& value) {
    const auto name = fmt::format("{}_{}", what, operators_);
    constants_ += fmt::format("const kernel::{} {}{};\n", type, name, value);
    return name;
  }

  std::string requantize(const Requantization& q) {
    constants_ += fmt::format("const kernel::Factor factors_{}[] = {{", operators_);
    for (const auto& factor : q.factors) constants_ += "\n  " + initialiser(factor) + ',';
    constants_ += "\n};\n";
    return constant("Requantize", "quantized",
                    fmt::format("{{{}, {}, {}, factors_{}}}", q.input_offset, q.output_offset,
                                initialiser(q.range), operators_));
  }

  template <class... Parts>
  void call(fmt::format_string<Parts...> form, Parts&&... parts) {
    calls_ += "  kernel::" + fmt::format(form, std::forward<Parts>(parts)...) + '\n';
    ++operators_;
  }

  const Model& model_;
  Arena arena_;
  std::map<std::int32_t, std::string> named_;
  std::string constants_, calls_;
  std::size_t operators_ = 0;
};

}  // namespace

Result<std::string> source_of(const Model& model, std::string_view name) {
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return make_error(inference::Errc::unsupported_option,
                      "this firmware has one input and one output");
  }
  AIOT_TRY(auto arena, plan_arena(model, alignment));
  Writer writer(model, std::move(arena));
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    AIOT_CHECK(writer.add(Node(model, i)));
  }
  return writer.source(name);
}

}  // namespace aiot::firmware
