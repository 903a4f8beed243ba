#include "protocol/ble/mibeacon/objects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "protocol/ble/mibeacon/events.hpp"
#include "protocol/ble/mibeacon/table.hpp"

namespace aiot::ble::mibeacon {
namespace {

constexpr std::size_t header_size = 3;
constexpr std::string_view unknown_prefix = "object_";

Value value_of(const ObjectType& type, ByteSpan data) {
  std::uint32_t number = 0;
  for (std::size_t i = data.size(); i-- > 0;) number = number << 8 | data[i];
  switch (type.form) {
    case Form::boolean: return number != 0;
    case Form::inverted: return number == 0;
    case Form::floating:
      // Sent as a float: its last digits are noise.
      return finite(std::round(static_cast<double>(std::bit_cast<float>(number)) * 100) / 100);
    case Form::signed_: {
      const unsigned unused_bits = 32 - 8 * static_cast<unsigned>(type.size);
      return scaled(static_cast<std::int32_t>(number << unused_bits) >> unused_bits, 1,
                    type.divisor);
    }
    case Form::number: break;
  }
  return scaled(number, 1, type.divisor);
}

void add_object(std::uint16_t product, std::uint16_t id, ByteSpan data, Objects& out) {
  if (add_event(product, id, data, out.readings)) return;
  const ObjectType* type = find_object_type(id);
  if (type != nullptr && data.size() >= type->size) {
    out.readings.push_back(
        {std::string(type->name), value_of(*type, data.first(type->size)), type->unit});
    return;
  }
  out.readings.push_back(
      {fmt::format("{}{:04x}", unknown_prefix, id), Bytes(data.begin(), data.end())});
}

}  // namespace

Objects parse_objects(std::uint16_t product, ByteSpan payload) {
  Objects out;
  while (!payload.empty()) {
    if (payload.size() < header_size || payload.size() - header_size < payload[2]) {
      out.complete = false;
      break;
    }
    const std::size_t size = payload[2];
    add_object(product, load_le16(payload.data()), payload.subspan(header_size, size), out);
    payload = payload.subspan(header_size + size);
  }
  settle(out.readings);
  return out;
}

bool looks_like_objects(ByteSpan payload) {
  const Objects objects = parse_objects(0, payload);
  return objects.complete && !objects.readings.empty() &&
         std::ranges::none_of(objects.readings, [](const Reading& reading) {
           return reading.name.starts_with(unknown_prefix);
         });
}

}  // namespace aiot::ble::mibeacon
