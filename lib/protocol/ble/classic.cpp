#include "protocol/ble/classic.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "protocol/ble/advert.hpp"

namespace aiot::ble {
namespace {

// Assigned Numbers, 2.8.2: each list is indexed by the minor number, bits 2 to 7.
constexpr std::array<std::string_view, 8> computers = {
    "", "desktop", "server", "laptop", "handheld", "palm size", "wearable", "tablet"};
constexpr std::array<std::string_view, 6> phones = {"",           "cellular", "cordless",
                                                    "smartphone", "modem",    "ISDN access"};
constexpr std::array<std::string_view, 19> audio_video = {"",
                                                          "headset",
                                                          "hands-free device",
                                                          "",
                                                          "microphone",
                                                          "loudspeaker",
                                                          "headphones",
                                                          "portable audio",
                                                          "car audio",
                                                          "set-top box",
                                                          "hi-fi audio",
                                                          "video recorder",
                                                          "video camera",
                                                          "camcorder",
                                                          "video monitor",
                                                          "video display and loudspeaker",
                                                          "video conferencing",
                                                          "",
                                                          "gaming or toy"};
constexpr std::array<std::string_view, 10> peripherals = {
    "",           "joystick",      "gamepad",     "remote control", "sensing device",
    "digitizer",  "card reader",   "digital pen", "handheld scanner", "gesture device"};
constexpr std::array<std::string_view, 6> wearables = {"",       "wristwatch", "pager",
                                                       "jacket", "helmet",     "glasses"};
constexpr std::array<std::string_view, 6> toys = {"",     "robot",      "vehicle",
                                                  "doll", "controller", "game"};
constexpr std::array<std::string_view, 9> health = {
    "",          "blood pressure monitor", "thermometer",        "weighing scale", "glucose meter",
    "pulse oximeter", "heart rate monitor", "health data display", "step counter"};

struct Major {
  unsigned number;
  std::string_view name;
  std::span<const std::string_view> minors = {};
};
constexpr std::array<Major, 10> majors = {{{0, "miscellaneous"},
                                           {1, "computer", computers},
                                           {2, "phone", phones},
                                           {3, "network access point"},
                                           {4, "audio/video", audio_video},
                                           {5, "peripheral"},
                                           {6, "imaging"},
                                           {7, "wearable", wearables},
                                           {8, "toy", toys},
                                           {9, "health", health}}};

/// Keyboards and pointing devices have bits of their own, beside the kind of device.
std::string_view peripheral_name(unsigned minor) {
  constexpr std::array<std::string_view, 4> inputs = {"", "keyboard", "pointing device",
                                                      "keyboard and pointing device"};
  if (const auto input = inputs[minor >> 4]; !input.empty()) return input;
  const unsigned kind = minor & 0x0F;
  return kind < peripherals.size() ? peripherals[kind] : std::string_view();
}

/// One bit for each function.
std::string_view imaging_name(unsigned minor) {
  if ((minor & 0x20) != 0) return "printer";
  if ((minor & 0x10) != 0) return "scanner";
  if ((minor & 0x08) != 0) return "camera";
  return (minor & 0x04) != 0 ? "display" : std::string_view();
}

struct ServiceName {
  std::uint16_t number;
  std::string_view name;
};
constexpr std::array<ServiceName, 41> service_names = {{
    {0x1101, "Serial Port"},
    {0x1103, "Dial-up Networking"},
    {0x1104, "IrMC Sync"},
    {0x1105, "OBEX Object Push"},
    {0x1106, "OBEX File Transfer"},
    {0x1108, "Headset"},
    {0x110A, "Audio Source"},
    {0x110B, "Audio Sink"},
    {0x110C, "A/V Remote Control Target"},
    {0x110D, "Advanced Audio Distribution"},
    {0x110E, "A/V Remote Control"},
    {0x110F, "A/V Remote Control Controller"},
    {0x1112, "Headset Audio Gateway"},
    {0x1115, "PAN User"},
    {0x1116, "Network Access Point"},
    {0x1117, "Group Ad-hoc Network"},
    {0x111E, "Hands-Free"},
    {0x111F, "Hands-Free Audio Gateway"},
    {0x1124, "Human Interface Device"},
    {0x112D, "SIM Access"},
    {0x112E, "Phonebook Access Client"},
    {0x112F, "Phonebook Access Server"},
    {0x1132, "Message Access Server"},
    {0x1133, "Message Notification Server"},
    {0x1200, "PnP Information"},
    {0x1203, "Generic Audio"},
    {0x1400, "Health Device"},
    {0x1401, "Health Device Source"},
    {0x1402, "Health Device Sink"},
    {0x1800, "Generic Access"},
    {0x1801, "Generic Attribute"},
    {0x180A, "Device Information"},
    {0x180D, "Heart Rate"},
    {0x180F, "Battery"},
    {0x1812, "Human Interface Device over GATT"},
    {0x181A, "Environmental Sensing"},
    {0x1827, "Mesh Provisioning"},
    {0x1828, "Mesh Proxy"},
    {0x184E, "Audio Stream Control"},
    {0x184F, "Broadcast Audio Scan"},
    {0x1850, "Published Audio Capabilities"},
}};

}  // namespace

DeviceClass device_class(std::uint32_t number) {
  const unsigned major = number >> 8 & 0x1F;
  const unsigned minor = number >> 2 & 0x3F;
  const auto* known = std::ranges::find(majors, major, &Major::number);
  if (known == majors.end()) return {"uncategorized", {}};
  if (major == 5) return {known->name, peripheral_name(minor)};
  if (major == 6) return {known->name, imaging_name(minor)};
  return {known->name, minor < known->minors.size() ? known->minors[minor] : std::string_view()};
}

std::string service_name(const std::string& uuid) {
  const auto parsed = Uuid::parse(uuid);
  if (!parsed) return uuid;
  const auto number = parsed->number();
  const auto* known = std::ranges::find(service_names, number, &ServiceName::number);
  return known != service_names.end() ? std::string(known->name) : parsed->str();
}

}  // namespace aiot::ble
