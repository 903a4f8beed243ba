#include "inference/fast/arm.hpp"

namespace aiot::inference::fast {

namespace {

/// int16 elements with the zero point off: a widening multiply-add has one product in each of four
/// lanes.
struct Neon : SumsNeon {
  using Element = std::int16_t;
  static constexpr auto kind = fast::Element::centred;
  using Weight = std::int16_t;
  using TapWeight = std::int16_t;
  using Packed = int16x4_t;
  static constexpr int vectors = 2;
  static constexpr int group = 1;
  static constexpr int taps = 1;
  static constexpr int most_rows = 8;
  static constexpr int most_rows_of_one = 12;
  static constexpr int most_depthwise_rows = 4;

  static int16x4_t pick(const Element* p) { return vld1_dup_s16(p); }
  static Packed packed(const Weight* p) { return vld1_s16(p); }
  static Sum mac(Sum sum, int16x4_t x, Packed w) { return vmlal_s16(sum, x, w); }

  static void widen(const Element* p, Sum (&x)[2]) {
    const int16x8_t v = vld1q_s16(p);
    x[0] = vmovl_s16(vget_low_s16(v));
    x[1] = vmovl_high_s16(v);
  }
  static void tap_mac(Sum (&sums)[2], const Element* from, const std::int32_t* offsets,
                      const TapWeight* w) {
    const int16x8_t x = vld1q_s16(from + offsets[0]);
    const int16x8_t y = vld1q_s16(w);
    sums[0] = vmlal_s16(sums[0], vget_low_s16(x), vget_low_s16(y));
    sums[1] = vmlal_high_s16(sums[1], x, y);
  }

  struct Scaler : ScalerNeon<2> {
    int16x8_t lowest, highest;

    Scaler(const Scaling& s, int channel)
        : ScalerNeon(s, channel),
          lowest(vdupq_n_s16(static_cast<std::int16_t>(s.lowest))),
          highest(vdupq_n_s16(static_cast<std::int16_t>(s.highest))) {}

    void store_values(Element* out, int16x4_t low, int16x4_t high, int count) const {
      const int16x8_t y = vminq_s16(vmaxq_s16(vcombine_s16(low, high), lowest), highest);
      if (count == 8) {
        vst1q_s16(out, y);
      } else if (count == 4) {
        vst1_s16(out, vget_low_s16(y));
      } else {
        Element some[8];
        vst1q_s16(some, y);
        store_some(out, some, count);
      }
    }
    void store(Element* out, const Sum (&x)[2], int count) const {
      store_values(out, vqmovn_s32(x[0]), vqmovn_s32(x[1]), count);
    }
    void store(Element* out, const Sum (&x)[1], int count) const {
      const int16x4_t y = vqmovn_s32(x[0]);
      store_values(out, y, y, count);
    }
  };
  using PlainScaler = Scaler;
};

}  // namespace

const Kernels neon_kernels = table_of<Neon, RealsNeon>();

}  // namespace aiot::inference::fast
