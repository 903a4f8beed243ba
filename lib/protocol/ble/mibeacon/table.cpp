#include "protocol/ble/mibeacon/table.hpp"

#include <algorithm>
#include <array>

namespace aiot::ble::mibeacon {
namespace {

/// Attributes 0000 to 1FFF from Xiaomi's MiBeacon object definition; 4000 and above are those of
/// single products, as receivers found them (xiaomi-ble).
constexpr std::array<ObjectType, 39> types = {{
    {0x0003, "motion", "", Form::boolean, 1},
    {0x0008, "armed", "", Form::inverted, 1},
    {0x000A, "temperature", "celsius", Form::signed_, 2, 100},
    {0x1004, "temperature", "celsius", Form::signed_, 2, 10},
    {0x1006, "humidity", "percent", Form::number, 2, 10},
    {0x1008, "moisture", "percent", Form::number, 1},
    {0x1009, "conductivity", "us_cm", Form::number, 2},
    {0x100A, "battery", "percent", Form::number, 1},
    {0x100E, "lock_attributes", "", Form::number, 1},
    {0x1010, "formaldehyde", "mg_m3", Form::number, 2, 100},
    {0x1012, "power", "", Form::boolean, 1},
    {0x1013, "consumable", "percent", Form::number, 1},
    {0x1014, "moisture", "", Form::boolean, 1},
    {0x1015, "smoke", "", Form::boolean, 1},
    {0x1018, "light", "", Form::boolean, 1},
    {0x4801, "temperature", "celsius", Form::floating, 4},
    {0x4802, "humidity", "percent", Form::number, 1},
    {0x4803, "battery", "percent", Form::number, 1},
    {0x4805, "illuminance", "lux", Form::floating, 4},
    {0x4806, "moisture", "", Form::boolean, 1},
    {0x4808, "humidity", "percent", Form::floating, 4},
    {0x483C, "occupancy", "", Form::boolean, 1},
    {0x483D, "pressed", "s", Form::number, 4},
    {0x483E, "not_pressed", "s", Form::number, 4},
    {0x4851, "occupied", "min", Form::number, 1},
    {0x4852, "vacant", "min", Form::number, 1},
    {0x487B, "top_splash", "", Form::boolean, 1},
    {0x4A01, "battery_low", "", Form::boolean, 1},
    {0x4C01, "temperature", "celsius", Form::floating, 4},
    {0x4C02, "humidity", "percent", Form::number, 1},
    {0x4C03, "battery", "percent", Form::number, 1},
    {0x4C08, "humidity", "percent", Form::floating, 4},
    {0x4C14, "mode", "", Form::number, 1},
    {0x4E01, "battery_low", "", Form::boolean, 1},
    {0x5003, "battery", "percent", Form::number, 1},
    {0x5413, "occupancy_close_range", "", Form::boolean, 1},
    {0x5414, "mode", "", Form::number, 1},
    {0x5810, "asleep", "", Form::inverted, 1},
    {0x6461, "wearing", "", Form::inverted, 1},
}};
static_assert(std::ranges::is_sorted(types, {}, &ObjectType::id));

}  // namespace

const ObjectType* find_object_type(std::uint16_t id) {
  const auto it = std::ranges::lower_bound(types, id, {}, &ObjectType::id);
  return it != types.end() && it->id == id ? &*it : nullptr;
}

}  // namespace aiot::ble::mibeacon
