#include "inference/kernel/detection.hpp"

#include <algorithm>
#include <cmath>

namespace aiot::inference::kernel {
namespace {

using Found = DetectionScratch::Found;

/// As the reference has it: in doubles, then floats.
Box decoded(const DetectionShape& s, const float* box, const float* anchor) {
  const auto wide = [](float value) { return static_cast<double>(value); };
  const auto y =
      static_cast<float>(wide(box[0]) / wide(s.y_scale) * wide(anchor[2]) + wide(anchor[0]));
  const auto x =
      static_cast<float>(wide(box[1]) / wide(s.x_scale) * wide(anchor[3]) + wide(anchor[1]));
  const auto half_h =
      static_cast<float>(0.5 * std::exp(wide(box[2]) / wide(s.h_scale)) * wide(anchor[2]));
  const auto half_w =
      static_cast<float>(0.5 * std::exp(wide(box[3]) / wide(s.w_scale)) * wide(anchor[3]));
  return {y - half_h, x - half_w, y + half_h, x + half_w};
}

float area_of(const Box& box) { return (box.bottom - box.top) * (box.right - box.left); }

/// What two boxes share, as a part of what they cover together.
float overlap(const Box& a, const Box& b) {
  const float area_a = area_of(a);
  const float area_b = area_of(b);
  if (area_a <= 0 || area_b <= 0) return 0;
  const float height = std::max(std::min(a.bottom, b.bottom) - std::max(a.top, b.top), 0.0F);
  const float width = std::max(std::min(a.right, b.right) - std::max(a.left, b.left), 0.0F);
  const float shared = height * width;
  return shared / (area_a + area_b - shared);
}

/// The boxes of scratch.scores from the threshold on, the best first, none that overlaps a better
/// one: how many, in scratch.order.
std::int32_t select(const DetectionShape& s, const DetectionScratch& scratch, std::int32_t most) {
  std::int32_t kept = 0;
  for (std::int32_t i = 0; i < s.boxes; ++i) {
    if (scratch.scores[i] >= s.score_threshold) scratch.order[kept++] = i;
  }
  std::sort(scratch.order, scratch.order + kept, [&](std::int32_t a, std::int32_t b) {
    const float x = scratch.scores[a];
    const float y = scratch.scores[b];
    return x > y || (x == y && a < b);
  });
  std::fill(scratch.is_out, scratch.is_out + kept, false);
  std::int32_t selected = 0;
  const auto least = std::min(kept, most);
  for (std::int32_t i = 0; i < kept && selected < least; ++i) {
    if (scratch.is_out[i]) continue;
    const auto box = scratch.order[i];
    for (std::int32_t k = i + 1; k < kept; ++k) {
      const float part = overlap(scratch.boxes[box], scratch.boxes[scratch.order[k]]);
      if (part > s.overlap_threshold) scratch.is_out[k] = true;
    }
    scratch.order[selected++] = box;
  }
  return selected;
}

/// By each box's best class.
std::int32_t fast(const DetectionShape& s, const float* scores, const DetectionScratch& scratch) {
  const auto all = s.classes + s.background;
  const auto best_of = [&](std::int32_t box) {
    const auto* of_box = scores + static_cast<std::size_t>(box) * all + s.background;
    std::int32_t best = 0;
    for (std::int32_t i = 1; i < s.classes; ++i) {
      if (of_box[i] > of_box[best]) best = i;
    }
    return Found{box, best, of_box[best], 0};
  };
  for (std::int32_t i = 0; i < s.boxes; ++i) scratch.scores[i] = best_of(i).score;
  const auto selected = select(s, scratch, s.most);
  for (std::int32_t i = 0; i < selected; ++i) scratch.found[i] = best_of(scratch.order[i]);
  return selected;
}

/// Class by class; after each, the best of all so far remain.
std::int32_t regular(const DetectionShape& s, const float* scores,
                     const DetectionScratch& scratch) {
  const auto all = s.classes + s.background;
  std::int32_t count = 0;
  for (std::int32_t one = 0; one < s.classes; ++one) {
    for (std::int32_t i = 0; i < s.boxes; ++i) {
      scratch.scores[i] = scores[static_cast<std::size_t>(i) * all + s.background + one];
    }
    const auto selected = select(s, scratch, s.most_of_class);
    for (std::int32_t i = 0; i < selected; ++i) {
      const auto box = scratch.order[i];
      scratch.found[count + i] = {box, one, scratch.scores[box], 0};
    }
    const auto found = count + selected;
    for (std::int32_t i = 0; i < found; ++i) scratch.found[i].place = i;
    std::sort(scratch.found, scratch.found + found, [](const Found& a, const Found& b) {
      return a.score > b.score || (a.score == b.score && a.place < b.place);
    });
    count = std::min(found, s.most);
  }
  return count;
}

}  // namespace

bool detect(const DetectionShape& s, const float* boxes, const float* scores, const float* anchors,
            const DetectionScratch& scratch, Box* found_boxes, float* found_classes,
            float* found_scores, float* count) {
  for (std::int32_t i = 0; i < s.boxes; ++i, boxes += s.encoding, anchors += 4) {
    const auto box = scratch.boxes[i] = decoded(s, boxes, anchors);
    if (box.top >= box.bottom || box.left >= box.right) return false;
  }
  const auto found = s.regular ? regular(s, scores, scratch) : fast(s, scores, scratch);
  for (std::int32_t i = 0; i < s.most; ++i) {
    const bool there = i < found;
    const auto one = there ? scratch.found[i] : Found{};
    found_boxes[i] = there ? scratch.boxes[one.box] : Box{};
    found_classes[i] = static_cast<float>(one.one_class);
    found_scores[i] = one.score;
  }
  *count = static_cast<float>(found);
  return true;
}

}  // namespace aiot::inference::kernel
