#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "image/delta_code.hpp"
#include "image/delta_format.hpp"

namespace aiot::image {

/// Bytes that are predicted at once.
struct Prediction {
  std::uint8_t length = 0;
  std::array<std::uint8_t, operand_bytes> bytes{};
};

/// Says what the bytes of a copy become in the result: the same, but that branches and pointers
/// follow what they name to where the copies take it. Maker and applier run it over the same bytes
/// in the same order, so that they predict the same.
///
/// What looks like an operand may be none. For each kind of operand and power of two of its reach,
/// a counter says whether following or keeping was right of late, and decides.
class Predictor {
 public:
  /// `control` stays as long as this object.
  Predictor(DeltaCode code, const DeltaControl& control);

  /// Of the bytes from `done` bytes into `copy` on; `ahead`: the source's there, as many as the
  /// copy still has or operand_bytes, at least one.
  Prediction predict(const DeltaCopy& copy, std::uint32_t done, ByteSpan ahead);
  /// What those bytes are in the result: length bytes. Once after each predict().
  void learn(ByteSpan actual);

 private:
  /// Of both files; without segments an address is an offset.
  static std::uint32_t address_of(const std::vector<DeltaSegment>& segments, std::uint32_t offset);
  /// Where the copies take an address of the source. False when it names nothing that is copied.
  bool follow(const DeltaCopy& copy, std::uint32_t& address) const;
  bool pointer(const DeltaCopy& copy, std::uint32_t done, ByteSpan ahead, Prediction& out,
               std::uint32_t& reach) const;

  DeltaCode code_;
  const DeltaControl& control_;
  std::vector<std::uint32_t> by_source_;  ///< numbers of the copies, by where they come from

  static constexpr unsigned pointer_kind = operand_kinds;
  std::array<std::array<std::int8_t, 33>, operand_kinds + 1> trust_{};
  std::int8_t* counter_ = nullptr;  ///< of the last prediction; null: it had no operand
  Prediction kept_, followed_;
};

}  // namespace aiot::image
