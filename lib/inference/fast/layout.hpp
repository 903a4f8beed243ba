#pragma once

#include <cstddef>
#include <cstdint>

#include "inference/fast/tasks.hpp"
#include "inference/kernel/shape.hpp"

namespace aiot::inference::fast {

/// How a tensor lies in memory: its pixels in their order, with the padding that its readers want
/// already round it, so that a convolution reads windows without looking where the image ends.
struct Layout {
  kernel::Shape shape;
  std::int32_t top = 0, bottom = 0, left = 0, right = 0;  ///< lines and columns of padding

  bool has_padding() const { return (top | bottom | left | right) != 0; }
  std::int32_t line() const { return (left + shape.w + right) * shape.c; }
  std::int32_t image() const { return (top + shape.h + bottom) * line(); }
  std::size_t elements() const { return static_cast<std::size_t>(shape.n) * image(); }
  /// Elements to a pixel; the padding has negative coordinates.
  std::int32_t at(std::int32_t n, std::int32_t y, std::int32_t x) const {
    return n * image() + (top + y) * line() + (left + x) * shape.c;
  }
  friend bool operator==(const Layout& a, const Layout& b) {
    return a.shape.n == b.shape.n && a.shape.h == b.shape.h && a.shape.w == b.shape.w &&
           a.shape.c == b.shape.c && a.top == b.top && a.bottom == b.bottom && a.left == b.left &&
           a.right == b.right;
  }
};

/// What an element has more than the int8 value it stands for, in a tensor with this zero point.
constexpr std::int32_t more_of(Element element, std::int32_t zero_point) {
  switch (element) {
    case Element::centred: return -zero_point;
    case Element::raised: return 128;
    case Element::plain: break;
  }
  return 0;
}

/// Makes room in `layout` for all that `window` reads of it to make `output`.
inline void widen_for(Layout& layout, const kernel::Window& window, const kernel::Shape& output) {
  const auto most = [](std::int32_t a, std::int32_t b) { return a > b ? a : b; };
  const std::int32_t last_line =
      (output.h - 1) * window.stride_h - window.pad_top + (window.h - 1) * window.dilation_h;
  const std::int32_t last_column =
      (output.w - 1) * window.stride_w - window.pad_left + (window.w - 1) * window.dilation_w;
  layout.top = most(layout.top, window.pad_top);
  layout.left = most(layout.left, window.pad_left);
  layout.bottom = most(layout.bottom, last_line - layout.shape.h + 1);
  layout.right = most(layout.right, last_column - layout.shape.w + 1);
}

}  // namespace aiot::inference::fast
