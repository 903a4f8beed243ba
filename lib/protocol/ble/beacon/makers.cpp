// Formats of which nothing but the maker is public.
#include "protocol/ble/beacon/beacons.hpp"

namespace aiot::ble::beacon {

std::optional<Finding> find_amazon(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFE03))) return std::nullopt;
  return Finding{.format = "amazon", .ecosystem = "Amazon"};
}

std::optional<Finding> find_baidu(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFDC2))) return std::nullopt;
  return Finding{.format = "baidu", .ecosystem = "Baidu"};
}

std::optional<Finding> find_huawei(const Advert& advert) {
  if (!offers(advert, Uuid::of(0xFE35)) && find_manufacturer_data(advert, 0x027D) == nullptr) {
    return std::nullopt;
  }
  return Finding{.format = "huawei", .ecosystem = "Huawei"};
}

}  // namespace aiot::ble::beacon
