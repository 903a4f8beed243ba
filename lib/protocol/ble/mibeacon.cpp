#include "protocol/ble/mibeacon.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>

#include "crypto/aes.hpp"
#include "protocol/ble/advert.hpp"
#include "protocol/ble/mibeacon_tables.hpp"

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

namespace {

/// Key identifiers that stand for no key.
std::string_view special_key(std::uint32_t id) {
  switch (id) {
    case 0x00000000: return "administrator";
    case 0xFFFFFFFF: return "unknown";
    case 0xDEADBEEF: return "invalid";
    default: return "";
  }
}

/// The upper half of an identifier says what kind of key it is, from 8001 on.
std::string key_text(std::uint32_t id) {
  if (const auto special = special_key(id); !special.empty()) return std::string(special);
  constexpr std::array<std::string_view, 8> kinds = {
      "fingerprint", "password", "key", "nfc", "two_step", "face", "finger_vein", "palm"};
  const std::uint32_t kind = id >> 16;
  if (kind >= 0x8001 && kind < 0x8001 + kinds.size()) {
    return fmt::format("{} {}", kinds[kind - 0x8001], id & 0xFFFF);
  }
  return id <= 0x7FFFFFFF ? fmt::format("bluetooth {}", id) : fmt::format("{:08x}", id);
}

struct Action {
  std::string_view subject;  ///< what the action moves
  bool open;
  std::string_view text;
};
constexpr std::array<Action, 9> actions = {{
    {"unlocked", true, "unlocked_outside"},
    {"unlocked", false, "locked"},
    {"antilock", true, "antilock_on"},
    {"antilock", false, "antilock_off"},
    {"unlocked", true, "unlocked_inside"},
    {"unlocked", false, "locked_inside"},
    {"childlock", true, "childlock_on"},
    {"childlock", false, "childlock_off"},
    {"unlocked", false, "locked_outside"},
}};

/// C0DE0000 and above are no keys but alarms.
constexpr std::uint32_t first_alarm = 0xC0DE0000;
constexpr std::uint32_t last_alarm = 0xC0DE1FFF;

std::string_view method_text(unsigned method) {
  constexpr std::array<std::string_view, 12> methods = {
      "bluetooth",         "password", "biometrics", "key",     "turntable", "nfc",
      "one_time_password", "two_step", "coercion",   "homekit", "manual",    "automatic"};
  return method < methods.size() ? methods[method] : "abnormal";
}

}  // namespace

bool add_fingerprint(ByteSpan data, std::vector<Reading>& out) {
  constexpr std::array<std::string_view, 7> results = {
      "match", "no_match", "timeout", "low_quality", "too_small", "too_dry", "too_wet"};
  if (data[4] >= results.size()) return false;
  out.push_back({"fingerprint", results[data[4]]});
  out.push_back({"key", key_text(load_le32(data.data()))});
  return true;
}

bool add_lock(ByteSpan data, std::vector<Reading>& out) {
  const unsigned action = data[0] & 0x0F;
  if (action >= actions.size()) return false;
  out.push_back({std::string(actions[action].subject), actions[action].open});
  out.push_back({"lock_event", actions[action].text});
  out.push_back({"lock_method", method_text(data[0] >> 4)});
  const std::uint32_t key = load_le32(data.data() + 1);
  if (key >= first_alarm && key <= last_alarm) {
    out.push_back({"lock_alarm", fmt::format("{:04x}", key & 0xFFFF)});
  } else {
    out.push_back({"key", key_text(key)});
  }
  return true;
}

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
  unsigned press = data[2];
  const bool is_wall_switch =
      product == switch_k9b_1btn || product == switch_k9b_2btn || product == switch_k9b_3btn;
  if (is_wall_switch && (press == 1 || press == 2)) press = 3 - press;  // 1 is a long press there
  if (press < presses.size()) out.push_back({"button", presses[press]});
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

/// 4A68 of a leak sensor: what begins or ends.
bool add_leak(std::uint8_t event, Readings& out) {
  if (event > 3) return false;
  out.push_back({event < 2 ? "moisture" : "top_splash", event % 2 == 0});
  return true;
}

/// 5A16: in bed, out of bed, or the button.
bool add_bed(std::uint8_t event, Readings& out) {
  if (event == 0 || event > 3) return false;
  if (event == 3) {
    out.push_back({"button", "double_press"});
  } else {
    out.push_back({"bed_occupancy", event == 1});
  }
  return true;
}

/// 2000 of a thermometer for the skin: two temperatures, and the battery. The body's is what
/// receivers found to agree with the maker's app from 36.5 to 37.8 (xiaomi-ble, ble_monitor).
void add_body_temperature(const std::uint8_t* p, Readings& out) {
  const double body = 3.71934e-11 * std::exp(0.69314 * signed16(p) / 100) -
                      1.02801e-8 * std::exp(0.53871 * signed16(p + 2) / 100) + 36.413;
  out.push_back({"temperature", finite(std::round(body * 100) / 100), "celsius"});
  out.push_back({"battery", int{p[4]}, "percent"});
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
    case 0x2000:
      if (size != 5) return false;
      add_body_temperature(p, out);
      return true;
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
    case 0x4A68: return add_leak(p[0], out);
    case 0x5A16: return add_bed(p[0], out);
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
