#include "protocol/ble/atc.hpp"

#include <algorithm>

#include "crypto/aes.hpp"
#include "protocol/ble/advert.hpp"

namespace aiot::ble::atc {
namespace {

constexpr std::size_t address_size = 6;
constexpr std::size_t tag_size = 4;
constexpr std::array<std::uint8_t, 3> telink = {0xA4, 0xC1, 0x38};

std::optional<Form> form_of(std::size_t size) {
  switch (size) {
    case 13: return Form::atc;
    case 8: return Form::atc_encrypted;
    case 15: return Form::pvvx;
    case 11: return Form::pvvx_encrypted;
    default: return std::nullopt;
  }
}

std::int16_t signed16(unsigned value) { return static_cast<std::int16_t>(value); }
std::vector<Reading> atc_readings(const std::uint8_t* p) {
  return {{"temperature", scaled(signed16(load_be16(p)), 1, 10), "celsius"},
          {"humidity", int{p[2]}, "percent"},
          {"battery", int{p[3]}, "percent"},
          {"voltage", scaled(load_be16(p + 4), 1, 1000), "volt"}};
}

std::vector<Reading> pvvx_readings(const std::uint8_t* p) {
  return {{"temperature", scaled(signed16(load_le16(p)), 1, 100), "celsius"},
          {"humidity", scaled(load_le16(p + 2), 1, 100), "percent"},
          {"voltage", scaled(load_le16(p + 4), 1, 1000), "volt"},
          {"battery", int{p[6]}, "percent"}};
}

/// Half degrees from -40, half percents, and a switch in the battery's highest bit.
std::vector<Reading> atc_sealed_readings(const std::uint8_t* p) {
  return {{"temperature", scaled(p[0] - 80, 1, 2), "celsius"},
          {"humidity", scaled(p[1], 1, 2), "percent"},
          {"battery", std::min(p[2] & 0x7F, 100), "percent"}};
}

std::vector<Reading> pvvx_sealed_readings(const std::uint8_t* p) {
  return {{"temperature", scaled(signed16(load_le16(p)), 1, 100), "celsius"},
          {"humidity", scaled(load_le16(p + 2), 1, 100), "percent"},
          {"battery", std::min(int{p[4]}, 100), "percent"}};
}

}  // namespace

std::string_view form_text(Form form) {
  return form == Form::atc || form == Form::atc_encrypted ? "atc1441" : "pvvx";
}

std::optional<Frame> parse_frame(ByteSpan data, const DeviceAddress& sender, bool expected) {
  const std::optional<Form> form = form_of(data.size());
  if (!form) return std::nullopt;
  Frame frame;
  frame.form = *form;
  if (frame.encrypted()) {
    if (!expected && !std::equal(telink.begin(), telink.end(), sender.begin())) return std::nullopt;
    frame.counter = data[0];
    frame.tag = data.last(tag_size);
    frame.payload = data.subspan(1, data.size() - 1 - tag_size);
    return frame;
  }
  DeviceAddress address{};
  std::copy_n(data.begin(), address_size, address.begin());
  if (*form == Form::pvvx) std::reverse(address.begin(), address.end());
  if (address != sender) return std::nullopt;
  frame.address = address;
  frame.payload = data.subspan(address_size);
  frame.counter = data[*form == Form::pvvx ? 13 : 12];
  return frame;
}

Result<Bytes> open(const Frame& frame, const DeviceAddress& sender, ByteSpan key) {
  crypto::Aes128Key aes{};
  if (frame.tag.size() != tag_size || key.size() != aes.size()) {
    return make_error(Errc::wrong_key, "ATC: a key of another length is needed",
                      "it takes a key of 32 hex digits");
  }
  std::copy(key.begin(), key.end(), aes.begin());
  // The sender, then the advert's own bytes up to the counter: length, type, service.
  Bytes nonce(sender.rbegin(), sender.rend());
  const auto length = static_cast<std::uint8_t>(3 + 1 + frame.payload.size() + tag_size);
  nonce.insert(nonce.end(), {length, 0x16, service & 0xFF, service >> 8, frame.counter});
  const Bytes associated = {0x11};
  auto plain = crypto::aes_ccm_open(aes, nonce, associated, frame.payload, frame.tag);
  if (!plain) return make_error(Errc::wrong_key, "ATC");
  return *std::move(plain);
}

std::vector<Reading> readings(Form form, ByteSpan values) {
  const auto has = [&](std::size_t size) { return values.size() >= size; };
  switch (form) {
    case Form::atc: return has(6) ? atc_readings(values.data()) : std::vector<Reading>();
    case Form::pvvx: return has(7) ? pvvx_readings(values.data()) : std::vector<Reading>();
    case Form::atc_encrypted:
      return has(3) ? atc_sealed_readings(values.data()) : std::vector<Reading>();
    case Form::pvvx_encrypted:
      return has(5) ? pvvx_sealed_readings(values.data()) : std::vector<Reading>();
  }
  return {};
}

}  // namespace aiot::ble::atc
