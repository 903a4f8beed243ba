#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {
namespace {

constexpr std::uint16_t weight_scale = 0x181D;
constexpr std::uint16_t body_composition = 0x181B;
constexpr std::size_t first_size = 10;
constexpr std::size_t second_size = 13;

/// Bits of the control byte that both generations share.
constexpr unsigned bit_stable = 1U << 5;
constexpr unsigned bit_removed = 1U << 7;

/// Hundredths of a pound or of a jin (half a kilogram), or two hundredths of a kilogram.
Reading mass(unsigned raw, std::string_view unit) {
  return {"mass", scaled(raw, 1, unit == "kg" ? 200 : 100), unit};
}

Finding finding_of(std::string_view format, unsigned control, Reading its_mass) {
  Finding finding{.format = format, .ecosystem = "Xiaomi Mi Home"};
  finding.readings.push_back(std::move(its_mass));
  finding.readings.push_back({"stabilized", (control & bit_stable) != 0});
  finding.readings.push_back({"mass_removed", (control & bit_removed) != 0});
  return finding;
}

Finding first_generation(const std::uint8_t* p) {
  const unsigned control = p[0];
  const std::string_view unit = (control & 0x01) != 0 ? "lb" : (control & 0x10) != 0 ? "jin" : "kg";
  return finding_of("mi-scale-v1", control, mass(load_le16(p + 1), unit));
}

std::optional<Finding> second_generation(const std::uint8_t* p) {
  const unsigned control = p[1];
  const bool in_jin = (control & 0x40) != 0;
  if (!in_jin && p[0] != 2 && p[0] != 3) return std::nullopt;  // a unit nobody knows
  const std::string_view unit = in_jin ? "jin" : p[0] == 3 ? "lb" : "kg";
  Finding finding = finding_of("mi-scale-v2", control, mass(load_le16(p + 11), unit));
  if ((control & 0x02) != 0) {
    finding.readings.push_back({"impedance", int{load_le16(p + 9)}, "ohm"});
  }
  return finding;
}

}  // namespace

std::optional<Finding> find_mi_scale(const Advert& advert) {
  const Bytes* first = find_service_data(advert, weight_scale);
  if (first != nullptr && first->size() == first_size) return first_generation(first->data());
  const Bytes* second = find_service_data(advert, body_composition);
  if (second != nullptr && second->size() == second_size) return second_generation(second->data());
  return std::nullopt;
}

}  // namespace aiot::ble::beacon
