#include "protocol/ble/mibeacon/frame.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "crypto/aes.hpp"
#include "protocol/ble/error.hpp"
#include "protocol/ble/mibeacon/objects.hpp"

namespace aiot::ble::mibeacon {
namespace {

/// Bits of the frame control.
constexpr unsigned bit_encrypted = 1u << 3;
constexpr unsigned bit_address = 1u << 4;
constexpr unsigned bit_capability = 1u << 5;
constexpr unsigned bit_objects = 1u << 6;
constexpr unsigned bit_mesh = 1u << 7;
constexpr unsigned bit_registered = 1u << 8;
constexpr unsigned bit_solicited = 1u << 9;
constexpr std::uint8_t capability_io = 0x20;  ///< one more byte follows

constexpr std::size_t head_size = 5;
constexpr std::size_t extended_size = 3;
/// What stands between the halves of a 12-byte key when it becomes an AES key.
constexpr std::array<std::uint8_t, 4> legacy_filling = {0x8D, 0x3D, 0x3C, 0x97};

Error truncated(std::string_view what) {
  return make_error(Errc::truncated, fmt::format("MiBeacon: {}", what));
}

std::size_t tag_size(int version) { return version >= 4 ? 4 : 1; }

Result<crypto::Aes128Key> aes_key(const Frame& frame, ByteSpan key) {
  crypto::Aes128Key out{};
  if (key.size() == 16) {
    std::copy(key.begin(), key.end(), out.begin());
    return out;
  }
  if (key.size() != 12 || frame.version >= 4) {
    return make_error(Errc::wrong_key, "MiBeacon: a key of another length is needed",
                      fmt::format("version {} takes a key of {} hex digits", frame.version,
                                  frame.version >= 4 ? 32 : 24));
  }
  auto at = std::copy_n(key.begin(), 6, out.begin());
  at = std::copy(legacy_filling.begin(), legacy_filling.end(), at);
  std::copy_n(key.begin() + 6, 6, at);
  return out;
}

}  // namespace

std::uint32_t Frame::whole_counter() const {
  std::uint32_t high = 0;
  for (std::size_t i = extended_counter.size(); i-- > 0;) high = high << 8 | extended_counter[i];
  return high << 8 | counter;
}

unsigned Frame::counter_bits() const { return whole_counter() > 0xFF ? 32 : 8; }

Result<Frame> parse_frame(ByteSpan data) {
  if (data.size() < head_size) return truncated("header");
  const unsigned control = load_le16(data.data());
  Frame frame;
  frame.version = static_cast<int>(control >> 12);
  if (frame.version < 2 || frame.version > 5) {
    return make_error(Errc::bad_version, fmt::format("MiBeacon version {}", frame.version));
  }
  frame.encrypted = (control & bit_encrypted) != 0;
  frame.has_objects = (control & bit_objects) != 0;
  frame.mesh = (control & bit_mesh) != 0;
  frame.registered = (control & bit_registered) != 0;
  frame.solicited = (control & bit_solicited) != 0;
  frame.product = load_le16(data.data() + 2);
  frame.counter = data[4];
  frame.head = data.first(head_size);
  data = data.subspan(head_size);
  if ((control & bit_address) != 0) {
    DeviceAddress address{};
    if (data.size() < address.size()) return truncated("address");
    std::reverse_copy(data.begin(), data.begin() + address.size(), address.begin());
    frame.address = address;
    data = data.subspan(address.size());
  }
  if ((control & bit_capability) != 0) {
    if (data.empty()) return truncated("capability");
    frame.capability = data[0];
    const std::size_t size = (data[0] & capability_io) != 0 ? 2 : 1;
    if (data.size() < size) return truncated("capability");
    data = data.subspan(size);
  }
  if (!frame.has_objects) return frame;  // what may follow is a mesh device's own
  if (frame.encrypted) {
    const std::size_t tag = tag_size(frame.version);
    if (data.size() < extended_size + tag) return truncated("counter and tag");
    frame.tag = data.last(tag);
    frame.extended_counter = data.subspan(data.size() - tag - extended_size, extended_size);
    data = data.first(data.size() - tag - extended_size);
  }
  frame.payload = data;
  return frame;
}

Result<Opened> open(const Frame& frame, const DeviceAddress& address, ByteSpan key) {
  // A frame may say that it is encrypted and hold nothing.
  if (frame.tag.empty()) return make_error(Errc::bad_format, "MiBeacon: nothing is encrypted");
  AIOT_TRY(const crypto::Aes128Key aes, aes_key(frame, key));
  const DeviceAddress& sender = frame.address ? *frame.address : address;
  Bytes nonce;
  if (frame.version >= 4) {
    nonce.assign(sender.rbegin(), sender.rend());
    append(nonce, frame.head.subspan(2));
    append(nonce, frame.extended_counter);
    const Bytes associated = {0x11};
    auto plain = crypto::aes_ccm_open(aes, nonce, associated, frame.payload, frame.tag);
    if (!plain) return make_error(Errc::wrong_key, "MiBeacon");
    return Opened{std::move(*plain), true};
  }
  append(nonce, frame.head);
  append(nonce, frame.extended_counter);
  nonce.insert(nonce.end(), sender.rbegin(), sender.rend() - 1);
  Opened opened{crypto::aes_ccm_decrypt_unverified(aes, nonce, frame.payload), false};
  if (!looks_like_objects(opened.objects)) return make_error(Errc::wrong_key, "MiBeacon");
  return opened;
}

}  // namespace aiot::ble::mibeacon
