#include <array>

#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t eddystone_service = 0xFEAA;

/// The schemes and endings that one byte stands for.
constexpr std::array<std::string_view, 4> schemes = {"http://www.", "https://www.", "http://",
                                                     "https://"};
constexpr std::array<std::string_view, 14> endings = {".com/", ".org/", ".edu/", ".net/", ".info/",
                                                      ".biz/", ".gov/", ".com",  ".org",  ".edu",
                                                      ".net",  ".info", ".biz",  ".gov"};

std::optional<std::string> url_of(ByteSpan data) {
  if (data.empty() || data[0] >= schemes.size()) return std::nullopt;
  std::string url(schemes[data[0]]);
  for (const std::uint8_t byte : data.subspan(1)) {
    if (byte < endings.size()) {
      url += endings[byte];
    } else {
      url += static_cast<char>(byte);
    }
  }
  return url;
}

/// Telemetry that is not encrypted: battery, temperature, counts since power-up.
void add_telemetry(ByteSpan data, std::vector<Reading>& out) {
  const auto* p = data.data();
  if (const unsigned millivolt = load_be16(p + 2); millivolt != 0) {  // 0: no battery
    out.push_back({"battery", scaled(millivolt, 1, 1000), "volt"});
  }
  if (const unsigned raw = load_be16(p + 4); raw != 0x8000) {  // 8.8 fixed point; 8000: no sensor
    out.push_back({"temperature", scaled(static_cast<std::int16_t>(raw), 1, 256), "celsius"});
  }
  out.push_back({"adverts", load_be32(p + 6)});
  out.push_back({"uptime", scaled(load_be32(p + 10), 1, 10), "s"});
}

}  // namespace

std::optional<Finding> find_eddystone(const Advert& advert) {
  const Bytes* data = find_service_data(advert, eddystone_service);
  if (data == nullptr || data->size() < 2) return std::nullopt;
  Finding finding{.format = "eddystone"};
  const ByteSpan bytes = *data;
  const auto add = [&](Reading reading) { finding.readings.push_back(std::move(reading)); };
  const auto add_power = [&] {
    add({"tx_power_0m", int{static_cast<std::int8_t>(bytes[1])}, "dbm"});
  };
  switch (bytes[0]) {
    case 0x00:
      if (bytes.size() < 18) return std::nullopt;
      finding.format = "eddystone-uid";
      finding.hardware_id = to_hex(bytes.subspan(2, 16));
      add({"namespace", to_hex(bytes.subspan(2, 10))});
      add({"instance", to_hex(bytes.subspan(12, 6))});
      add_power();
      break;
    case 0x10: {
      const auto url = url_of(bytes.subspan(2));
      if (!url) return std::nullopt;
      finding.format = "eddystone-url";
      add({"url", *url});
      add_power();
      break;
    }
    case 0x20:
      finding.format = "eddystone-tlm";
      if (bytes[1] == 0x01) {
        add({"encrypted", true});
      } else if (bytes[1] == 0x00 && bytes.size() >= 14) {
        add_telemetry(bytes, finding.readings);
      } else {
        return std::nullopt;
      }
      break;
    case 0x30:
      if (bytes.size() < 10) return std::nullopt;
      finding.format = "eddystone-eid";
      add({"ephemeral_id", to_hex(bytes.subspan(2, 8))});
      add_power();
      break;
    default: return std::nullopt;  // makers put formats of their own there
  }
  return finding;
}

}  // namespace aiot::ble::beacon
