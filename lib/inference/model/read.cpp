#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <system_error>

#include "inference/error.hpp"
#include "inference/model/convert.hpp"
#include "inference/model/file.hpp"
#include "inference/model/flatbuffer.hpp"
#include "inference/model/options.hpp"
#include "inference/model/variables.hpp"

namespace aiot::inference {
namespace {

/// Where each tensor comes from, as the operators are gone through in their order.
class Order {
 public:
  explicit Order(const Model& model) : model_(model), there_(model.tensors.size()) {
    for (std::size_t i = 0; i < there_.size(); ++i) {
      // What has no values needs nobody that makes it.
      there_[i] = model.tensors[i].is_constant() || model.tensors[i].elements() == 0;
    }
  }

  bool in_range(std::int32_t index) const {
    return index >= 0 && static_cast<std::size_t>(index) < there_.size();
  }
  /// A state that its operator keeps by itself.
  bool is_state(std::int32_t index) const {
    return model_.tensors[static_cast<std::size_t>(index)].variable >= 0;
  }
  bool is_there(std::int32_t index) const { return there_[static_cast<std::size_t>(index)]; }
  /// False when it was there already.
  bool make(std::int32_t index) {
    if (is_there(index)) return model_.tensors[static_cast<std::size_t>(index)].elements() == 0;
    there_[static_cast<std::size_t>(index)] = true;
    return true;
  }
  std::string name(std::int32_t index) const {
    return fmt::format("tensor {} ({})", index,
                       escape_controls(model_.tensors[static_cast<std::size_t>(index)].name));
  }

 private:
  const Model& model_;
  std::vector<bool> there_;
};

Result<void> check_operator(const Operator& op, const std::string& where, Order& order) {
  const bool needs_output = op.code != Code::call_once && op.code != Code::assign_variable;
  if (op.outputs.empty() && needs_output) return bad(where + " has no output");
  const auto keeps = [&](std::size_t input) {  // where the operator's own states are
    if (op.code == Code::svdf) return input == 4;
    return op.code == Code::unidirectional_sequence_lstm && (input == 18 || input == 19);
  };
  for (std::size_t i = 0; i < op.inputs.size(); ++i) {
    const auto index = op.inputs[i];
    if (index == -1) continue;  // optional, left out
    if (!order.in_range(index)) return bad(fmt::format("{} reads tensor {}", where, index));
    if (keeps(i) && order.is_state(index)) continue;
    if (!order.is_there(index)) {
      return bad(fmt::format("{} reads {} before it is made", where, order.name(index)));
    }
  }
  for (const auto index : op.outputs) {
    if (!order.in_range(index)) return bad(fmt::format("{} writes tensor {}", where, index));
    if (!order.make(index)) {
      return bad(fmt::format("{} writes {}, which is there already", where, order.name(index)));
    }
  }
  return {};
}

Result<void> check_operators(const Model& model, Order& order) {
  for (std::size_t i = 0; i < model.operators.size(); ++i) {
    const auto& op = model.operators[i];
    AIOT_CHECK(check_operator(op, fmt::format("operator {} ({})", i, name_of(op.code)), order));
  }
  return {};
}

/// What the structs alone do not promise: every index is in range, every operator's inputs are
/// there when it runs, nothing is made twice. Errc::bad_model, naming the operator and the tensor.
Result<void> check_graph(const Model& model) {
  Order order(model);
  for (const auto index : model.inputs) {
    if (!order.in_range(index)) return bad(fmt::format("the model's input is tensor {}", index));
    if (!order.make(index)) {
      return bad(
          fmt::format("the model's input {} is a constant, or named twice", order.name(index)));
    }
  }
  AIOT_CHECK(check_operators(model, order));
  for (const auto index : model.outputs) {
    if (!order.in_range(index)) return bad(fmt::format("the model's output is tensor {}", index));
    if (!order.is_there(index)) {
      return bad(fmt::format("no operator makes the model's output {}", order.name(index)));
    }
  }
  return {};
}

/// A tensor's shape, quantisation and constant data belong together. Errc::bad_model, too_large.
Result<void> check_tensor(const Tensor& tensor) {
  constexpr std::size_t most_dimensions = 8;
  if (tensor.shape.size() > most_dimensions) {
    return make_error(Errc::too_large, fmt::format("{} dimensions", tensor.shape.size()));
  }
  std::size_t elements = 1;
  for (const auto extent : tensor.shape) {
    if (extent < 0) return bad(fmt::format("a dimension of {}", extent));
    elements *= static_cast<std::size_t>(extent);
    if (elements > most_tensor_bytes) {
      return make_error(Errc::too_large, "more values than a device's memory holds");
    }
  }
  if (tensor.bytes() > most_tensor_bytes) {
    return make_error(Errc::too_large, fmt::format("{} bytes", tensor.bytes()));
  }
  if (tensor.is_constant() && size_of(tensor.type) != 0 && tensor.data.size() != tensor.bytes()) {
    return bad(fmt::format("{} bytes of constants where the shape needs {}", tensor.data.size(),
                           tensor.bytes()));
  }
  const auto& q = tensor.quantization;
  for (const auto scale : q.scales) {
    if (!std::isfinite(scale) || scale <= 0) return bad(fmt::format("a scale of {}", scale));
  }
  const auto fits = [&](std::int32_t zero_point) {
    if (tensor.type == Type::int8) return zero_point >= -128 && zero_point <= 127;
    if (tensor.type == Type::uint8) return zero_point >= 0 && zero_point <= 255;
    return zero_point >= -32'768 && zero_point <= 32'767;
  };
  for (const auto zero_point : q.zero_points) {
    if (!fits(zero_point)) return bad(fmt::format("a zero point of {}", zero_point));
  }
  return {};
}

using flatbuffer::Document;
using flatbuffer::Table;
using flatbuffer::Tables;

constexpr std::size_t most_name_bytes = 256;
constexpr std::size_t most_operands = 1024;
constexpr std::size_t most_scales = 65'536;

Error failure(const Document& document, std::string_view step) {
  auto error = document.error().with(step);
  const bool supported =
      error.code != Errc::unsupported_operator && error.code != Errc::unsupported_option;
  return std::move(error).with_hint(supported ? "export or download the model again"
                                              : "convert the model again without it");
}

/// Buffer `index`: inside the FlatBuffer, or (files beyond 2 GiB, and some converters) behind it.
ByteSpan buffer_bytes(Document& document, const Tables& buffers, std::uint32_t index) {
  if (index == 0) return {};  // by convention the empty one
  if (index >= buffers.size()) {
    document.fail(Errc::bad_model, fmt::format("buffer {} of {}", index, buffers.size()));
    return {};
  }
  const auto buffer = buffers.at(index);
  const auto offset = buffer.scalar<std::uint64_t>(1, 0);
  const auto size = buffer.scalar<std::uint64_t>(2, 0);
  if (offset <= 1) return buffer.bytes(0);
  if (!document.holds(offset, size)) return {};
  return document.bytes().subspan(offset, size);
}

Quantization read_quantization(Document& document, const Table& table) {
  Quantization q;
  if (!table) return q;
  if (table.scalar<std::uint8_t>(4, 0) != 0) {  // QuantizationDetails: a custom scheme
    document.fail(Errc::unsupported_option, "custom quantisation");
    return q;
  }
  q.scales = table.vector<float>(2, most_scales);
  const auto zero_points = table.vector<std::int64_t>(3, most_scales);
  q.axis = table.scalar<std::int32_t>(6, 0);
  if (!zero_points.empty() && zero_points.size() != q.scales.size()) {
    document.fail(Errc::bad_model,
                  fmt::format("{} scales and {} zero points", q.scales.size(), zero_points.size()));
    return q;
  }
  q.zero_points.assign(q.scales.size(), 0);
  for (std::size_t i = 0; i < zero_points.size(); ++i) {
    q.zero_points[i] = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(zero_points[i], std::numeric_limits<std::int32_t>::min(),
                                 std::numeric_limits<std::int32_t>::max()));
  }
  return q;
}

Tensor read_tensor(Document& document, const Table& table, const Tables& buffers) {
  Tensor tensor;
  tensor.shape = table.vector<std::int32_t>(0, most_operands);
  tensor.type = static_cast<Type>(table.scalar<std::uint8_t>(1, 0));
  tensor.data = buffer_bytes(document, buffers, table.scalar<std::uint32_t>(2, 0));
  tensor.name = table.string(3, most_name_bytes);
  tensor.quantization = read_quantization(document, table.table(4));
  if (table.scalar<std::uint8_t>(5, 0) != 0 && !tensor.is_constant()) tensor.variable = 0;
  if (table.table(6)) document.fail(Errc::unsupported_option, "sparse weights");
  return tensor;
}

Result<std::vector<Tensor>> read_tensors(Document& document, const Tables& tables,
                                         const Tables& buffers) {
  if (tables.size() > most_tensors) {
    return make_error(Errc::too_large, fmt::format("{} tensors", tables.size()));
  }
  std::vector<Tensor> tensors;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto table = tables.at(i);
    auto tensor = read_tensor(document, table, buffers);
    const auto where = [&] {
      return fmt::format("tensor {} ({})", i, escape_controls(tensor.name));
    };
    if (document.failed()) return failure(document, where());
    AIOT_CHECK(check_tensor(tensor).with(where()));
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

/// An operator that a file's operators name by its index.
struct CodeEntry {
  Code code{};
  std::string custom_name;  ///< of an operator that the converter was given
};
constexpr auto custom = static_cast<Code>(32);

std::vector<CodeEntry> read_codes(Document& document, const Tables& tables) {
  std::vector<CodeEntry> codes;
  if (!document.spend(tables.size())) return codes;
  for (std::size_t i = 0; i < tables.size() && !document.failed(); ++i) {
    const auto table = tables.at(i);
    // Codes up to 127 may be in the old byte alone.
    const auto code = static_cast<Code>(
        std::max<std::int32_t>(table.scalar<std::int8_t>(0, 0), table.scalar<std::int32_t>(3, 0)));
    auto name = code == custom ? table.string(1, most_name_bytes) : std::string();
    const bool known = name == name_of(Code::detection_postprocess);
    codes.push_back({known ? Code::detection_postprocess : code, std::move(name)});
  }
  return codes;
}

Operator read_operator(Document& document, const Table& table,
                       const std::vector<CodeEntry>& codes) {
  Operator op;
  const auto code = table.scalar<std::uint32_t>(0, 0);
  if (code >= codes.size()) {
    document.fail(Errc::bad_model, fmt::format("code {} of {}", code, codes.size()));
    return op;
  }
  op.code = codes[code].code;
  const bool nameless = op.code == Code::detection_postprocess && codes[code].custom_name.empty();
  if (!is_known(op.code) || nameless) {
    document.fail(Errc::unsupported_operator,
                  op.code == custom
                      ? fmt::format("custom operator {}", escape_controls(codes[code].custom_name))
                      : name_of(op.code));
    return op;
  }
  op.inputs = table.vector<std::int32_t>(1, most_operands);
  op.outputs = table.vector<std::int32_t>(2, most_operands);
  op.options =
      op.code == Code::detection_postprocess
          ? read_custom_options(document, op.code, table.bytes(5))
          : read_options(document, op.code, table.scalar<std::uint8_t>(3, 0), table.table(4));
  return op;
}

Result<std::vector<Operator>> read_operators(Document& document, const Tables& tables,
                                             const std::vector<CodeEntry>& codes) {
  if (tables.size() > most_operators) {
    return make_error(Errc::too_large, fmt::format("{} operators", tables.size()));
  }
  std::vector<Operator> operators;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    const auto table = tables.at(i);
    operators.push_back(read_operator(document, table, codes));
    if (document.failed()) return failure(document, fmt::format("operator {}", i));
  }
  return operators;
}

/// The tensors and operators of a subgraph, and its inputs and outputs.
Result<void> read_subgraph(Document& document, const Table& graph,
                           const std::vector<CodeEntry>& codes, const Tables& buffers,
                           Model& model) {
  AIOT_TRY(model.tensors, read_tensors(document, graph.tables(0), buffers));
  AIOT_TRY(model.operators, read_operators(document, graph.tables(3), codes));
  model.inputs = graph.vector<std::int32_t>(1, most_operands);
  model.outputs = graph.vector<std::int32_t>(2, most_operands);
  if (document.failed()) return failure(document, "reading the graph");
  return {};
}

/// What a graph and those that it runs need together, each as often as it is named.
struct Need {
  std::size_t operators = 0, bytes = 0;
};

/// The subgraphs that IF and WHILE run, each read once.
class Branches {
 public:
  Branches(Document& document, const Tables& subgraphs, const std::vector<CodeEntry>& codes,
           const Tables& buffers)
      : document_(document), subgraphs_(subgraphs), codes_(codes), buffers_(buffers) {}

  /// Sets the graphs of the model's operators.
  Result<Need> read(Model& model) {
    Need need{model.operators.size(), 0};
    for (const auto& tensor : model.tensors) need.bytes += tensor.bytes();
    for (std::size_t i = 0; i < model.operators.size(); ++i) {
      auto* options = std::get_if<BranchOptions>(&model.operators[i].options);
      if (options == nullptr) continue;
      const auto where = fmt::format("operator {} ({})", i, name_of(model.operators[i].code));
      AIOT_TRY(options->first_graph, graph(options->first, need).with(where));
      AIOT_TRY(options->second_graph, graph(options->second, need).with(where));
    }
    return need;
  }

 private:
  struct Known {
    std::shared_ptr<const Model> graph;
    Need need;
  };

  Result<std::shared_ptr<const Model>> graph(std::int32_t index, Need& need) {
    constexpr std::size_t most_bytes = 1U << 30;
    constexpr int most_depth = 16;
    if (index < 1 || static_cast<std::size_t>(index) >= subgraphs_.size()) {
      return bad(fmt::format("subgraph {} of {}", index, subgraphs_.size()));
    }
    auto found = known_.find(index);
    if (found == known_.end()) {
      if (depth_ == most_depth) {
        return make_error(Errc::too_large, "subgraphs that run themselves, or too deep",
                          "convert the model again");
      }
      ++depth_;
      AIOT_TRY(auto read, read_graph(index));
      --depth_;
      found = known_.emplace(index, std::move(read)).first;
    }
    need.operators += found->second.need.operators;
    need.bytes += found->second.need.bytes;
    if (need.operators > most_operators || need.bytes > most_bytes) {
      return make_error(Errc::too_large, "subgraphs that run subgraphs", "convert the model again");
    }
    return found->second.graph;
  }

  Result<Known> read_graph(std::int32_t index) {
    const auto where = fmt::format("subgraph {}", index);
    auto model = std::make_shared<Model>();
    AIOT_CHECK(read_subgraph(document_, subgraphs_.at(static_cast<std::size_t>(index)), codes_,
                             buffers_, *model)
                   .with(where));
    AIOT_CHECK(check_graph(*model).with(where));
    AIOT_CHECK(convert_types(*model, document_.bytes().size()).with(where));
    for (const auto& op : model->operators) {
      switch (op.code) {
        case Code::var_handle:
        case Code::read_variable:
        case Code::assign_variable:
        case Code::call_once:
        case Code::svdf:
        case Code::unidirectional_sequence_lstm:
          return make_error(Errc::unsupported_option,
                            fmt::format("{}: {} keeps values there", where, name_of(op.code)),
                            "convert the model again without it");
        default: break;
      }
    }
    AIOT_TRY(const auto need, read(*model));
    return Known{std::move(model), need};
  }

  Document& document_;
  const Tables& subgraphs_;
  const std::vector<CodeEntry>& codes_;
  const Tables& buffers_;
  std::map<std::int32_t, Known> known_;
  int depth_ = 0;
};

}  // namespace

Result<Model> read_model(Bytes file) {
  if (file.size() > most_file_bytes) {
    return make_error(Errc::too_large, fmt::format("{} bytes", file.size()));
  }
  constexpr std::string_view identifier = "TFL3";
  if (file.size() < 8 || std::memcmp(file.data() + 4, identifier.data(), 4) != 0) {
    return make_error(Errc::not_a_model, {}, "give a .tflite file");
  }
  Model model;
  model.file = std::move(file);
  Document document(model.file);
  const auto root = document.root();
  const auto codes = read_codes(document, root.tables(1));
  const auto subgraphs = root.tables(2);
  const auto buffers = root.tables(4);
  model.description = root.string(3, most_name_bytes);
  if (document.failed()) return failure(document, "reading the file");
  if (subgraphs.size() == 0) return make_error(Errc::bad_model, "no subgraph");
  AIOT_CHECK(read_subgraph(document, subgraphs.at(0), codes, buffers, model));
  for (auto& tensor : model.tensors) {
    if (tensor.variable < 0) continue;
    tensor.variable = static_cast<std::int32_t>(model.variables.size());
    const auto fill = tensor.type == Type::int8 ? tensor.zero_point() : 0;
    model.variables.push_back({tensor.name, tensor.bytes(), {}, static_cast<std::uint8_t>(fill)});
  }
  if (model.inputs.empty()) return bad("the model has no input");
  if (model.outputs.empty()) return bad("the model has no output");
  AIOT_CHECK(check_graph(model));
  AIOT_CHECK(convert_types(model, model.file.size()));
  AIOT_CHECK(Branches(document, subgraphs, codes, buffers).read(model));
  VariableResolver variables(model);
  AIOT_CHECK(variables.resolve([&](std::int32_t index) -> Result<void> {
    if (index < 1 || static_cast<std::size_t>(index) >= subgraphs.size()) {
      return bad(fmt::format("subgraph {} of {}", index, subgraphs.size()));
    }
    Model graph;
    AIOT_CHECK(read_subgraph(document, subgraphs.at(static_cast<std::size_t>(index)), codes,
                             buffers, graph));
    Order order(graph);
    AIOT_CHECK(check_operators(graph, order));
    return variables.initialise(graph);
  }));
  return model;
}

Result<Model> read_model_file(const std::string& path) {
  const auto unreadable = [&](const std::string& why) {
    return make_error(Errc::unreadable, fmt::format("{}: {}", path, why),
                      "check the name, and that you may read it");
  };
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (error) return unreadable(error.message());
  if (!std::filesystem::is_regular_file(status)) return unreadable("not a regular file");
  const auto size = std::filesystem::file_size(path, error);
  if (error) return unreadable(error.message());
  if (size > most_file_bytes) {
    return make_error(Errc::too_large, fmt::format("{}: {} bytes", path, size));
  }
  Bytes bytes(size);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(size));
  if (!file) return unreadable("it could not be opened, or is being written");
  return read_model(std::move(bytes)).with(path);
}

}  // namespace aiot::inference
