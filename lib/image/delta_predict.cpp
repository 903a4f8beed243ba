#include "image/delta_predict.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

namespace aiot::image {
namespace {

constexpr std::int8_t most_trust = 8;

std::uint32_t distance(std::uint32_t a, std::uint32_t b) { return a > b ? a - b : b - a; }

bool right(const Prediction& p, ByteSpan actual) {
  return std::equal(actual.begin(), actual.end(), p.bytes.begin());
}

const DeltaSegment* segment_of_address(const std::vector<DeltaSegment>& segments,
                                       std::uint32_t address) {
  for (const auto& s : segments)
    if (address >= s.address && address - s.address < s.bytes) return &s;
  return nullptr;
}

}  // namespace

Predictor::Predictor(DeltaCode code, const DeltaControl& control)
    : code_(code), control_(control), by_source_(control.copies.size()) {
  std::iota(by_source_.begin(), by_source_.end(), 0U);
  const auto& copies = control_.copies;
  // Not std::stable_sort, which takes memory: the number decides between equals.
  std::sort(by_source_.begin(), by_source_.end(), [&](auto a, auto b) {
    return copies[a].source != copies[b].source ? copies[a].source < copies[b].source : a < b;
  });
}

std::uint32_t Predictor::address_of(const std::vector<DeltaSegment>& segments,
                                    std::uint32_t offset) {
  for (const auto& s : segments)
    if (offset >= s.offset && offset - s.offset < s.bytes) return s.address + (offset - s.offset);
  return offset;
}

bool Predictor::follow(const DeltaCopy& copy, std::uint32_t& address) const {
  auto offset = address;
  if (!control_.source.empty()) {
    const auto* segment = segment_of_address(control_.source, address);
    if (segment == nullptr) return false;
    offset = segment->offset + (address - segment->address);
  }
  const auto* home = &copy;
  if (offset < copy.source || offset - copy.source >= copy.length) {
    // The last copy that begins at or before it, also when it ends before: neighbours move alike.
    const auto behind = std::upper_bound(by_source_.begin(), by_source_.end(), offset,
                                         [&](std::uint32_t at, std::uint32_t number) {
                                           return at < control_.copies[number].source;
                                         });
    if (behind == by_source_.begin()) return false;
    home = &control_.copies[*(behind - 1)];
  }
  const auto moved = offset - home->source + home->result;
  address = control_.result.empty() ? moved : address_of(control_.result, moved);
  return true;
}

bool Predictor::pointer(const DeltaCopy& copy, std::uint32_t done, ByteSpan ahead, Prediction& out,
                        std::uint32_t& reach) const {
  if (control_.source.empty() || ahead.size() < 4) return false;
  if ((copy.source + done) % 4 != 0 || (copy.result + done) % 4 != 0) return false;
  auto value = load_le32(ahead.data());
  const auto here = address_of(control_.source, copy.source + done);
  reach = distance(value, here);
  if (!follow(copy, value)) return false;
  out.length = 4;
  store_le32(out.bytes.data(), value);
  return true;
}

Prediction Predictor::predict(const DeltaCopy& copy, std::uint32_t done, ByteSpan ahead) {
  counter_ = nullptr;
  const auto count = std::min(ahead.size(), operand_bytes);
  std::copy_n(ahead.begin(), count, kept_.bytes.begin());
  followed_ = kept_;
  if (code_ != DeltaCode::none) {
    const auto from = address_of(control_.source, copy.source + done);
    const auto to = address_of(control_.result, copy.result + done);
    std::uint32_t reach = 0;
    auto operand = decode_operand(code_, ahead.first(count), from);
    if (operand) {
      reach = distance(operand->target, from);
      if (follow(copy, operand->target) && encode_operand(code_, *operand, followed_.bytes, to)) {
        followed_.length = operand->length;
        counter_ = &trust_[operand->kind][std::bit_width(reach)];
      }
    }
    if (counter_ == nullptr && pointer(copy, done, ahead, followed_, reach))
      counter_ = &trust_[pointer_kind][std::bit_width(reach)];
    if (counter_ == nullptr)
      followed_.length =
          static_cast<std::uint8_t>(std::min(count, instruction_step(code_, ahead, from)));
  } else {
    followed_.length = static_cast<std::uint8_t>(count);
  }
  kept_.length = followed_.length;
  return counter_ != nullptr && *counter_ >= 0 ? followed_ : kept_;
}

void Predictor::learn(ByteSpan actual) {
  if (counter_ == nullptr) return;
  const bool follow_right = right(followed_, actual), keep_right = right(kept_, actual);
  if (follow_right && !keep_right)
    *counter_ = static_cast<std::int8_t>(std::min<int>(*counter_ + 1, most_trust));
  if (keep_right && !follow_right)
    *counter_ = static_cast<std::int8_t>(std::max<int>(*counter_ - 1, -most_trust));
}

}  // namespace aiot::image
