#include "protocol/esp/chip.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace aiot::esp {
namespace {

constexpr std::uint32_t rtc_key = 0x50D83AA1;
constexpr std::uint32_t swd_key = 0x8F1D312A;
constexpr std::uint32_t bit(int n) { return std::uint32_t{1} << n; }

/// The controller's layout from the ESP32-S2 on.
constexpr SpiRegisters spi_at(std::uint32_t base) {
  return {base, 0x18, 0x1C, 0x20, 0x24, 0x28, 0x58};
}

constexpr Chip esp8266() {
  Chip c;
  c.name = "esp8266";
  c.display = "ESP8266";
  c.magic = 0xFFF0C101;
  c.uf2_family = 0x7EAB61ED;
  c.rom.status_bytes = 2;
  c.rom.flash_commands = false;
  c.rom.changes_baud = false;
  c.rom.extended_begin = false;
  c.rom.security_info_bytes = 0;
  c.rom.erase_size_bug = true;
  c.spi = {0x60000200, 0x1C, 0x20, 0x24, 0, 0, 0x40};
  c.mac_layout = MacLayout::esp8266;
  c.mac_address = 0x3FF00050;
  c.revision.rule = RevisionRule::none;
  c.uart_clkdiv = 0x60000014;
  c.xtal_divider = 2;
  c.max_baud_bps = 921'600;
  c.stub_file = "esp8266.json";
  return c;
}

constexpr Chip esp32() {
  constexpr std::uint32_t efuse = 0x3FF5A000;
  Chip c;
  c.name = "esp32";
  c.display = "ESP32";
  c.magic = 0x00F01D83;
  c.image_id = 0;
  c.bootloader_offset = 0x1000;
  c.uf2_family = 0x1C5F21B0;
  c.rom.extended_begin = false;
  c.rom.security_info_bytes = 0;
  c.spi = {0x3FF42000, 0x1C, 0x20, 0x24, 0x28, 0x2C, 0x80};
  c.mac_layout = MacLayout::esp32;
  c.mac_address = efuse + 4;
  c.revision = {RevisionRule::esp32,
                {{0x3FF6607C, 31, 1}, {efuse + 0x14, 20, 1}, {efuse + 0x0C, 15, 1}},
                {{efuse + 0x14, 24, 2}, {}}};
  c.fuses = {{efuse, 20, 7}, {efuse + 0x18, 4, 1}, {efuse + 0x18, 5, 1}};
  c.baud_rule = BaudRule::esp32;
  c.uart_clkdiv = 0x3FF40014;
  c.stub_file = "esp32.json";
  c.stub_resets_rate = true;
  return c;
}

constexpr Chip esp32s2() {
  constexpr std::uint32_t efuse = 0x3F41A000;
  constexpr std::uint32_t rtc = 0x3F408000;
  Chip c;
  c.name = "esp32s2";
  c.display = "ESP32-S2";
  c.magic = 0x000007C6;
  c.image_id = 2;
  c.bootloader_offset = 0x1000;
  c.uf2_family = 0xBFDD4EEE;
  c.rom.security_info_bytes = 12;
  c.spi = spi_at(0x3F402000);
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::fields,
                {{efuse + 0x50, 18, 2}, {}, {}},
                {{efuse + 0x50, 20, 1}, {efuse + 0x54, 4, 3}}};
  c.fuses = {{efuse + 0x34, 18, 3}, {efuse + 0x38, 20, 1}, {}};
  c.watchdogs.config0 = rtc + 0x94;
  c.watchdogs.config1 = rtc + 0x98;
  c.watchdogs.protect = rtc + 0xAC;
  c.watchdogs.key = rtc_key;
  c.watchdogs.can_reset = true;
  c.boot = {0x3F404038, bit(3), 0x3F408128, 1, false};
  c.uart_clkdiv = 0x3F400014;
  c.has_usb_otg = true;
  c.stub_file = "esp32s2.json";
  c.stub_resets_rate = true;
  return c;
}

constexpr Chip esp32s3() {
  constexpr std::uint32_t efuse = 0x60007000;
  constexpr std::uint32_t rtc = 0x60008000;
  Chip c;
  c.name = "esp32s3";
  c.display = "ESP32-S3";
  c.image_id = 9;
  c.uf2_family = 0xC47E5767;
  c.spi = spi_at(0x60002000);
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::esp32s3,
                {{efuse + 0x58, 24, 2}, {}, {}},
                {{efuse + 0x58, 23, 1}, {efuse + 0x50, 18, 3}}};
  c.fuses = {{efuse + 0x34, 18, 3}, {efuse + 0x38, 20, 1}, {}};
  c.watchdogs = {rtc + 0x98, rtc + 0x9C, rtc + 0xB0, rtc_key, rtc + 0xB4,
                 rtc + 0xB8, swd_key,    bit(31),    true};
  c.boot = {0x60004038, bit(3), 0x6000812C, 1, true};
  c.uart_clkdiv = 0x60000014;
  c.has_usb_otg = true;
  c.stub_file = "esp32s3.json";
  return c;
}

constexpr Chip esp32c3() {
  constexpr std::uint32_t efuse = 0x60008800;
  constexpr std::uint32_t rtc = 0x60008000;
  Chip c;
  c.name = "esp32c3";
  c.display = "ESP32-C3";
  c.image_id = 5;
  c.uf2_family = 0xD42BA06C;
  c.spi = spi_at(0x60002000);
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::fields,
                {{efuse + 0x58, 24, 2}, {}, {}},
                {{efuse + 0x58, 23, 1}, {efuse + 0x50, 18, 3}}};
  c.fuses = {{efuse + 0x34, 18, 3}, {efuse + 0x38, 20, 1}, {}};
  c.watchdogs = {rtc + 0x90, rtc + 0x94, rtc + 0xA8, rtc_key, rtc + 0xAC,
                 rtc + 0xB0, swd_key,    bit(31),    true};
  c.uart_clkdiv = 0x60000014;
  c.stub_file = "esp32c3.json";
  return c;
}

constexpr Chip esp32c2() {
  constexpr std::uint32_t efuse = 0x60008800;
  constexpr std::uint32_t rtc = 0x60008000;
  Chip c;
  c.name = "esp32c2";
  c.display = "ESP32-C2";
  c.image_id = 12;
  c.uf2_family = 0x2B88D29C;
  c.spi = spi_at(0x60002000);
  c.mac_address = efuse + 0x40;
  c.revision = {RevisionRule::fields, {{efuse + 0x44, 20, 2}, {}, {}}, {{efuse + 0x44, 16, 4}, {}}};
  c.fuses = {{efuse + 0x30, 7, 3}, {efuse + 0x30, 21, 1}, {}};
  // It has no USB, so its super watchdog never matters.
  c.watchdogs.config0 = rtc + 0x84;
  c.watchdogs.config1 = rtc + 0x88;
  c.watchdogs.protect = rtc + 0x9C;
  c.watchdogs.key = rtc_key;
  c.watchdogs.can_reset = true;
  c.baud_rule = BaudRule::assumes_40m;
  c.uart_clkdiv = 0x60000014;
  c.first_stub_revision = 1;
  c.stub_file = "esp32c2.json";
  return c;
}

constexpr Chip esp32c6() {
  constexpr std::uint32_t efuse = 0x600B0800;
  constexpr std::uint32_t wdt = 0x600B1C00;
  Chip c;
  c.name = "esp32c6";
  c.display = "ESP32-C6";
  c.image_id = 13;
  c.uf2_family = 0x540DDF62;
  c.spi = spi_at(0x60003000);
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::fields, {{efuse + 0x50, 22, 2}, {}, {}}, {{efuse + 0x50, 18, 4}, {}}};
  c.fuses = {{efuse + 0x34, 18, 3}, {efuse + 0x38, 20, 1}, {}};
  // A watchdog reset can make its USB port vanish.
  c.watchdogs = {wdt,        wdt + 0x04, wdt + 0x18, rtc_key, wdt + 0x1C,
                 wdt + 0x20, rtc_key,    bit(18),    false};
  c.uart_clkdiv = 0x60000014;
  c.stub_file = "esp32c6.json";
  return c;
}

constexpr Chip esp32c5() {
  constexpr std::uint32_t efuse = 0x600B4800;
  Chip c = esp32c6();
  c.name = "esp32c5";
  c.display = "ESP32-C5";
  c.image_id = 23;
  c.bootloader_offset = 0x2000;
  c.uf2_family = 0xF71C0343;
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::fields, {{efuse + 0x4C, 4, 2}, {}, {}}, {{efuse + 0x4C, 0, 4}, {}}};
  c.fuses = {{efuse + 0x34, 16, 3}, {efuse + 0x38, 25, 1}, {}};
  c.watchdogs.can_reset = true;
  c.baud_rule = BaudRule::reads_xtal;
  c.stub_file = "esp32c5.json";
  return c;
}

constexpr Chip esp32h2() {
  constexpr std::uint32_t efuse = 0x600B0800;
  constexpr std::uint32_t wdt = 0x600B1C00;
  Chip c = esp32c6();
  c.name = "esp32h2";
  c.display = "ESP32-H2";
  c.image_id = 16;
  c.uf2_family = 0x332726F6;
  c.revision = {RevisionRule::fields, {{efuse + 0x50, 21, 2}, {}, {}}, {{efuse + 0x50, 18, 3}, {}}};
  c.watchdogs = {wdt,        wdt + 0x04, wdt + 0x1C, rtc_key, wdt + 0x20,
                 wdt + 0x24, rtc_key,    bit(18),    false};
  c.stub_file = "esp32h2.json";
  return c;
}

constexpr Chip esp32p4() {
  constexpr std::uint32_t efuse = 0x5012D000;
  constexpr std::uint32_t wdt = 0x50116000;
  Chip c;
  c.name = "esp32p4";
  c.display = "ESP32-P4";
  c.image_id = 18;
  c.bootloader_offset = 0x2000;
  c.uf2_family = 0x3D308E94;
  c.spi = spi_at(0x5008D000);
  c.mac_address = efuse + 0x44;
  c.revision = {RevisionRule::fields,
                {{efuse + 0x4C, 23, 1}, {efuse + 0x4C, 4, 2}, {}},
                {{efuse + 0x4C, 0, 4}, {}}};
  c.fuses = {{efuse + 0x34, 18, 3}, {efuse + 0x38, 20, 1}, {}};
  c.watchdogs = {wdt,        wdt + 0x04, wdt + 0x18, rtc_key, wdt + 0x1C,
                 wdt + 0x20, rtc_key,    bit(18),    true};
  c.boot = {0x500E0038, bit(3), 0x50110008, bit(2), false};
  c.uart_clkdiv = 0x500CA014;
  c.has_usb_otg = true;
  c.stub_file = "esp32p4.json";
  c.stub_resets_rate = true;
  c.old_stub_file = "esp32p4-rev1.json";
  c.old_stub_below = 300;
  return c;
}

constexpr std::array<Chip, 10> table = {
    esp32(),   esp32c2(), esp32c3(), esp32c5(), esp32c6(),
    esp32h2(), esp32p4(), esp32s2(), esp32s3(), esp8266(),
};

std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-' || c == '_' || c == ' ') continue;
    out.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return out;
}

template <class Predicate>
const Chip* find(Predicate predicate) {
  const auto it = std::find_if(table.begin(), table.end(), predicate);
  return it == table.end() ? nullptr : &*it;
}

}  // namespace

std::span<const Chip> chips() { return table; }

const Chip* chip_by_name(std::string_view name) {
  return find([wanted = plain(name)](const Chip& c) { return c.name == wanted; });
}
const Chip* chip_by_magic(std::uint32_t magic) {
  return find([magic](const Chip& c) { return c.magic != 0 && c.magic == magic; });
}
const Chip* chip_by_id(std::uint32_t id) {
  return find([id](const Chip& c) { return c.image_id && *c.image_id == id; });
}

}  // namespace aiot::esp
