#include "protocol/ble/bthome/objects.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "protocol/ble/bthome/table.hpp"

namespace aiot::ble::bthome {
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

}  // namespace aiot::ble::bthome
