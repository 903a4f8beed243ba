#include "protocol/ble/mibeacon/events.hpp"

#include <array>
#include <bit>

#include "protocol/ble/mibeacon/lock.hpp"
#include "protocol/ble/mibeacon/products.hpp"

namespace aiot::ble::mibeacon {
namespace {

using Readings = std::vector<Reading>;

/// Receivers count half a minute without motion as motion still.
constexpr std::uint32_t still_motion_s = 30;

int signed16(const std::uint8_t* p) { return static_cast<std::int16_t>(load_le16(p)); }

void add_idle(std::uint32_t seconds, Readings& out) {
  out.push_back({"idle", seconds, "s"});
  out.push_back({"motion", seconds <= still_motion_s});
}

/// Some products send only dark or light where others send lux.
void add_light(std::uint16_t product, std::uint32_t value, Readings& out) {
  if (product == motion_mjyd02yl || product == motion_rtcgq02lm || product == door_mccgq02hl) {
    out.push_back({"light", value >= 100});
  } else {
    out.push_back({"illuminance", value, "lux"});
  }
}

bool add_door(std::uint8_t event, Readings& out) {
  constexpr std::array<std::string_view, 6> events = {"opened",  "closed", "left_open",
                                                      "knocked", "pried",  "stuck"};
  if (event >= events.size()) return false;
  out.push_back({"door", event == 0 || event == 2 || event == 4});
  out.push_back({"door_event", events[event]});
  return true;
}

/// 1019 and 480C: 0 open, 1 closed, 2 not closed in time.
bool add_opening(std::uint8_t state, Readings& out) {
  if (state > 2) return false;
  out.push_back({"opening", state != 1});
  if (state == 2) out.push_back({"left_open", true});
  return true;
}

/// 4804 and 4A12: 1 open, 2 closed.
bool add_opening_from_one(std::uint8_t state, Readings& out) {
  if (state != 1 && state != 2) return false;
  out.push_back({"opening", state == 1});
  return true;
}

void add_dimmer(ByteSpan data, Readings& out) {
  const int button = data[0];
  const int value = data[1];
  const auto turned = [&](int steps, std::string_view right, std::string_view left) {
    out.push_back({"dimmer", steps <= 127 ? right : left});
    out.push_back({"dimmer_steps", steps <= 127 ? steps : 256 - steps});
  };
  if (data[2] == 3) {
    out.push_back({"dimmer", button == 0 ? "press" : "long_press"});
    out.push_back({button == 0 ? "dimmer_presses" : "dimmer_held", value});
  } else if (data[2] == 4) {
    if (button == 0) {
      turned(value, "rotate_right", "rotate_left");
    } else {
      turned(button, "rotate_right_pressed", "rotate_left_pressed");
    }
  }
}

void add_button(std::uint16_t product, ByteSpan data, Readings& out) {
  if (product == dimmer_ylkg07yl) return add_dimmer(data, out);
  if (product == cube_xmmf01jqd) {
    out.push_back({"cube", data[0] == 0 ? "rotate_right" : "rotate_left"});
    return;
  }
  constexpr std::array<std::string_view, 4> presses = {"press", "double_press", "long_press",
                                                       "triple_press"};
  if (data[2] < presses.size()) out.push_back({"button", presses[data[2]]});
  out.push_back({"button_id", int{load_le16(data.data())}});
}

/// x0C, x0D, x0E of several products: one, two, a long press; a byte may say of which button.
bool add_press(std::uint16_t id, ByteSpan data, Readings& out) {
  constexpr std::array<std::string_view, 3> presses = {"press", "double_press", "long_press"};
  out.push_back({"button", presses[(id & 0xFFu) - 0x0C]});
  if (data.size() == 1) out.push_back({"button_id", int{data[0]}});
  return true;
}

void add_toothbrush(ByteSpan data, Readings& out) {
  const bool on = data[0] == 0;
  out.push_back({"toothbrush", on});
  if (data.size() > 1) out.push_back({on ? "counter" : "score", int{data[1]}});
}

/// MJTZC01YM: profile, then mass, heart rate and impedance in 32 bits, then a time.
void add_body_scale(ByteSpan data, Readings& out) {
  const std::uint32_t bits = load_le32(data.data() + 1);
  const std::uint32_t mass = bits & 0x7FF;
  const std::uint32_t heart = bits >> 11 & 0x7F;
  const std::uint32_t impedance = bits >> 18;
  out.push_back({"profile", int{data[0]}});
  if (mass != 0) out.push_back({"mass", scaled(mass, 1, 10), "kg"});
  if (heart != 0 && heart != 0x7F) out.push_back({"heart_rate", heart + 50, "bpm"});
  if (impedance != 0) {
    // Measured at 50 kHz together with the mass, at 250 kHz in an advert of its own.
    const bool alone = mass == 0 && heart == 0;
    out.push_back({alone ? "impedance_high" : "impedance_low", scaled(impedance, 1, 10), "ohm"});
  }
}

std::string_view charging_text(std::uint8_t state) {
  switch (state) {
    case 0: return "charging";
    case 1: return "not_charging";
    case 2: return "full";
    default: return "unknown";
  }
}

}  // namespace

bool add_event(std::uint16_t product, std::uint16_t id, ByteSpan data, Readings& out) {
  const auto size = data.size();
  const std::uint8_t* p = data.data();
  const auto add = [&](Reading reading) { out.push_back(std::move(reading)); };
  switch (id) {
    case 0x4A0C:
    case 0x4A0D:
    case 0x4A0E:
    case 0x4E0C:
    case 0x4E0D:
    case 0x4E0E:
    case 0x560C:
    case 0x560D:
    case 0x560E: return add_press(id, data, out);
    default: break;
  }
  if (size == 0) return false;
  switch (id) {
    case 0x0006: return size == 5 && add_fingerprint(data, out);
    case 0x0007: return add_door(p[0], out);
    case 0x000B: return size == 9 && add_lock(data, out);
    case 0x000F:
      if (size < 3) return false;
      add({"motion", true});
      add_light(product, load_le16(p) | static_cast<std::uint32_t>(p[2]) << 16, out);
      return true;
    case 0x0010: add_toothbrush(data, out); return true;
    case 0x1001:
      if (size != 3) return false;
      add_button(product, data, out);
      return true;
    case 0x1005:
      if (size < 2) return false;
      add({"power", p[0] != 0});
      add({"temperature", int{p[1]}, "celsius"});
      return true;
    case 0x1007:
      if (size < 3) return false;
      add_light(product, load_le16(p) | static_cast<std::uint32_t>(p[2]) << 16, out);
      return true;
    case 0x100D:
      if (size < 4) return false;
      add({"temperature", scaled(signed16(p), 1, 10), "celsius"});
      add({"humidity", scaled(load_le16(p + 2), 1, 10), "percent"});
      return true;
    case 0x1017:
      if (size < 4) return false;
      add_idle(load_le32(p), out);
      return true;
    case 0x1019:
    case 0x480C: return add_opening(p[0], out);
    case 0x101B: add({"motion", false}); return true;
    case 0x3003:
      if (size < 5 || p[0] > 1) return false;
      add({"toothbrush", p[0] == 0});
      if (size > 5) add({"score", int{p[5]}});
      return true;
    case 0x4804:
    case 0x4A12: return add_opening_from_one(p[0], out);
    case 0x4818:
      if (size < 2) return false;
      add_idle(load_le16(p), out);
      return true;
    case 0x484E:  // 0 nobody; one product has a second value for it
      add({"occupancy", product == presence_xmosb01xs ? p[0] == 1 : p[0] != 0});
      return true;
    case 0x4A08:
      if (size < 4) return false;
      add({"motion", true});
      add({"illuminance", finite(std::bit_cast<float>(load_le32(p))), "lux"});
      return true;
    case 0x4A0F:
      if (p[0] != 1) return false;
      add({"opening", true});
      add({"pried", true});
      return true;
    case 0x4A13: add({"button", p[0] == 1 ? "press" : "release"}); return true;
    case 0x4A1A:
      if (p[0] != 1) return false;
      add({"opening", true});
      add({"left_open", true});
      return true;
    case 0x4E16:
      if (size != 9) return false;
      add({"profile", int{p[0]}});
      if (load_le32(p + 1) != 0) add({"mass", scaled(load_le32(p + 1), 1, 100), "kg"});
      return true;
    case 0x5422: add({"charging_state", charging_text(p[0])}); return true;
    case 0x6E16:
      if (size != 9) return false;
      add_body_scale(data, out);
      return true;
    default: return false;
  }
}

}  // namespace aiot::ble::mibeacon
