#include <algorithm>
#include <map>

#include "inference/model/file.hpp"
#include "inference/model/flatbuffer.hpp"
#include "inference/model/options.hpp"

namespace aiot::inference {
namespace {

using flatbuffer::Field;
using flatbuffer::Writer;

/// Writes one of each `items` with `write(item)` (which returns its position) into a new vector.
template <class Items, class Write>
std::size_t write_each(Writer& writer, const Items& items, const Write& write) {
  const auto vector = writer.offsets(items.size());
  std::size_t i = 0;
  for (const auto& item : items) writer.point(vector + 4 + 4 * i++, write(item));
  return vector;
}

std::size_t write_code(Writer& writer, Code code) {
  if (code == Code::detection_postprocess) {
    constexpr std::int32_t custom = 32;
    const auto table =
        writer.table({Field::scalar(0, static_cast<std::int8_t>(custom)), Field::offset(1),
                      Field::scalar(2, std::int32_t{1}), Field::scalar(3, custom)});
    writer.point(table.fields[1], writer.string(name_of(code)));
    return table.position;
  }
  const auto value = static_cast<std::int32_t>(code);
  const auto old = static_cast<std::int8_t>(std::min(value, 127));
  return writer
      .table({Field::scalar(0, old), Field::scalar(2, std::int32_t{1}), Field::scalar(3, value)})
      .position;
}

std::size_t write_quantization(Writer& writer, const Quantization& q) {
  const auto table =
      writer.table({Field::offset(2), Field::offset(3), Field::scalar(6, std::int32_t{q.axis})});
  writer.point(table.fields[0], writer.vector(q.scales));
  writer.point(table.fields[1], writer.vector(std::vector<std::int64_t>(q.zero_points.begin(),
                                                                        q.zero_points.end())));
  return table.position;
}

std::size_t write_tensor(Writer& writer, const Tensor& tensor, std::uint32_t buffer) {
  const bool quantized = !tensor.quantization.scales.empty();
  const auto table = writer.table(
      {Field::offset(0), Field::scalar(1, static_cast<std::uint8_t>(tensor.type)),
       Field::scalar(2, buffer), Field::offset(3), quantized ? Field::offset(4) : Field{},
       tensor.variable >= 0 ? Field::scalar(5, std::uint8_t{1}) : Field{}});
  writer.point(table.fields[0], writer.vector(tensor.shape));
  writer.point(table.fields[3], writer.string(tensor.name));
  if (quantized) writer.point(table.fields[4], write_quantization(writer, tensor.quantization));
  return table.position;
}

/// The graphs that the operators of `graph` run, each once.
void add_branches(const Model& graph, std::vector<const Model*>& graphs) {
  for (const auto& op : graph.operators) {
    const auto* options = std::get_if<BranchOptions>(&op.options);
    if (options == nullptr) continue;
    for (const auto* one : {options->first_graph.get(), options->second_graph.get()}) {
      if (one != nullptr && std::ranges::find(graphs, one) == graphs.end()) graphs.push_back(one);
    }
  }
}

/// IF and WHILE name their graphs by the places that these have now.
Operator with_places(Operator op, const std::vector<const Model*>& graphs) {
  auto* options = std::get_if<BranchOptions>(&op.options);
  if (options == nullptr) return op;
  const auto set = [&](std::int32_t& index, const Model* graph) {
    const auto found = std::ranges::find(graphs, graph);
    if (found != graphs.end()) index = static_cast<std::int32_t>(found - graphs.begin());
  };
  set(options->first, options->first_graph.get());
  set(options->second, options->second_graph.get());
  return op;
}

std::size_t write_operator(Writer& writer, const Operator& op, std::uint32_t code) {
  const auto options = write_options(op);
  const auto* custom = std::get_if<DetectionOptions>(&op.options);
  const auto table =
      writer.table({Field::scalar(0, code), Field::offset(1), Field::offset(2),
                    Field::scalar(3, options.kind), options.kind != 0 ? Field::offset(4) : Field{},
                    custom != nullptr ? Field::offset(5) : Field{}});
  if (custom != nullptr) writer.point(table.fields[5], writer.vector(custom->map));
  writer.point(table.fields[1], writer.vector(op.inputs));
  writer.point(table.fields[2], writer.vector(op.outputs));
  if (options.kind != 0) {
    const auto written = writer.table(options.fields);
    writer.point(table.fields[4], written.position);
    for (const auto& [field, text] : options.strings) {
      writer.point(written.fields[field], writer.string(text));
    }
  }
  return table.position;
}

std::size_t write_subgraph(Writer& writer, const Model& model,
                           const std::vector<const Model*>& graphs,
                           const std::map<Code, std::uint32_t>& codes, std::uint32_t& buffers) {
  const auto table =
      writer.table({Field::offset(0), Field::offset(1), Field::offset(2), Field::offset(3)});
  writer.point(table.fields[0], write_each(writer, model.tensors, [&](const Tensor& tensor) {
                 return write_tensor(writer, tensor, tensor.is_constant() ? buffers++ : 0);
               }));
  writer.point(table.fields[1], writer.vector(model.inputs));
  writer.point(table.fields[2], writer.vector(model.outputs));
  writer.point(table.fields[3], write_each(writer, model.operators, [&](const Operator& op) {
                 return write_operator(writer, with_places(op, graphs), codes.at(op.code));
               }));
  return table.position;
}

std::size_t write_buffers(Writer& writer, const std::vector<const Model*>& graphs) {
  std::vector<ByteSpan> buffers(1);
  for (const auto* graph : graphs) {
    for (const auto& tensor : graph->tensors) {
      if (tensor.is_constant()) buffers.push_back(tensor.data);
    }
  }
  return write_each(writer, buffers, [&](ByteSpan data) {
    if (data.empty()) return writer.table({}).position;
    const auto table = writer.table({Field::offset(0)});
    writer.point(table.fields[0], writer.bytes(data));
    return table.position;
  });
}

}  // namespace

Bytes write_model(const Model& model, const Model* initial) {
  std::vector<const Model*> graphs = {&model};
  if (initial != nullptr) graphs.push_back(initial);
  for (std::size_t i = 0; i < graphs.size(); ++i) add_branches(*graphs[i], graphs);
  std::map<Code, std::uint32_t> codes;
  std::vector<Code> in_order;
  for (const auto* graph : graphs) {
    for (const auto& op : graph->operators) {
      if (!codes.try_emplace(op.code, static_cast<std::uint32_t>(in_order.size())).second) continue;
      in_order.push_back(op.code);
    }
  }
  Writer writer("TFL3");
  const auto root = writer.table({Field::scalar(0, std::uint32_t{3}), Field::offset(1),
                                  Field::offset(2), Field::offset(3), Field::offset(4)});
  writer.point(0, root.position);
  writer.point(root.fields[1],
               write_each(writer, in_order, [&](Code code) { return write_code(writer, code); }));
  std::uint32_t buffers = 1;  // buffer 0 is empty
  writer.point(root.fields[2], write_each(writer, graphs, [&](const Model* graph) {
                 return write_subgraph(writer, *graph, graphs, codes, buffers);
               }));
  writer.point(root.fields[3], writer.string(model.description));
  writer.point(root.fields[4], write_buffers(writer, graphs));
  return std::move(writer).take();
}

}  // namespace aiot::inference
