#include <algorithm>
#include <array>
#include <cmath>

#include "protocol/ble/beacon.hpp"

// Sensors whose makers publish no format: facts from two public projects each, ble_monitor
// (github.com/custom-components/ble_monitor) and theengs/decoder, for Mopeka mopeka-iot-ble.

namespace aiot::ble::beacon {
namespace {

int le16_signed(const std::uint8_t* p) { return static_cast<std::int16_t>(load_le16(p)); }
int be16_signed(const std::uint8_t* p) { return static_cast<std::int16_t>(load_be16(p)); }
std::uint32_t be24(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) << 16 | load_be16(p + 1);
}
double tenths(double value) { return std::round(value * 10) / 10; }

Reading celsius(Value value) { return {"temperature", std::move(value), "celsius"}; }
Reading humidity(Value value) { return {"humidity", std::move(value), "percent"}; }
Reading battery(unsigned percent) { return {"battery", int(percent), "percent"}; }

constexpr std::uint16_t govee_company = 0xEC88;
constexpr std::uint16_t govee_company_shifted = 0x8801;  ///< of H5179, whose data begins a byte early
constexpr std::uint16_t govee_company_one = 0x0001;
/// Some send an iBeacon with this text in the same structure, without its header.
constexpr std::string_view govee_tail = "INTELLI_ROCKS";
constexpr std::size_t govee_tail_bytes = 25;

/// Temperature and humidity in one number: 205149 is 20.5 degrees and 14.9 %.
void add_packed(std::uint32_t packed, Finding& out) {
  const std::uint32_t value = packed & 0x7FFFFF;
  const int sign = (packed & 0x800000) != 0 ? -1 : 1;
  out.readings.push_back(celsius(scaled(sign * static_cast<int>(value / 1000), 1, 10)));
  out.readings.push_back(humidity(scaled(value % 1000, 1, 10)));
}

void add_hundredths(const std::uint8_t* p, Finding& out) {
  out.readings.push_back(celsius(scaled(le16_signed(p), 1, 100)));
  out.readings.push_back(humidity(scaled(load_le16(p + 2), 1, 100)));
  out.readings.push_back(battery(p[4]));
}

/// "H5075" of "GVH5075_CB9B", "Govee_H5074_1234", "B51788E45"; "" for another name.
std::string govee_model(std::string_view name) {
  if (name.starts_with("GVH")) return std::string(name.substr(2, 5));
  if (name.starts_with("Govee_H")) return std::string(name.substr(6, 5));
  if (name.starts_with("B5178")) return "H5178";
  return {};
}

/// Formats of company 0001: H5100 to H5105, H5174, H5177; H5106; H5178.
void add_govee_one(ByteSpan data, Finding& out) {
  const std::uint8_t* p = data.data();
  if (data.size() == 6 && out.model == "H5106") {
    const std::uint32_t value = load_be32(p + 2) & 0x7FFFFFFF;
    const int sign = (p[2] & 0x80) != 0 ? -1 : 1;
    out.readings.push_back(celsius(scaled(sign * static_cast<int>(value / 1000000), 1, 10)));
    out.readings.push_back(humidity(scaled(value / 1000 % 1000, 1, 10)));
    out.readings.push_back({"pm2_5", int(value % 1000), "ug_m3"});
  } else if (data.size() == 6) {
    add_packed(be24(p + 2), out);
    out.readings.push_back(battery(p[5]));
  } else if (data.size() == 9) {
    out.readings.push_back({"sensor_id", int{p[2]}});
    add_packed(be24(p + 3), out);
    out.readings.push_back(battery(p[6]));
  }
}

}  // namespace

std::optional<Finding> find_govee(const Advert& advert) {
  Finding finding{.format = "govee", .vendor = "Govee"};
  finding.model = govee_model(advert.name);
  const bool is_named = !finding.model.empty() || offers(advert, Uuid::of(govee_company));
  const auto data_of = [&](std::uint16_t company) -> ByteSpan {
    const Bytes* found = find_manufacturer_data(advert, company);
    if (found == nullptr) return {};
    const ByteSpan data = *found;
    const bool has_tail = data.size() > govee_tail_bytes &&
                          to_string(data).find(govee_tail) != std::string::npos;
    return has_tail ? data.first(data.size() - govee_tail_bytes) : data;
  };
  if (const ByteSpan data = data_of(govee_company); !data.empty()) {
    if (data.size() == 6) {
      add_packed(be24(data.data() + 1), finding);
      finding.readings.push_back(battery(data[4]));
    } else if (data.size() == 7 || data.size() == 9) {
      add_hundredths(data.data() + 1, finding);
    }
    return finding;
  }
  if (const ByteSpan data = data_of(govee_company_shifted); data.size() == 9 && data[0] == 0xEC) {
    add_hundredths(data.data() + 4, finding);
    return finding;
  }
  if (!is_named) return std::nullopt;
  add_govee_one(data_of(govee_company_one), finding);
  return finding;
}

namespace {

constexpr std::uint16_t ruuvi_company = 0x0499;

void add_ruuvi_5(const std::uint8_t* p, Finding& out) {
  const auto add = [&](Reading reading) { out.readings.push_back(std::move(reading)); };
  // The largest or smallest value of a field is "not available" (docs.ruuvi.com, data format 5).
  if (load_be16(p + 1) != 0x8000) add(celsius(scaled(be16_signed(p + 1), 1, 200)));
  if (load_be16(p + 3) != 0xFFFF) add(humidity(scaled(load_be16(p + 3), 1, 400)));
  if (load_be16(p + 5) != 0xFFFF) {
    add({"pressure", scaled(std::int64_t{load_be16(p + 5)} + 50000, 1, 100), "hpa"});
  }
  constexpr std::array<const char*, 3> axes = {"acceleration_x", "acceleration_y", "acceleration_z"};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    const int milli_g = be16_signed(p + 7 + 2 * i);
    if (milli_g != -32768) add({axes[i], milli_g, "mg"});
  }
  const unsigned power = load_be16(p + 13);
  if (power >> 5 != 0x7FF) add({"voltage", scaled(1600 + (power >> 5), 1, 1000), "volt"});
  if ((power & 0x1F) != 0x1F) {
    add({"tx_power", -40 + 2 * static_cast<int>(power & 0x1F), "dbm"});
  }
  if (p[15] != 0xFF) add({"movements", int{p[15]}});
  if (load_be16(p + 16) != 0xFFFF) add({"sequence", int{load_be16(p + 16)}});
}

void add_ruuvi_3(const std::uint8_t* p, Finding& out) {
  const int hundredths = (p[2] & 0x7F) * 100 + p[3];
  out.readings = {celsius(scaled((p[2] & 0x80) != 0 ? -hundredths : hundredths, 1, 100)),
                  humidity(scaled(p[1], 1, 2)),
                  {"pressure", scaled(std::int64_t{load_be16(p + 4)} + 50000, 1, 100), "hpa"},
                  {"acceleration_x", be16_signed(p + 6), "mg"},
                  {"acceleration_y", be16_signed(p + 8), "mg"},
                  {"acceleration_z", be16_signed(p + 10), "mg"},
                  {"voltage", scaled(load_be16(p + 12), 1, 1000), "volt"}};
}

}  // namespace

std::optional<Finding> find_ruuvi(const Advert& advert) {
  const Bytes* data = find_manufacturer_data(advert, ruuvi_company);
  if (data == nullptr || data->empty()) return std::nullopt;
  Finding finding{.format = "ruuvi", .vendor = "Ruuvi"};
  if ((*data)[0] == 3 && data->size() >= 14) {
    finding.format = "ruuvi-3";
    add_ruuvi_3(data->data(), finding);
  } else if ((*data)[0] == 5 && data->size() >= 24) {
    finding.format = "ruuvi-5";
    add_ruuvi_5(data->data(), finding);
  }
  if (!finding.readings.empty()) finding.model = "RuuviTag";
  return finding;
}

namespace {

/// The service that SwitchBot's devices have had, and the one it was given later.
constexpr std::uint16_t old_switchbot_service = 0x000D;
constexpr std::uint16_t switchbot_service = 0xFD3D;
constexpr std::uint16_t woan_company = 0x0969;

struct SwitchbotKind {
  char letter;
  std::string_view model;
};
constexpr std::array<SwitchbotKind, 9> switchbot_kinds = {{
    {'H', "Bot"},
    {'T', "Meter"},
    {'c', "Curtain"},
    {'d', "Contact Sensor"},
    {'g', "Plug Mini"},
    {'i', "Meter Plus"},
    {'o', "Lock"},
    {'s', "Motion Sensor"},
    {'w', "Outdoor Meter"},
}};

}  // namespace

std::optional<Finding> find_switchbot(const Advert& advert) {
  const Bytes* data = find_service_data(advert, switchbot_service);
  if (data == nullptr) data = find_service_data(advert, old_switchbot_service);
  const bool is_makers = find_manufacturer_data(advert, woan_company) != nullptr;
  const auto kind = [&]() -> std::string_view {
    if (data == nullptr || data->empty()) return {};
    const char letter = static_cast<char>((*data)[0] & 0x7F);
    const auto found = std::ranges::find(switchbot_kinds, letter, &SwitchbotKind::letter);
    return found == switchbot_kinds.end() ? std::string_view() : found->model;
  }();
  if (kind.empty() && !is_makers) return std::nullopt;
  Finding finding{.format = "switchbot", .vendor = "SwitchBot"};
  finding.model = kind;
  if (kind.starts_with("Meter") && data->size() == 6) {
    const std::uint8_t* p = data->data();
    const int value = (p[4] & 0x7F) * 10 + (p[3] & 0x0F);
    finding.readings = {celsius(scaled((p[4] & 0x80) != 0 ? value : -value, 1, 10)),
                        humidity(int{p[5] & 0x7F}), battery(p[2] & 0x7F)};
  }
  return finding;
}

namespace {

/// CRC-16/MODBUS.
std::uint16_t crc_modbus(ByteSpan data) {
  unsigned crc = 0xFFFF;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int i = 0; i < 8; ++i) crc = (crc & 1) != 0 ? crc >> 1 ^ 0xA001 : crc >> 1;
  }
  return static_cast<std::uint16_t>(crc);
}

/// "sps" and "tps": nine bytes, with the temperature where a company's number would be.
std::optional<Finding> find_inkbird_thermometer(const Advert& advert) {
  if (advert.name != "sps" && advert.name != "tps") return std::nullopt;
  for (const ManufacturerData& entry : advert.manufacturer_data) {
    if (entry.data.size() != 7) continue;
    Bytes whole;
    append_le16(whole, entry.company);
    append(whole, entry.data);
    if (crc_modbus(ByteSpan(whole).first(5)) != load_le16(whole.data() + 5)) continue;
    Finding finding{.format = "inkbird", .vendor = "Inkbird"};
    finding.model = advert.name == "sps" ? "IBS-TH" : "IBS-TH2";
    finding.readings = {celsius(scaled(le16_signed(whole.data()), 1, 100))};
    if (advert.name == "sps") finding.readings.push_back(humidity(scaled(load_le16(whole.data() + 2), 1, 100)));
    finding.readings.push_back({"external_probe", whole[4] != 0});
    finding.readings.push_back(battery(whole[7]));
    return finding;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Finding> find_inkbird(const Advert& advert) {
  if (auto finding = find_inkbird_thermometer(advert)) return finding;
  // Barbecue thermometers: company 0, two bytes, the device's own address, then the probes.
  const Bytes* data = find_manufacturer_data(advert, 0x0000);
  constexpr std::size_t head = 8;
  if (data == nullptr || data->size() < head + 2 || data->size() % 2 != 0) return std::nullopt;
  const std::size_t probes = (data->size() - head) / 2;
  const ByteSpan inside = ByteSpan(*data).subspan(2, advert.address.size());
  if (!std::ranges::equal(inside, advert.address) &&
      !std::equal(inside.begin(), inside.end(), advert.address.rbegin())) {
    return std::nullopt;
  }
  if (probes != 1 && probes != 2 && probes != 4 && probes != 6) return std::nullopt;
  Finding finding{.format = "inkbird", .vendor = "Inkbird"};
  finding.model = "iBBQ-" + std::to_string(probes);
  for (std::size_t i = 0; i < probes; ++i) {
    const int value = le16_signed(data->data() + head + 2 * i);
    // The upper byte of a probe that is not plugged in is FF.
    const bool is_there = value >> 8 != -1;
    finding.readings.push_back(celsius(is_there ? scaled(value, 1, 10) : Value()));
  }
  settle(finding.readings);
  return finding;
}

std::optional<Finding> find_mopeka(const Advert& advert) {
  // The number of the maker of the chip, so that the tail of the address must be there as well.
  const Bytes* data = find_manufacturer_data(advert, 0x0059);
  if (data == nullptr || data->size() != 10) return std::nullopt;
  const std::uint8_t* p = data->data();
  constexpr std::array<std::uint8_t, 9> models = {0x03, 0x04, 0x05, 0x06, 0x08,
                                                  0x09, 0x0A, 0x0B, 0x0C};
  if (std::ranges::find(models, p[0]) == models.end()) return std::nullopt;
  if (!std::equal(p + 5, p + 8, advert.address.begin() + 3)) return std::nullopt;
  Finding finding{.format = "mopeka", .vendor = "Mopeka"};
  const double raw_temperature = p[2] & 0x7F;
  const unsigned level = load_le16(p + 3);
  // The speed of sound in propane, by temperature.
  const double mm = (level & 0x3FFF) * (0.573045 - 0.002822 * raw_temperature -
                                        0.00000535 * raw_temperature * raw_temperature);
  finding.readings = {{"voltage", scaled(p[1] & 0x7F, 1, 32), "volt"},
                      celsius(int(p[2] & 0x7F) - 40),
                      {"button", (p[2] & 0x80) != 0},
                      {"level", tenths(mm), "mm"},
                      {"quality", int(level >> 14)}};
  return finding;
}

std::optional<Finding> find_oral_b(const Advert& advert) {
  const Bytes* data = find_manufacturer_data(advert, 0x00DC);
  if (data == nullptr || data->size() < 9) return std::nullopt;
  const std::uint8_t* p = data->data();
  const auto state = [&]() -> std::string_view {
    switch (p[3]) {
      case 1: return "initializing";
      case 2: return "idle";
      case 3: return "running";
      case 4: return "charging";
      case 5: return "setup";
      case 6: return "flight_menu";
      case 8: return "selection_menu";
      case 115: return "sleeping";
      case 116: return "transport";
      default: return "unknown";
    }
  }();
  Finding finding{.format = "oral-b", .vendor = "Oral-B"};
  finding.readings = {{"toothbrush", p[3] == 3},
                      {"toothbrush_state", state},
                      {"duration", p[5] * 60 + p[6], "s"},
                      {"mode", int{p[7]}},
                      {"sector", int{p[8]}}};
  return finding;
}

}  // namespace aiot::ble::beacon
