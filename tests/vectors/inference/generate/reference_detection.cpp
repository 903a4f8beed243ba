#include "reference_detection.hpp"

#include <bit>

#include "flatbuffers/flexbuffers.h"

namespace vectors {
namespace {

using namespace aiot::inference;

void append_float(Bytes& bytes, float value) {
  aiot::append_le32(bytes, std::bit_cast<std::uint32_t>(value));
}

std::vector<std::uint8_t> map_of(const DetectionOptions& o, Random& r) {
  flexbuffers::Builder builder;
  const auto start = builder.StartMap();
  builder.Int("max_detections", o.max_detections);
  builder.Int("max_classes_per_detection", o.classes_per_detection);
  if (r.chance(70)) builder.Int("detections_per_class", o.detections_per_class);
  if (o.regular || r.chance(50)) builder.Bool("use_regular_nms", o.regular);
  builder.Float("nms_score_threshold", o.score_threshold);
  builder.Float("nms_iou_threshold", o.overlap_threshold);
  builder.Int("num_classes", o.classes);
  if (r.chance(30)) {
    builder.IndirectDouble("y_scale", static_cast<double>(o.y_scale));
  } else {
    builder.Float("y_scale", o.y_scale);
  }
  builder.Float("x_scale", o.x_scale);
  builder.Float("h_scale", o.h_scale);
  builder.Float("w_scale", o.w_scale);
  builder.EndMap(start);
  builder.Finish();
  return builder.GetBuffer();
}

}  // namespace

Bytes detection(Random& r, Type /*type*/) {
  OneOperator op(r, Code::detection_postprocess);
  const auto boxes = r.chance(70) ? r.between(4, 12) : r.between(20, 45);
  DetectionOptions o;
  o.classes = r.between(1, 5);
  o.max_detections = r.between(2, 12);
  o.classes_per_detection = 1;
  o.detections_per_class = r.between(1, 8);
  o.regular = r.chance(50);
  o.score_threshold = r.real() * 2 - 1;
  o.overlap_threshold = 0.05F + 0.9F * r.real();
  o.y_scale = r.chance(70) ? 10 : r.scale(1, 20);
  o.x_scale = 10;
  o.h_scale = o.w_scale = 5;
  o.map = map_of(o, r);
  const auto scores = o.classes + r.between(0, 1);
  const Shape score_shape = {1, boxes, scores};
  op.input(Type::float32, {1, boxes, r.chance(80) ? 4 : 6}, {});
  if (r.chance(40)) {  // many are equal
    Bytes values;
    for (std::size_t i = 0; i < elements(score_shape); ++i) {
      append_float(values, static_cast<float>(r.between(-2, 6)) / 4);
    }
    op.constant(Type::float32, score_shape, {}, std::move(values));
  } else {
    op.input(Type::float32, score_shape, {});
  }
  Bytes anchors;
  for (std::int32_t i = 0; i < boxes; ++i) {
    for (int k = 0; k < 2; ++k) append_float(anchors, r.real());
    for (int k = 0; k < 2; ++k) append_float(anchors, 0.05F + r.real() / 2);
  }
  op.constant(Type::float32, {boxes, 4}, {}, std::move(anchors));
  op.output(Type::float32, {1, o.max_detections, 4}, {});
  op.output(Type::float32, {1, o.max_detections}, {});
  op.output(Type::float32, {1, o.max_detections}, {});
  op.output(Type::float32, {1}, {});
  return op.file(o);
}

}  // namespace vectors
