#include "protocol/ble/mibeacon/lock.hpp"

#include <fmt/format.h>

#include <array>

namespace aiot::ble::mibeacon {
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

}  // namespace aiot::ble::mibeacon
