#include "protocol/ble/company.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace aiot::ble {
namespace {

constexpr std::array<std::pair<std::uint16_t, std::string_view>, 16> companies = {{
    {0x0006, "Microsoft"},
    {0x004C, "Apple, Inc."},
    {0x0059, "Nordic Semiconductor ASA"},
    {0x0075, "Samsung Electronics Co. Ltd."},
    {0x0087, "Garmin International, Inc."},
    {0x00E0, "Google"},
    {0x0157, "Anhui Huami Information Technology Co., Ltd."},
    {0x0171, "Amazon.com Services LLC"},
    {0x01A8, "Alibaba"},
    {0x01DA, "Logitech International SA"},
    {0x027D, "HUAWEI Technologies Co., Ltd."},
    {0x02E5, "Espressif Systems (Shanghai) Co., Ltd."},
    {0x038F, "Xiaomi Inc."},
    {0x0499, "Ruuvi Innovations Ltd."},
    {0x07D0, "Tuya Global Inc."},
    {0x0BA9, "Allterco Robotics ltd"},
}};
static_assert(std::ranges::is_sorted(companies));

}  // namespace

std::string_view company_name(std::uint16_t company) {
  const auto it =
      std::ranges::lower_bound(companies, company, {}, [](const auto& row) { return row.first; });
  return it != companies.end() && it->first == company ? it->second : std::string_view{};
}

}  // namespace aiot::ble
