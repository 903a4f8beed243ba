#include "export/source.hpp"

#include <fmt/format.h>

#include <map>

#include "board/memory.hpp"
#include "export/initialiser.hpp"
#include "inference/error.hpp"
#include "inference/prepare/prepare.hpp"
#include "inference/reference/memory.hpp"
#include "inference/tiny/task.hpp"

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

  /// Whether the board has room for it. Errc::too_large.
  Result<void> check_memory() const {
    constexpr std::size_t code = board::code_bytes - board::code_for_program;
    constexpr std::size_t data = board::data_bytes - board::data_for_program;
    if (constant_bytes_ > code) {
      return make_error(
          inference::Errc::too_large,
          fmt::format("{} bytes of constants, the board has room for {}", constant_bytes_, code));
    }
    if (arena_.bytes > data) {
      return make_error(
          inference::Errc::too_large,
          fmt::format("{} bytes to compute in, the board has room for {}", arena_.bytes, data));
    }
    return {};
  }

  std::string source(std::string_view name, const tiny::Task& task) const {
    const Tensor& input = tensor(model_.inputs[0]);
    const Tensor& output = tensor(model_.outputs[0]);
    return fmt::format(R"(// Written by export-model.
#include "network.hpp"

#include <cstring>

#include "inference/kernel/kernels.hpp"

namespace {{
using namespace aiot::inference;
alignas({}) std::int8_t arena[{}];
{}}}  // namespace

namespace network {{
using namespace aiot::inference;
const std::string_view name = "{}";
const tiny::Input input_form = {};
const bool reconstruction = {};
const tiny::Scaling input_scaling{{{:#.9g}F, {}}};
const tiny::Scaling output_scaling{{{:#.9g}F, {}}};
std::span<std::int8_t> input() {{ return {{{}, {}}}; }}
std::span<const std::int8_t> output() {{ return {{{}, {}}}; }}
void run() {{
{}}}
}}  // namespace network
)",
                       alignment, arena_.bytes, constants_, name, form_of(task),
                       task.reconstruction, input.scale(), input.zero_point(), output.scale(),
                       output.zero_point(), place(model_.inputs[0]), input.elements(),
                       place(model_.outputs[0]), output.elements(), calls_);
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

  static std::string_view form_of(const tiny::Task& task) {
    switch (task.input) {
      case tiny::Input::stored: return "tiny::Input::stored";
      case tiny::Input::unsigned_bytes: return "tiny::Input::unsigned_bytes";
      case tiny::Input::floats: return "tiny::Input::floats";
    }
    return "";
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
    constant_bytes_ += values.elements() * sizeof(T);
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
    constant_bytes_ += q.factors.size() * sizeof(kernel::Factor);
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
  std::size_t constant_bytes_ = 0;
  std::size_t operators_ = 0;
};

/// Whether the task can be done with this input and output.
Result<void> check_ends(const Model& model, const tiny::Task& task) {
  const Tensor& input = model.tensors[static_cast<std::size_t>(model.inputs[0])];
  const Tensor& output = model.tensors[static_cast<std::size_t>(model.outputs[0])];
  if (input.type != Type::int8 || output.type != Type::int8) {
    return make_error(inference::Errc::unsupported_option,
                      "this firmware has an input and an output of int8");
  }
  const std::size_t upload = input.elements() * tiny::upload_bytes_each(task.input);
  if (upload > tiny::most_upload_bytes) {
    return make_error(inference::Errc::too_large,
                      fmt::format("an upload of {} bytes, the firmware's buffer has {}", upload,
                                  tiny::most_upload_bytes));
  }
  if (task.reconstruction && input.elements() != output.elements()) {
    return make_error(
        inference::Errc::unsupported_option,
        fmt::format("{} scores how far the output is from the input: this model has {} and {} "
                    "values",
                    task.id, output.elements(), input.elements()));
  }
  return {};
}

}  // namespace

Result<std::string> source_of(const Model& model, std::string_view name) {
  if (model.inputs.size() != 1 || model.outputs.size() != 1) {
    return make_error(inference::Errc::unsupported_option,
                      "this firmware has one input and one output");
  }
  const tiny::Task* known = tiny::find_task(name);
  const tiny::Task& task = known != nullptr ? *known : tiny::any_task();
  AIOT_CHECK(check_ends(model, task));
  AIOT_TRY(auto arena, plan_arena(model, alignment));
  Writer writer(model, std::move(arena));
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    AIOT_CHECK(writer.add(Node(model, i)));
  }
  AIOT_CHECK(writer.check_memory());
  return writer.source(name, task);
}

}  // namespace aiot::firmware
