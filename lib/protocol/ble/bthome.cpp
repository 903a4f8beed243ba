#include "protocol/ble/bthome.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>

#include "crypto/aes.hpp"
#include "protocol/ble/advert.hpp"

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

namespace {

std::uint64_t unsigned_of(ByteSpan bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

std::int64_t signed_of(ByteSpan bytes) {
  std::uint64_t value = unsigned_of(bytes);
  if (!bytes.empty() && bytes.size() < 8 && (bytes.back() & 0x80) != 0) {
    value |= ~std::uint64_t{0} << (8 * bytes.size());
  }
  return static_cast<std::int64_t>(value);
}

/// IEEE 754 of 2, 4 or 8 bytes.
std::optional<double> float_of(ByteSpan bytes) {
  if (bytes.size() == 8) return std::bit_cast<double>(load_le64(bytes.data()));
  if (bytes.size() == 4) return std::bit_cast<float>(load_le32(bytes.data()));
  if (bytes.size() != 2) return std::nullopt;
  const std::uint16_t half = load_le16(bytes.data());
  const int exponent = half >> 10 & 0x1F;
  const double fraction = half & 0x3FF;
  const double magnitude = exponent == 0    ? std::ldexp(fraction, -24)
                           : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                            : std::ldexp(fraction + 1024, exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

std::string_view button_text(std::uint8_t event) {
  switch (event) {
    case 0x01: return "press";
    case 0x02: return "double_press";
    case 0x03: return "triple_press";
    case 0x04: return "long_press";
    case 0x05: return "long_double_press";
    case 0x06: return "long_triple_press";
    case 0x80: return "hold_press";
    default: return "";
  }
}

Value button_value(std::uint8_t event) {
  const std::string_view text = button_text(event);
  if (text.empty()) return nullptr;  // nothing happened at this one; the next is still the second
  return text;
}

void add_dimmer(ByteSpan data, Objects& out) {
  const std::uint8_t direction = data[0];
  Reading turned{"dimmer", nullptr};
  if (direction == 1) turned.value = "rotate_left";
  if (direction == 2) turned.value = "rotate_right";
  out.readings.push_back(std::move(turned));
  if (direction != 0 && data.size() > 1) out.readings.push_back({"dimmer_steps", int{data[1]}});
}

void add_object(const ObjectType& type, Form form, ByteSpan data, Objects& out) {
  const auto add = [&](Value value) {
    out.readings.push_back({std::string(type.name), std::move(value), type.unit});
  };
  switch (form) {
    case Form::packet_id: out.packet_id = data[0]; break;
    case Form::number:
      add(scaled(static_cast<std::int64_t>(unsigned_of(data)), type.multiplier, type.divisor));
      break;
    case Form::signed_: add(scaled(signed_of(data), type.multiplier, type.divisor)); break;
    case Form::boolean: add(unsigned_of(data) != 0); break;
    case Form::button: add(button_value(data[0])); break;
    case Form::dimmer: add_dimmer(data, out); break;
    case Form::text: add(to_string(data)); break;
    case Form::raw: add(Bytes(data.begin(), data.end())); break;
    case Form::timestamp: add(unsigned_of(data)); break;
    case Form::version: {
      std::string version;
      for (std::size_t i = data.size(); i-- > 0;) {
        version += fmt::format("{}{}", data[i], i == 0 ? "" : ".");
      }
      add(version);
      break;
    }
  }
}

/// The object at the beginning, which is taken off; false when it is not known or not whole.
bool take_v2(ByteSpan& payload, Objects& out) {
  const ObjectType* type = find_object_type(payload[0]);
  if (type == nullptr) return false;  // nor is its length known
  payload = payload.subspan(1);
  std::size_t size = type->size;
  if (size == 0) {
    if (payload.empty()) return false;
    size = payload[0];
    payload = payload.subspan(1);
  }
  if (size > payload.size()) return false;
  add_object(*type, type->form, payload.first(size), out);
  payload = payload.subspan(size);
  return true;
}

/// How version 1 writes a value: bits 5 to 7 of an object's first byte.
enum class Format : std::uint8_t { unsigned_, signed_, floating, text, address, timestamp };

bool is_number(const ObjectType& type) {
  return type.form == Form::number || type.form == Form::signed_;
}

/// False for what is not understood.
bool add_v1(const ObjectType& type, Format format, ByteSpan data, Objects& out) {
  const std::string name(type.name);
  switch (format) {
    case Format::text: out.readings.push_back({name, to_string(data)}); return true;
    case Format::address: return true;  // the sender's, which the advert has
    case Format::floating: {
      const std::optional<double> value = float_of(data);
      if (!value || !is_number(type)) return false;
      const auto multiplier = static_cast<double>(type.multiplier);
      out.readings.push_back(
          {name, finite(*value * multiplier / static_cast<double>(type.divisor)), type.unit});
      return true;
    }
    case Format::unsigned_:
    case Format::signed_:
    case Format::timestamp: {
      if (data.size() > 4) return false;
      const Form form = format == Format::signed_ ? Form::signed_ : Form::number;
      add_object(type, is_number(type) ? form : type.form, data, out);
      return true;
    }
  }
  return false;
}

bool take_v1(ByteSpan& payload, Objects& out) {
  const std::size_t length = payload[0] & 0x1F;  // of the object id and its data
  const auto format = static_cast<Format>(payload[0] >> 5);
  payload = payload.subspan(1);
  if (length > payload.size()) return false;
  const ByteSpan object = payload.first(length);
  payload = payload.subspan(length);
  if (object.size() < 2) return true;  // says nothing
  const ObjectType* type = find_object_type(object[0]);
  // Its length is known: the next one can be read even when this one cannot.
  if (type == nullptr || !add_v1(*type, format, object.subspan(1), out)) {
    out.complete = false;
  }
  return true;
}

}  // namespace

Objects parse_objects(int version, ByteSpan payload) {
  Objects out;
  while (!payload.empty()) {
    if (version == 1 ? take_v1(payload, out) : take_v2(payload, out)) continue;
    out.complete = false;
    break;
  }
  settle(out.readings);
  return out;
}

namespace {

/// bthome.io/format, in the order of the ids.
constexpr std::array<ObjectType, 93> types = {{
    {0x00, "packet_id", "", Form::packet_id, 1},
    {0x01, "battery", "percent", Form::number, 1},
    {0x02, "temperature", "celsius", Form::signed_, 2, 1, 100},
    {0x03, "humidity", "percent", Form::number, 2, 1, 100},
    {0x04, "pressure", "hpa", Form::number, 3, 1, 100},
    {0x05, "illuminance", "lux", Form::number, 3, 1, 100},
    {0x06, "mass", "kg", Form::number, 2, 1, 100},
    {0x07, "mass", "lb", Form::number, 2, 1, 100},
    {0x08, "dew_point", "celsius", Form::signed_, 2, 1, 100},
    {0x09, "count", "", Form::number, 1},
    {0x0A, "energy", "kwh", Form::number, 3, 1, 1000},
    {0x0B, "power", "watt", Form::number, 3, 1, 100},
    {0x0C, "voltage", "volt", Form::number, 2, 1, 1000},
    {0x0D, "pm2_5", "ug_m3", Form::number, 2},
    {0x0E, "pm10", "ug_m3", Form::number, 2},
    {0x0F, "generic", "", Form::boolean, 1},
    {0x10, "power", "", Form::boolean, 1},
    {0x11, "opening", "", Form::boolean, 1},
    {0x12, "co2", "ppm", Form::number, 2},
    {0x13, "tvoc", "ug_m3", Form::number, 2},
    {0x14, "moisture", "percent", Form::number, 2, 1, 100},
    {0x15, "battery_low", "", Form::boolean, 1},
    {0x16, "battery_charging", "", Form::boolean, 1},
    {0x17, "carbon_monoxide", "", Form::boolean, 1},
    {0x18, "cold", "", Form::boolean, 1},
    {0x19, "connectivity", "", Form::boolean, 1},
    {0x1A, "door", "", Form::boolean, 1},
    {0x1B, "garage_door", "", Form::boolean, 1},
    {0x1C, "gas", "", Form::boolean, 1},
    {0x1D, "heat", "", Form::boolean, 1},
    {0x1E, "light", "", Form::boolean, 1},
    {0x1F, "unlocked", "", Form::boolean, 1},
    {0x20, "moisture", "", Form::boolean, 1},
    {0x21, "motion", "", Form::boolean, 1},
    {0x22, "moving", "", Form::boolean, 1},
    {0x23, "occupancy", "", Form::boolean, 1},
    {0x24, "plug", "", Form::boolean, 1},
    {0x25, "presence", "", Form::boolean, 1},
    {0x26, "problem", "", Form::boolean, 1},
    {0x27, "running", "", Form::boolean, 1},
    {0x28, "safe", "", Form::boolean, 1},
    {0x29, "smoke", "", Form::boolean, 1},
    {0x2A, "sound", "", Form::boolean, 1},
    {0x2B, "tamper", "", Form::boolean, 1},
    {0x2C, "vibration", "", Form::boolean, 1},
    {0x2D, "window", "", Form::boolean, 1},
    {0x2E, "humidity", "percent", Form::number, 1},
    {0x2F, "moisture", "percent", Form::number, 1},
    {0x3A, "button", "", Form::button, 1},
    {0x3C, "dimmer", "", Form::dimmer, 2},
    {0x3D, "count", "", Form::number, 2},
    {0x3E, "count", "", Form::number, 4},
    {0x3F, "rotation", "degree", Form::signed_, 2, 1, 10},
    {0x40, "distance", "mm", Form::number, 2},
    {0x41, "distance", "m", Form::number, 2, 1, 10},
    {0x42, "duration", "s", Form::number, 3, 1, 1000},
    {0x43, "current", "ampere", Form::number, 2, 1, 1000},
    {0x44, "speed", "m_s", Form::number, 2, 1, 100},
    {0x45, "temperature", "celsius", Form::signed_, 2, 1, 10},
    {0x46, "uv_index", "", Form::number, 1, 1, 10},
    {0x47, "volume", "liter", Form::number, 2, 1, 10},
    {0x48, "volume", "ml", Form::number, 2},
    {0x49, "volume_flow_rate", "m3_h", Form::number, 2, 1, 1000},
    {0x4A, "voltage", "volt", Form::number, 2, 1, 10},
    {0x4B, "gas", "m3", Form::number, 3, 1, 1000},
    {0x4C, "gas", "m3", Form::number, 4, 1, 1000},
    {0x4D, "energy", "kwh", Form::number, 4, 1, 1000},
    {0x4E, "volume", "liter", Form::number, 4, 1, 1000},
    {0x4F, "water", "liter", Form::number, 4, 1, 1000},
    {0x50, "timestamp", "unix_s", Form::timestamp, 4},
    {0x51, "acceleration", "m_s2", Form::number, 2, 1, 1000},
    {0x52, "gyroscope", "degree_s", Form::number, 2, 1, 1000},
    {0x53, "text", "", Form::text, 0},
    {0x54, "raw", "", Form::raw, 0},
    {0x55, "volume_storage", "liter", Form::number, 4, 1, 1000},
    {0x56, "conductivity", "us_cm", Form::number, 2},
    {0x57, "temperature", "celsius", Form::signed_, 1},
    {0x58, "temperature", "celsius", Form::signed_, 1, 35, 100},
    {0x59, "count", "", Form::signed_, 1},
    {0x5A, "count", "", Form::signed_, 2},
    {0x5B, "count", "", Form::signed_, 4},
    {0x5C, "power", "watt", Form::signed_, 4, 1, 100},
    {0x5D, "current", "ampere", Form::signed_, 2, 1, 1000},
    {0x5E, "direction", "degree", Form::number, 2, 1, 100},
    {0x5F, "precipitation", "mm", Form::number, 2, 1, 10},
    {0x60, "channel", "", Form::number, 1},
    {0x61, "rotational_speed", "rpm", Form::number, 2},
    {0x62, "speed", "m_s", Form::signed_, 4, 1, 1000000},
    {0x63, "acceleration", "m_s2", Form::signed_, 4, 1, 1000000},
    {0x64, "light_level", "", Form::number, 1},
    {0xF0, "device_type", "", Form::number, 2},
    {0xF1, "firmware_version", "", Form::version, 4},
    {0xF2, "firmware_version", "", Form::version, 3},
}};
static_assert(std::ranges::is_sorted(types, {}, &ObjectType::id));

}  // namespace

const ObjectType* find_object_type(std::uint8_t id) {
  const auto it = std::ranges::lower_bound(types, id, {}, &ObjectType::id);
  return it != types.end() && it->id == id ? &*it : nullptr;
}

}  // namespace aiot::ble::bthome
