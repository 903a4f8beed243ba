#include <cmath>
#include <cstring>

#include "inference/kernel/kernels.hpp"

namespace aiot::inference::kernel {

namespace {

/// The last dimension, in units whose size the compiler knows.
template <std::size_t unit_bytes>
void copy_units(const Move& s, const std::uint8_t* from, std::uint8_t* to) {
  constexpr int last = Move::rank - 1;
  for (std::int32_t i = 0; i < s.extent[last]; ++i) {
    std::memcpy(to, from, unit_bytes);
    from += s.input_step[last];
    to += s.output_step[last];
  }
}

void copy_line(const Move& s, const std::uint8_t* from, std::uint8_t* to) {
  constexpr int last = Move::rank - 1;
  switch (s.unit_bytes) {
    case 1: return copy_units<1>(s, from, to);
    case 2: return copy_units<2>(s, from, to);
    case 3: return copy_units<3>(s, from, to);
    case 4: return copy_units<4>(s, from, to);
    case 8: return copy_units<8>(s, from, to);
    case 16: return copy_units<16>(s, from, to);
    default: break;
  }
  for (std::int32_t i = 0; i < s.extent[last]; ++i) {
    std::memcpy(to + i * s.output_step[last], from + i * s.input_step[last], s.unit_bytes);
  }
}

}  // namespace

Move simplified(const Move& s) {
  Move result;
  result.unit_bytes = s.unit_bytes;
  result.input_first = s.input_first;
  result.output_first = s.output_first;
  int to = Move::rank;  // the dimensions from here on are the result's
  for (int d = Move::rank - 1; d >= 0; --d) {
    if (s.extent[d] == 1) continue;
    const auto unit = static_cast<std::ptrdiff_t>(result.unit_bytes);
    if (to == Move::rank && s.extent[d] > 0 && s.input_step[d] == unit &&
        s.output_step[d] == unit) {
      result.unit_bytes *= static_cast<std::size_t>(s.extent[d]);
      continue;
    }
    // It goes on where the dimension behind it ends.
    if (to < Move::rank && result.extent[to] > 0 && s.extent[d] > 0 &&
        s.input_step[d] == result.input_step[to] * result.extent[to] &&
        s.output_step[d] == result.output_step[to] * result.extent[to]) {
      result.extent[to] *= s.extent[d];
      continue;
    }
    --to;
    result.extent[to] = s.extent[d];
    result.input_step[to] = s.input_step[d];
    result.output_step[to] = s.output_step[d];
  }
  return result;
}

void move(const Move& s, const std::uint8_t* input, std::uint8_t* output) {
  constexpr int last = Move::rank - 1;
  for (const auto extent : s.extent) {
    if (extent == 0) return;
  }
  std::int32_t index[Move::rank] = {};
  input += s.input_first;
  output += s.output_first;
  for (;;) {
    const auto* from = input;
    auto* to = output;
    for (int d = 0; d < last; ++d) {
      from += index[d] * s.input_step[d];
      to += index[d] * s.output_step[d];
    }
    copy_line(s, from, to);
    int d = last - 1;
    while (d >= 0 && ++index[d] == s.extent[d]) index[d--] = 0;
    if (d < 0) return;
  }
}

void fill(const std::uint8_t* value, std::size_t value_bytes, std::size_t bytes,
          std::uint8_t* output) {
  if (value_bytes == 1) {
    std::memset(output, *value, bytes);
    return;
  }
  for (std::size_t i = 0; i + value_bytes <= bytes; i += value_bytes) {
    std::memcpy(output + i, value, value_bytes);
  }
}

void gather(const GatherShape& s, const std::uint8_t* input, const std::int32_t* positions,
            std::uint8_t* output) {
  for (std::size_t batch = 0; batch < s.batches; ++batch, positions += s.count) {
    for (std::size_t outer = 0; outer < s.outer; ++outer, input += s.extent * s.run_bytes) {
      for (std::size_t i = 0; i < s.count; ++i, output += s.run_bytes) {
        if (positions[i] >= 0 && positions[i] < s.extent) {
          std::memcpy(output, input + positions[i] * s.run_bytes, s.run_bytes);
        } else {
          std::memset(output, 0, s.run_bytes);
        }
      }
    }
  }
}

namespace {

/// As FixedBetween.
struct RealBetween {
  std::int32_t first = 0, second = 0;
  float part = 0;
};

constexpr std::int32_t fixed_one = 1 << 10;

/// The input's extent over the output's, in fixed point.
std::int32_t fixed_scale(std::int32_t input, std::int32_t output, bool align_corners) {
  if (align_corners && output > 1) {
    --input;
    --output;
  }
  return (fixed_one * input + output / 2) / output;
}

FixedBetween fixed_between(std::int32_t at, std::int32_t scale, bool half_pixel_centers,
                           std::int32_t size) {
  const auto scaled = at * scale + (half_pixel_centers ? scale / 2 - fixed_one / 2 : 0);
  // The scale is rounded, so that the last line may come out beyond the image.
  const auto first = clamp<std::int32_t>(scaled / fixed_one, 0, size - 1);
  const auto second = (scaled + fixed_one - 1) / fixed_one;
  return {first, second < size ? second : size - 1, scaled - fixed_one * first};
}

float real_scale(std::int32_t input, std::int32_t output, bool align_corners) {
  if (align_corners && output > 1) {
    --input;
    --output;
  }
  return static_cast<float>(input) / static_cast<float>(output);
}

RealBetween real_between(std::int32_t at, float scale, bool half_pixel_centers, std::int32_t size) {
  const auto value = static_cast<float>(at);
  const float scaled = half_pixel_centers ? (value + 0.5F) * scale - 0.5F : value * scale;
  const auto first =
      clamp<std::int32_t>(static_cast<std::int32_t>(std::floor(scaled)), 0, size - 1);
  const auto second = static_cast<std::int32_t>(std::ceil(scaled));
  return {first, second < size ? second : size - 1, scaled - static_cast<float>(first)};
}

/// `mix(rows, columns, top left, bottom left, top right, bottom right)` for each value.
template <class T, class Rows, class Columns, class Mix>
void bilinear(const ResizeShape& s, const T* input, T* output, const Rows& rows,
              const Columns& columns, const Mix& mix) {
  for (std::int32_t batch = 0; batch < s.output.n; ++batch) {
    for (std::int32_t y = 0; y < s.output.h; ++y) {
      const auto row = rows(y);
      for (std::int32_t x = 0; x < s.output.w; ++x) {
        const auto column = columns(x);
        for (std::int32_t c = 0; c < s.output.c; ++c) {
          *output++ =
              mix(row.part, column.part, input[s.input.at(batch, row.first, column.first, c)],
                  input[s.input.at(batch, row.second, column.first, c)],
                  input[s.input.at(batch, row.first, column.second, c)],
                  input[s.input.at(batch, row.second, column.second, c)]);
        }
      }
    }
  }
}

}  // namespace

FixedBetween line_of(const ResizeShape& s, std::int32_t y) {
  const auto scale = fixed_scale(s.input.h, s.output.h, s.align_corners);
  return fixed_between(y, scale, s.half_pixel_centers, s.input.h);
}

FixedBetween column_of(const ResizeShape& s, std::int32_t x) {
  const auto scale = fixed_scale(s.input.w, s.output.w, s.align_corners);
  return fixed_between(x, scale, s.half_pixel_centers, s.input.w);
}

void resize_bilinear(const ResizeShape& s, const std::int8_t* input, std::int8_t* output) {
  bilinear(
      s, input, output, [&](std::int32_t y) { return line_of(s, y); },
      [&](std::int32_t x) { return column_of(s, x); },
      [](std::int64_t y, std::int64_t x, std::int64_t top_left, std::int64_t bottom_left,
         std::int64_t top_right, std::int64_t bottom_right) {
        const auto sum = top_left * (fixed_one - y) * (fixed_one - x) +
                         bottom_left * y * (fixed_one - x) + top_right * (fixed_one - y) * x +
                         bottom_right * y * x;
        const std::int64_t half = sum > 0 ? 1 << 19 : -(1 << 19);
        return static_cast<std::int8_t>((sum + half) / (1 << 20));
      });
}

void resize_bilinear(const ResizeShape& s, const float* input, float* output) {
  const auto scale_y = real_scale(s.input.h, s.output.h, s.align_corners);
  const auto scale_x = real_scale(s.input.w, s.output.w, s.align_corners);
  bilinear(
      s, input, output,
      [&](std::int32_t y) { return real_between(y, scale_y, s.half_pixel_centers, s.input.h); },
      [&](std::int32_t x) { return real_between(x, scale_x, s.half_pixel_centers, s.input.w); },
      [](float y, float x, float top_left, float bottom_left, float top_right, float bottom_right) {
        return top_left * (1 - y) * (1 - x) + bottom_left * y * (1 - x) + top_right * (1 - y) * x +
               bottom_right * y * x;
      });
}

namespace {

std::int32_t nearest(std::int32_t at, std::int32_t input, std::int32_t output,
                     const ResizeShape& s) {
  const float scale = real_scale(input, output, s.align_corners);
  const float scaled = (static_cast<float>(at) + (s.half_pixel_centers ? 0.5F : 0.0F)) * scale;
  const auto line =
      static_cast<std::int32_t>(s.align_corners ? std::round(scaled) : std::floor(scaled));
  return clamp<std::int32_t>(line, 0, input - 1);
}

}  // namespace

void resize_nearest_neighbor(const ResizeShape& s, std::size_t unit_bytes,
                             const std::uint8_t* input, std::uint8_t* output) {
  const auto pixel_bytes = unit_bytes * static_cast<std::size_t>(s.output.c);
  for (std::int32_t batch = 0; batch < s.output.n; ++batch) {
    for (std::int32_t y = 0; y < s.output.h; ++y) {
      const auto in_y = nearest(y, s.input.h, s.output.h, s);
      for (std::int32_t x = 0; x < s.output.w; ++x) {
        const auto in_x = nearest(x, s.input.w, s.output.w, s);
        std::memcpy(output, input + s.input.at(batch, in_y, in_x, 0) * unit_bytes, pixel_bytes);
        output += pixel_bytes;
      }
    }
  }
}

}  // namespace aiot::inference::kernel
