#include "inference/fast/arm.hpp"

namespace aiot::inference::fast {

namespace {

/// int8 elements as they are: SDOT sums four products into each of four lanes.
struct NeonDot : SumsNeon {
  using Element = std::int8_t;
  static constexpr auto kind = fast::Element::plain;
  using Weight = std::int8_t;
  using TapWeight = std::int8_t;
  using Packed = int8x16_t;
  static constexpr int vectors = 4;
  static constexpr int group = 4;
  static constexpr int taps = 1;
  static constexpr int most_rows = 5;  // 20 sums, 4 weights, and picks: 32 registers
  static constexpr int most_rows_of_one = 12;
  static constexpr int most_depthwise_rows = 3;

  static int8x16_t pick(const Element* p) {
    std::int32_t four;
    __builtin_memcpy(&four, p, sizeof four);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
  }
  static Packed packed(const Weight* p) { return vld1q_s8(p); }
  static Sum mac(Sum sum, int8x16_t x, Packed w) { return vdotq_s32(sum, w, x); }

  static void widen(const Element* p, Sum (&x)[4]) {
    const int8x16_t v = vld1q_s8(p);
    const int16x8_t low = vmovl_s8(vget_low_s8(v));
    const int16x8_t high = vmovl_high_s8(v);
    x[0] = vmovl_s16(vget_low_s16(low));
    x[1] = vmovl_high_s16(low);
    x[2] = vmovl_s16(vget_low_s16(high));
    x[3] = vmovl_high_s16(high);
  }
  static void tap_mac(Sum (&sums)[4], const Element* from, const std::int32_t* offsets,
                      const TapWeight* w) {
    const int8x16_t x = vld1q_s8(from + offsets[0]);
    const int8x16_t y = vld1q_s8(w);
    const int16x8_t low = vmull_s8(vget_low_s8(x), vget_low_s8(y));
    const int16x8_t high = vmull_high_s8(x, y);
    sums[0] = vaddw_s16(sums[0], vget_low_s16(low));
    sums[1] = vaddw_high_s16(sums[1], low);
    sums[2] = vaddw_s16(sums[2], vget_low_s16(high));
    sums[3] = vaddw_high_s16(sums[3], high);
  }

  struct Scaler : ScalerNeon<4> {
    int16x8_t offset;
    int8x16_t lowest, highest;

    Scaler(const Scaling& s, int channel)
        : ScalerNeon(s, channel),
          offset(vdupq_n_s16(static_cast<std::int16_t>(s.offset))),
          lowest(vdupq_n_s8(static_cast<std::int8_t>(s.lowest))),
          highest(vdupq_n_s8(static_cast<std::int8_t>(s.highest))) {}

    int8x8_t bytes(int16x4_t low, int16x4_t high) const {
      return vqmovn_s16(vqaddq_s16(vcombine_s16(low, high), offset));
    }
    void store_values(Element* out, int8x8_t low, int8x8_t high, int count) const {
      const int8x16_t y = vminq_s8(vmaxq_s8(vcombine_s8(low, high), lowest), highest);
      if (count == 16) {
        vst1q_s8(out, y);
        return;
      }
      Element some[16];
      vst1q_s8(some, y);
      store_some(out, some, count);
    }
    void store(Element* out, const Sum (&x)[4], int count) const {
      store_values(out, bytes(vqmovn_s32(x[0]), vqmovn_s32(x[1])),
                   bytes(vqmovn_s32(x[2]), vqmovn_s32(x[3])), count);
    }
    void store(Element* out, const Sum (&x)[1], int count) const {
      const int16x4_t y = vqmovn_s32(x[0]);
      const int8x8_t z = bytes(y, y);
      store_values(out, z, z, count);
    }
  };
  using PlainScaler = Scaler;
};

}  // namespace

const Kernels neon_dot_kernels = table_of<NeonDot, RealsNeon>();

}  // namespace aiot::inference::fast
