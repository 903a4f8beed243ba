#include <cmath>
#include <cstring>
#include <sstream>

#include "cases.hpp"
#include "random_case.hpp"

// Kernels on dense values, each beside what the portable one gives.
namespace aiot::test {
namespace {

constexpr std::size_t behind = 64;  // bytes that may be read
constexpr std::int8_t mark = 0x55;

/// What differs between two outputs, with the marks behind them.
template <class T>
std::string difference(const char* what, std::uint32_t seed, const std::vector<T>& is,
                       const std::vector<T>& wanted) {
  for (std::size_t i = 0; i < is.size(); ++i) {
    if (std::memcmp(&is[i], &wanted[i], sizeof(T)) == 0) continue;
    std::ostringstream text;
    text << what << ", seed " << seed << ": value " << i << " of " << is.size() << " is " << +is[i]
         << ", not " << +wanted[i];
    return text.str();
  }
  return {};
}

template <class T>
std::vector<T> with_room(std::vector<T> values) {
  values.resize(values.size() + behind);
  return values;
}

std::string look_up_case(const fast::Kernels& k, Random& random, std::uint32_t seed) {
  const auto count = random.number(1, 300);
  const auto table = random.values(256);
  const auto from = with_room(random.values(static_cast<std::size_t>(count)));
  std::vector<std::int8_t> is(from.size(), mark);
  auto wanted = is;
  const auto bytes = [](const auto& v) { return reinterpret_cast<const std::uint8_t*>(v.data()); };
  k.values.look_up(bytes(table), bytes(from), reinterpret_cast<std::uint8_t*>(is.data()), count);
  kernel::look_up(bytes(table), static_cast<std::size_t>(count), bytes(from),
                  reinterpret_cast<std::uint8_t*>(wanted.data()));
  return difference("look up", seed, is, wanted);
}

std::string quantize_case(const fast::Kernels& k, Random& random, std::uint32_t seed) {
  const auto count = random.number(1, 100);
  auto from = with_room(random.reals(static_cast<std::size_t>(count), random.one_in(2)));
  const float scales[] = {1, 0.5F, 0.037F, 1e-30F, 3};
  const auto scale = scales[random.number(0, 4)];
  if (random.one_in(2)) {  // ties
    for (auto& value : from) value = static_cast<float>(random.number(-300, 300)) / 2 * scale;
  }
  const auto zero_point = random.zero_point();
  std::vector<std::int8_t> is(from.size(), mark);
  auto wanted = is;
  k.values.quantize(scale, zero_point, from.data(), is.data(), count);
  kernel::quantize(scale, zero_point, static_cast<std::size_t>(count), from.data(), wanted.data());
  auto what = difference("quantize", seed, is, wanted);
  if (!what.empty()) return what;
  std::vector<float> back(from.size(), 1.5F);
  auto wanted_back = back;
  k.values.dequantize(scale, zero_point, is.data(), back.data(), count);
  kernel::dequantize(scale, zero_point, static_cast<std::size_t>(count), is.data(),
                     wanted_back.data());
  return difference("dequantize", seed, back, wanted_back);
}

std::string lines_case(const fast::Kernels& k, Random& random, std::uint32_t seed) {
  const auto count = random.number(1, 70);
  const auto lines = random.number(1, 20);
  const auto stride = count + random.number(0, 5);
  const auto elements = static_cast<std::size_t>(lines) * stride;
  const auto from = with_room(random.values(elements));
  const auto reals = with_room(random.reals(elements, false));
  const auto room = static_cast<std::size_t>(count) + 16;
  std::vector<std::int32_t> sums(room);
  std::vector<float> real_sums(room);
  k.values.add_lines(from.data(), lines, stride, sums.data(), count);
  k.values.add_real_lines(reals.data(), lines, stride, real_sums.data(), count);
  std::vector<std::int32_t> wanted(static_cast<std::size_t>(count));
  std::vector<float> wanted_reals(static_cast<std::size_t>(count));
  for (std::int32_t c = 0; c < count; ++c) {
    for (std::int32_t line = 0; line < lines; ++line) {
      const auto at = static_cast<std::size_t>(line) * stride + c;
      wanted[static_cast<std::size_t>(c)] += from[at];
      wanted_reals[static_cast<std::size_t>(c)] += reals[at];
    }
  }
  sums.resize(wanted.size());
  real_sums.resize(wanted.size());
  auto what = difference("sum of lines", seed, sums, wanted);
  return what.empty() ? difference("sum of real lines", seed, real_sums, wanted_reals) : what;
}

std::string dot_case(const fast::Kernels& k, Random& random, std::uint32_t seed) {
  const auto count = random.number(1, 200);
  const auto a = random.values(static_cast<std::size_t>(count));
  const auto b = random.values(static_cast<std::size_t>(count));
  const std::vector<std::int32_t> is = {k.values.dot(a.data(), b.data(), count)};
  std::vector<std::int32_t> wanted = {0};
  for (std::size_t i = 0; i < a.size(); ++i) wanted[0] += a[i] * b[i];
  return difference("dot", seed, is, wanted);
}

std::string mix_case(const fast::Kernels& k, Random& random, std::uint32_t seed) {
  kernel::ResizeShape s;
  s.input = {1, random.number(1, 5), random.number(1, 5), random.number(1, 40)};
  s.output = {1, random.number(1, 12), random.number(1, 12), s.input.c};
  s.align_corners = random.one_in(2);
  s.half_pixel_centers = !s.align_corners && random.one_in(2);
  const auto from = with_room(random.values(s.input.elements()));
  std::vector<std::int8_t> is(s.output.elements() + behind, mark);
  auto wanted = is;
  kernel::resize_bilinear(s, from.data(), wanted.data());
  for (std::int32_t y = 0; y < s.output.h; ++y) {
    const auto line = kernel::line_of(s, y);
    for (std::int32_t x = 0; x < s.output.w; ++x) {
      const auto column = kernel::column_of(s, x);
      const std::int8_t* const corners[4] = {
          from.data() + s.input.at(0, line.first, column.first, 0),
          from.data() + s.input.at(0, line.second, column.first, 0),
          from.data() + s.input.at(0, line.first, column.second, 0),
          from.data() + s.input.at(0, line.second, column.second, 0)};
      const std::int32_t weights[4] = {(1024 - line.part) * (1024 - column.part),
                                       line.part * (1024 - column.part),
                                       (1024 - line.part) * column.part, line.part * column.part};
      k.values.mix(corners, weights, is.data() + s.output.at(0, y, x, 0), s.output.c);
    }
  }
  return difference("mix", seed, is, wanted);
}

}  // namespace

std::string value_case(const fast::Kernels& k, std::uint32_t seed) {
  Random random(seed);
  count_case();
  for (const auto run : {look_up_case, quantize_case, lines_case, dot_case, mix_case}) {
    const auto what = run(k, random, seed);
    if (!what.empty()) return what;
  }
  return {};
}

}  // namespace aiot::test
