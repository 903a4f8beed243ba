#include "export/initialiser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace aiot::firmware {
namespace {

using namespace inference::kernel;

std::string shape(const Shape& s) { return fmt::format("{{{}, {}, {}, {}}}", s.n, s.h, s.w, s.c); }

std::string window(const Window& w) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}, {}}}", w.h, w.w, w.stride_h, w.stride_w,
                     w.dilation_h, w.dilation_w, w.pad_top, w.pad_left);
}

}  // namespace

std::string initialiser(Range<std::int32_t> range) {
  return fmt::format("{{{}, {}}}", range.low, range.high);
}

std::string initialiser(const Factor& factor) {
  return fmt::format("{{{}, {}}}", factor.multiplier, factor.shift);
}

std::string initialiser(const ConvShape& s) {
  return fmt::format("{{{}, {}, {}, {}, {}}}", shape(s.input), shape(s.output), window(s.window),
                     s.group_channels, s.depth_multiplier);
}

std::string initialiser(const MatrixShape& s) {
  return fmt::format("{{{}, {}, {}}}", s.rows, s.depth, s.outputs);
}

std::string initialiser(const PoolShape& s) {
  return fmt::format("{{{}, {}, {}}}", shape(s.input), shape(s.output), window(s.window));
}

std::string initialiser(const Broadcast& s) {
  return fmt::format("{{{{{}}}, {{{}}}, {{{}}}}}", fmt::join(s.extent, ", "),
                     fmt::join(s.step_a, ", "), fmt::join(s.step_b, ", "));
}

std::string initialiser(const ArithmeticInt8& q) {
  return fmt::format("{{{}, {}, {}, {}, {}, {}, {}}}", q.offset_a, q.offset_b, q.output_offset,
                     initialiser(q.factor_a), initialiser(q.factor_b), initialiser(q.factor_output),
                     initialiser(q.range));
}

std::string initialiser(const SoftmaxInt8& q) {
  return fmt::format("{{{}, {}}}", initialiser(q.beta), q.least_difference);
}

}  // namespace aiot::firmware
