#include "protocol/esp/device/silicon.hpp"

#include <algorithm>

#include "protocol/esp/device/error.hpp"

namespace aiot::esp::device {
namespace {

/// What only the device side needs to know. Magics and crystals: esptool 5.3 and esptool-js 0.7
/// (targets), which name them for every revision; the revisions are ones in production.
struct Silicon {
  std::string_view name;
  std::uint32_t magic = 0;
  std::uint32_t crystal_hz = 40'000'000;
  std::uint8_t major = 0;
  std::uint8_t minor = 0;
};

constexpr Silicon table[] = {
    {"esp8266", 0xFFF0C101, 26'000'000, 0, 0}, {"esp32", 0x00F01D83, 40'000'000, 3, 0},
    {"esp32s2", 0x000007C6, 40'000'000, 1, 0}, {"esp32s3", 0x00000009, 40'000'000, 0, 2},
    {"esp32c2", 0x7C41A06F, 40'000'000, 1, 2}, {"esp32c3", 0x1B31506F, 40'000'000, 0, 4},
    {"esp32c5", 0x1101406F, 48'000'000, 1, 0}, {"esp32c6", 0x2CE0806F, 40'000'000, 0, 1},
    {"esp32h2", 0xD7B73E80, 32'000'000, 0, 1}, {"esp32p4", 0x0ADDBAD0, 40'000'000, 1, 3},
};

const Silicon& silicon_of(const Chip& chip) {
  const auto* found = std::find_if(std::begin(table), std::end(table),
                                   [&](const Silicon& row) { return row.name == chip.name; });
  return found == std::end(table) ? table[1] : *found;
}

/// SPI_USR in the controller's command register: run what the USR registers say.
constexpr std::uint32_t spi_user = 1U << 18;
/// The slow clock that the RTC watchdog counts, in hertz: RC oscillator, nominal (ESP32 TRM).
constexpr std::uint64_t slow_clock_hz = 150'000;
/// ESP32-C5: PCR_SYSCLK_CONF, bits 24 to 30: the crystal that the ROM expects, in MHz.
constexpr std::uint32_t c5_sysclk_conf = 0x60096110;

/// CRC-8 of Dallas/Maxim, above the ESP32's MAC in eFuse word 2.
std::uint8_t crc8(const Mac& mac) {
  std::uint8_t crc = 0;
  for (std::uint8_t byte : mac) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      crc = static_cast<std::uint8_t>((crc & 1) ? (crc >> 1) ^ 0x8C : crc >> 1);
  }
  return crc;
}

void set_field(std::map<std::uint32_t, std::uint32_t>& words, const BitField& field,
               std::uint32_t value) {
  if (field.bits == 0) return;
  const std::uint32_t mask = ((1U << field.bits) - 1) << field.shift;
  std::uint32_t& word = words[field.address];
  word = (word & ~mask) | ((value << field.shift) & mask);
}

/// Spreads `value` over parts, the first the highest.
template <std::size_t N>
void set_parts(std::map<std::uint32_t, std::uint32_t>& words, const BitField (&parts)[N],
               std::uint32_t value) {
  for (std::size_t i = N; i-- > 0;) {
    if (parts[i].bits == 0) continue;
    set_field(words, parts[i], value);
    value >>= parts[i].bits;
  }
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Result<Mac> parse_mac(std::string_view text) {
  Mac mac{};
  std::size_t digits = 0;
  for (char c : text) {
    if (c == ':' || c == '-') continue;
    const int value = hex_digit(c);
    if (value < 0 || digits == 12)
      return make_error(Errc::bad_mac, std::string(text), "write it as 24:0a:c4:00:00:01");
    mac[digits / 2] = static_cast<std::uint8_t>(mac[digits / 2] << 4 | value);
    ++digits;
  }
  if (digits != 12)
    return make_error(Errc::bad_mac, std::string(text), "write it as 24:0a:c4:00:00:01");
  return mac;
}

std::string format_mac(const Mac& mac) { return to_hex(mac, ":"); }

Registers::Registers(const Chip& chip, const Mac& mac, const Security& security, FlashMemory& flash)
    : chip_(chip), mac_(mac), security_(security), flash_(flash) {
  burn();
}

void Registers::burn() {
  const Silicon& silicon = silicon_of(chip_);
  fuses_.clear();
  fuses_[magic_address] = silicon.magic;
  const std::uint32_t low = static_cast<std::uint32_t>(mac_[2]) << 24 |
                            static_cast<std::uint32_t>(mac_[3]) << 16 |
                            static_cast<std::uint32_t>(mac_[4]) << 8 | mac_[5];
  const std::uint32_t high = static_cast<std::uint32_t>(mac_[0]) << 8 | mac_[1];
  const std::uint32_t at = chip_.mac_address;
  if (chip_.mac_layout == MacLayout::esp8266) {
    const std::uint32_t oui = static_cast<std::uint32_t>(mac_[0]) << 16 |
                              static_cast<std::uint32_t>(mac_[1]) << 8 | mac_[2];
    fuses_[at] = static_cast<std::uint32_t>(mac_[5]) << 24;
    fuses_[at + 4] = 0x02000000U | static_cast<std::uint32_t>(mac_[3]) << 8 | mac_[4];
    fuses_[at + 12] = oui;
  } else {
    fuses_[at] = low;
    fuses_[at + 4] = high;
  }
  if (chip_.name == "esp32") {
    fuses_[at + 4] |= static_cast<std::uint32_t>(crc8(mac_)) << 16;
    // Package 1 (D0WD), rated for 240 MHz: the word that follows the MAC.
    fuses_[at + 8] = 1U << 9 | 1U << 13;
  }
  if (chip_.revision.rule == RevisionRule::esp32) {
    // A thermometer: the highest bit comes first.
    for (int i = 0; i < 3; ++i) set_field(fuses_, chip_.revision.major[i], silicon.major >= 3 - i);
  } else {
    set_parts(fuses_, chip_.revision.major, silicon.major);
  }
  set_parts(fuses_, chip_.revision.minor, silicon.minor);
  if (security_.flash_encryption) set_field(fuses_, chip_.fuses.crypt_count, 1);
  if (security_.secure_boot) {
    set_field(fuses_, chip_.fuses.secure_boot, 1);
    set_field(fuses_, chip_.fuses.secure_boot_v2, 1);
  }
  if (chip_.name == "esp32c5") fuses_[c5_sysclk_conf] = 48U << 24;
}

void Registers::reset() {
  volatile_.clear();
  flash_status_ = 0;
  attached_ = false;
  watchdog_unlocked_ = false;
  baud_ = 115200;
}

void Registers::set_mac(const Mac& mac) {
  mac_ = mac;
  mac_was_read_ = false;
  burn();
}

std::uint32_t Registers::read(std::uint32_t address) {
  if (address == chip_.mac_address) mac_was_read_ = true;
  if (chip_.uart_clkdiv != 0 && address == chip_.uart_clkdiv && baud_ != 0) {
    return silicon_of(chip_).crystal_hz / baud_ * chip_.xtal_divider;
  }
  if (auto fuse = fuses_.find(address); fuse != fuses_.end()) return fuse->second;
  if (auto word = volatile_.find(address); word != volatile_.end()) return word->second;
  return 0;
}

std::optional<Profile::Time> Registers::write(std::uint32_t address, std::uint32_t value,
                                              std::uint32_t mask) {
  if (fuses_.contains(address)) return std::nullopt;  // read-only
  const Watchdogs& dog = chip_.watchdogs;
  const bool guarded = dog.config0 != 0 && (address == dog.config0 || address == dog.config1);
  if (guarded && !watchdog_unlocked_) return std::nullopt;
  std::uint32_t& word = volatile_[address];
  word = (word & ~mask) | (value & mask);
  if (dog.config0 != 0 && address == dog.protect) watchdog_unlocked_ = word == dog.key;
  if (dog.config0 != 0 && address == dog.config0 && (word >> 31) != 0) {
    const std::uint64_t ticks = volatile_[dog.config1];
    return std::chrono::nanoseconds(ticks * 1'000'000'000ULL / slow_clock_hz);
  }
  if (address == chip_.spi.base && (word & spi_user) != 0) run_spi_command();
  return std::nullopt;
}

void Registers::run_spi_command() {
  const SpiRegisters& at = chip_.spi;
  const std::uint32_t lengths =
      at.miso_length == 0 ? spi(at.usr1) >> 8 & 0x1FF : spi(at.miso_length);
  const std::uint32_t bits = (spi(at.usr) & 1U << 28) != 0 ? lengths + 1 : 0;
  std::uint32_t answer = 0xFFFFFFFF;
  if (attached_) {
    switch (spi(at.usr2) & 0xFF) {
      case 0x9F: answer = flash_.jedec_id(); break;         // read JEDEC id
      case 0x05: answer = flash_status_; break;             // read status 1
      case 0x35: answer = 0; break;                         // read status 2
      case 0x15: answer = 0x60; break;                      // read status 3: output drive, default
      case 0x06: flash_status_ |= 2; break;                 // write enable
      case 0x04: flash_status_ &= ~std::uint8_t{2}; break;  // write disable
      default: break;
    }
  }
  if (bits > 0) volatile_[at.base + at.w0] = bits >= 32 ? answer : answer & ((1U << bits) - 1);
  volatile_[at.base] = 0;
}

}  // namespace aiot::esp::device
