#pragma once

#include <cstddef>
#include <cstdint>

/// TFLite_Detection_PostProcess: boxes from what a network says about anchors, the best ones that
/// do not overlap.
namespace aiot::inference::kernel {

struct Box {
  float top = 0, left = 0, bottom = 0, right = 0;
};

struct DetectionShape {
  std::int32_t boxes = 0, classes = 0;
  std::int32_t encoding = 4;    ///< values of a box, of which the first four count
  std::int32_t background = 0;  ///< scores before those of the first class
  std::int32_t most = 0;        ///< detections
  std::int32_t most_of_class = 0;
  bool regular = false;
  float score_threshold = 0, overlap_threshold = 0;
  float y_scale = 1, x_scale = 1, h_scale = 1, w_scale = 1;
};

/// What it needs beside its inputs: `boxes` values of each, and `most + boxes` found ones.
struct DetectionScratch {
  Box* boxes;
  float* scores;
  std::int32_t* order;
  bool* is_out;
  struct Found {
    std::int32_t box = 0, one_class = 0;
    float score = 0;
    std::int32_t place = 0;  ///< where it stood before it was sorted
  } * found;
};

/// `boxes` of y, x, height and width; anchors likewise; outputs hold `most` detections. False when
/// a box has no area.
bool detect(const DetectionShape& shape, const float* boxes, const float* scores,
            const float* anchors, const DetectionScratch& scratch, Box* found_boxes,
            float* found_classes, float* found_scores, float* count);

}  // namespace aiot::inference::kernel
