#include <cstring>
#include <memory>
#include <vector>

#include "inference/prepare/prepare.hpp"
#include "inference/reference/interpreter.hpp"

namespace aiot::inference {
namespace {

Result<Step> gather(const Node& node) {
  AIOT_TRY(const auto p, prepare_gather(node));
  return Step([p](const Places& at) {
    kernel::gather(p.shape, at.in<std::uint8_t>(p.input), at.in<std::int32_t>(p.positions),
                   at.out<std::uint8_t>(p.output));
  });
}

/// GATHER_ND and EMBEDDING_LOOKUP.
Result<Step> gather_nd(const Node& node) {
  const bool embedding = node.op().code == Code::embedding_lookup;
  AIOT_TRY(const auto p, embedding ? prepare_embedding_lookup(node) : prepare_gather_nd(node));
  const std::string_view problem = embedding ? "EMBEDDING_LOOKUP: a row that its table has not"
                                             : "GATHER_ND: a position outside its input";
  return Step([p, problem](const Places& at) {
    const auto* positions = at.in<std::int32_t>(p.positions);
    const bool inside = p.to_real ? kernel::gather_nd(p.shape, p.scale, at.in<std::int8_t>(p.input),
                                                      positions, at.out<float>(p.output))
                                  : kernel::gather_nd(p.shape, at.in<std::uint8_t>(p.input),
                                                      positions, at.out<std::uint8_t>(p.output));
    if (!inside) at.variables->fail(problem);
  });
}

Result<Step> update_slice(const Node& node) {
  AIOT_TRY(const auto p, prepare_update_slice(node));
  return Step([p](const Places& at) {
    auto* output = at.out<std::uint8_t>(p.output);
    std::memcpy(output, at.in<std::uint8_t>(p.input), p.bytes);
    auto move = p.move;
    move.output_first = p.wide ? kernel::offset_of(p.place, at.in<std::int64_t>(p.positions))
                               : kernel::offset_of(p.place, at.in<std::int32_t>(p.positions));
    kernel::move(move, at.in<std::uint8_t>(p.update), output);
  });
}

Result<Step> select(const Node& node) {
  AIOT_TRY(const auto p, prepare_select(node));
  return Step([p](const Places& at) {
    kernel::select(p.shape, p.unit_bytes, at.in<std::uint8_t>(p.condition),
                   at.in<std::uint8_t>(p.a), at.in<std::uint8_t>(p.b),
                   at.out<std::uint8_t>(p.output));
  });
}

template <class T>
bool run(const BroadcastArgs& p, const Places& at) {
  return kernel::broadcast_args(p.count_a, at.in<T>(p.a), p.count_b, at.in<T>(p.b),
                                at.out<T>(p.output));
}

Result<Step> broadcast_args(const Node& node) {
  AIOT_TRY(const auto p, prepare_broadcast_args(node));
  return Step([p](const Places& at) {
    if (p.wide ? run<std::int64_t>(p, at) : run<std::int32_t>(p, at)) return;
    at.variables->fail("BROADCAST_ARGS: two shapes that do not go together");
  });
}

/// What TFLite_Detection_PostProcess needs while it runs.
struct DetectionMemory {
  explicit DetectionMemory(const kernel::DetectionShape& s)
      : boxes(static_cast<std::size_t>(s.boxes)),
        scores(boxes.size()),
        order(boxes.size()),
        is_out(std::make_unique<bool[]>(boxes.size())),
        found(boxes.size() + static_cast<std::size_t>(s.most)) {}
  kernel::DetectionScratch view() {
    return {boxes.data(), scores.data(), order.data(), is_out.get(), found.data()};
  }

  std::vector<kernel::Box> boxes;
  std::vector<float> scores;
  std::vector<std::int32_t> order;
  std::unique_ptr<bool[]> is_out;
  std::vector<kernel::DetectionScratch::Found> found;
};

Result<Step> detection(const Node& node) {
  AIOT_TRY(const auto p, prepare_detection(node));
  const auto memory = std::make_shared<DetectionMemory>(p.shape);
  return Step([p, memory](const Places& at) {
    const bool valid = kernel::detect(
        p.shape, at.in<float>(p.boxes), at.in<float>(p.scores), at.in<float>(p.anchors),
        memory->view(), at.out<kernel::Box>(p.found_boxes), at.out<float>(p.found_classes),
        at.out<float>(p.found_scores), at.out<float>(p.count));
    if (!valid) at.variables->fail("TFLite_Detection_PostProcess: a box without an area");
  });
}

}  // namespace

Result<Step> make_position(const Node& node) {
  switch (node.op().code) {
    case Code::gather: return gather(node);
    case Code::dynamic_update_slice: return update_slice(node);
    case Code::select_v2: return select(node);
    case Code::broadcast_args: return broadcast_args(node);
    case Code::detection_postprocess: return detection(node);
    default: return gather_nd(node);
  }
}

}  // namespace aiot::inference
