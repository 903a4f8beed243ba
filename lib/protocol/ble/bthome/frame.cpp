#include "protocol/ble/bthome/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "crypto/aes.hpp"
#include "protocol/ble/error.hpp"

namespace aiot::ble::bthome {
namespace {

constexpr std::size_t counter_size = 4;
constexpr std::size_t tag_size = 4;

/// Version 2's first byte: bit 0 encrypted, 1 an address follows, 2 triggered, 5 to 7 the version.
constexpr std::uint8_t info_encrypted = 0x01;
constexpr std::uint8_t info_address = 0x02;
constexpr std::uint8_t info_on_event = 0x04;

Result<Frame> split_sealed(Frame frame, ByteSpan data) {
  if (data.size() < counter_size + tag_size) {
    return make_error(Errc::truncated, "BTHome: no room for counter and tag");
  }
  const std::size_t size = data.size() - counter_size - tag_size;
  frame.payload = data.first(size);
  frame.counter_bytes = data.subspan(size, counter_size);
  frame.tag = data.last(tag_size);
  return frame;
}

}  // namespace

std::uint32_t Frame::counter() const {
  return counter_bytes.empty() ? 0 : load_le32(counter_bytes.data());
}

bool is_bthome(const Uuid& service) {
  const auto number = service.number();
  return number == service_v1 || number == service_v1_encrypted || number == service_v2;
}

Result<Frame> parse_frame(const Uuid& service, ByteSpan data) {
  Frame frame;
  if (service == Uuid::of(service_v1) || service == Uuid::of(service_v1_encrypted)) {
    frame.version = 1;
    frame.encrypted = service == Uuid::of(service_v1_encrypted);
    if (frame.encrypted) return split_sealed(frame, data);
    frame.payload = data;
    return frame;
  }
  if (service != Uuid::of(service_v2)) return make_error(Errc::bad_format, "BTHome");
  if (data.empty()) return make_error(Errc::truncated, "BTHome");
  frame.info = data[0];
  frame.version = data[0] >> 5;
  if (frame.version != 2) {
    return make_error(Errc::bad_version, fmt::format("BTHome version {}", frame.version));
  }
  frame.encrypted = (frame.info & info_encrypted) != 0;
  frame.on_event = (frame.info & info_on_event) != 0;
  data = data.subspan(1);
  if ((frame.info & info_address) != 0) {
    DeviceAddress address{};
    if (data.size() < address.size()) return make_error(Errc::truncated, "BTHome: address");
    std::reverse_copy(data.begin(), data.begin() + address.size(), address.begin());
    frame.address = address;
    data = data.subspan(address.size());
  }
  if (frame.encrypted) return split_sealed(frame, data);
  frame.payload = data;
  return frame;
}

Result<Bytes> open(const Frame& frame, const DeviceAddress& address, ByteSpan key) {
  if (frame.tag.empty()) return make_error(Errc::bad_format, "BTHome: nothing is encrypted");
  crypto::Aes128Key aes{};
  if (key.size() != aes.size()) {
    return make_error(Errc::wrong_key, "BTHome: a key of another length is needed",
                      "BTHome takes a key of 32 hex digits");
  }
  std::copy(key.begin(), key.end(), aes.begin());
  const DeviceAddress& sender = frame.address ? *frame.address : address;
  Bytes nonce(sender.begin(), sender.end());
  Bytes associated;
  if (frame.version == 1) {
    append_le16(nonce, service_v1_encrypted);
    associated = {0x11};
  } else {
    append_le16(nonce, service_v2);
    nonce.push_back(frame.info);
  }
  append(nonce, frame.counter_bytes);
  auto plain = crypto::aes_ccm_open(aes, nonce, associated, frame.payload, frame.tag);
  if (!plain) return make_error(Errc::wrong_key, "BTHome");
  return std::move(*plain);
}

}  // namespace aiot::ble::bthome
