#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

/// The chips as data: every difference between them that the loader's session needs.
/// Sources: esptool 5.3.1 (targets), espflash 4.5, the chips' technical reference manuals.
namespace aiot::esp {

/// Bits of a register; `bits` is 0 where a chip has no such field.
struct BitField {
  std::uint32_t address = 0;
  std::uint8_t shift = 0;
  std::uint8_t bits = 0;

  constexpr std::uint32_t of(std::uint32_t word) const {
    return bits == 0 ? 0 : (word >> shift) & ((std::uint32_t{1} << bits) - 1);
  }
};

/// What the chip's ROM loader can do, and how it answers. A stub can do everything.
struct RomLoader {
  std::uint8_t status_bytes = 4;          ///< at the end of a reply; the first two count
  bool flash_commands = true;             ///< SPI_ATTACH, SPI_SET_PARAMS, MD5, deflate, slow read
  bool changes_baud = true;               ///< CHANGE_BAUDRATE
  bool extended_begin = true;             ///< FLASH_(DEFL_)BEGIN takes a fifth word
  std::uint8_t security_info_bytes = 20;  ///< of GET_SECURITY_INFO; 0: it has none
  bool erase_size_bug = false;            ///< FLASH_BEGIN erases more than asked: ESP8266
};

/// The controller of the flash chip, driven register by register for the few commands that the
/// loader has no command for (JEDEC id).
struct SpiRegisters {
  std::uint32_t base = 0;
  std::uint8_t usr = 0;
  std::uint8_t usr1 = 0;
  std::uint8_t usr2 = 0;
  std::uint8_t mosi_length = 0;  ///< 0: the lengths are fields of `usr1` (ESP8266)
  std::uint8_t miso_length = 0;
  std::uint8_t w0 = 0;
};

enum class MacLayout : std::uint8_t {
  esp8266,  ///< OTP words 0, 1, 3 from `mac_address`; the OUI may be implied
  esp32,    ///< as `words`, with a CRC-8 above
  words,    ///< two words, the low 32 bits first; the upper half of the second is no part of it
};

enum class RevisionRule : std::uint8_t {
  none,     ///< ESP8266
  esp32,    ///< major is a thermometer code of three scattered bits
  esp32s3,  ///< fields, but v0.0 parts hold something else in them
  fields,   ///< the bits of the parts, the first field the highest
};

struct RevisionFields {
  RevisionRule rule = RevisionRule::fields;
  BitField major[3];
  BitField minor[2];
};

/// eFuses that say what GET_SECURITY_INFO says on newer chips.
struct SecurityFuses {
  BitField crypt_count;     ///< an odd number of ones: flash encryption is on
  BitField secure_boot;     ///< not 0: on
  BitField secure_boot_v2;  ///< the same from revision 3.0 on (ESP32)
};

/// RTC watchdog, and the super watchdog: they keep running over a reset through USB-JTAG.
struct Watchdogs {
  std::uint32_t config0 = 0;  ///< 0: this chip has none that matters
  std::uint32_t config1 = 0;
  std::uint32_t protect = 0;
  std::uint32_t key = 0;
  std::uint32_t super_config = 0;
  std::uint32_t super_protect = 0;
  std::uint32_t super_key = 0;
  std::uint32_t super_auto_feed = 0;  ///< the bit
  bool can_reset = false;             ///< a watchdog reset leaves the loader safely
};

/// What decides, with USB-OTG, whether a pulse on the lines can leave the loader.
struct BootStrap {
  std::uint32_t strap = 0;       ///< register; 0: not needed
  std::uint32_t strap_mask = 0;  ///< 0 when the pin still asks for the loader
  std::uint32_t option = 0;      ///< register with "force download boot"
  std::uint32_t option_mask = 0;
  bool clear_option = false;  ///< the bit sticks, and is cleared before a reset (S3)
};

/// What a ROM needs to be sent so that the wire runs at the wanted rate.
enum class BaudRule : std::uint8_t {
  plain,        ///< the rate
  esp32,        ///< scaled by the drift of the ROM's crystal estimate
  assumes_40m,  ///< the ROM takes a 26 MHz crystal for one of 40 MHz (C2)
  reads_xtal,   ///< a register says which crystal the ROM believes in (C5)
};

struct Chip {
  std::string_view name;     ///< "esp32c3"
  std::string_view display;  ///< "ESP32-C3"
  std::uint32_t magic = 0;   ///< at magic_address; 0: known by its id
  /// In image headers, and in GET_SECURITY_INFO of the chips without a magic.
  std::optional<std::uint16_t> image_id;
  std::uint32_t bootloader_offset = 0;
  std::uint32_t uf2_family = 0;
  RomLoader rom;
  SpiRegisters spi;
  MacLayout mac_layout = MacLayout::words;
  std::uint32_t mac_address = 0;
  RevisionFields revision;
  SecurityFuses fuses;
  Watchdogs watchdogs;
  BootStrap boot;
  BaudRule baud_rule = BaudRule::plain;
  std::uint32_t uart_clkdiv = 0;           ///< register; its low 20 bits divide the UART's clock
  std::uint8_t xtal_divider = 1;           ///< UART clock / crystal
  bool has_usb_otg = false;                ///< a port 303A:<image_id>, with its smaller blocks
  std::uint16_t first_stub_revision = 0;   ///< older silicon runs no stub
  std::uint32_t max_baud_bps = 2'000'000;  ///< the fastest that is worth trying
  std::string_view stub_file;              ///< "esp32c3.json"
  /// Its stub (esp-flasher-stub 1.1) raises the clock, and sets the UART to `rom_rate_bps` as it
  /// starts, whatever rate was measured or asked for since the reset.
  bool stub_resets_rate = false;
  std::string_view old_stub_file;  ///< for revisions below `old_stub_below`
  std::uint16_t old_stub_below = 0;
};

/// The address whose value distinguishes the chips without an id.
inline constexpr std::uint32_t magic_address = 0x40001000;

/// The rate at which a ROM prints, and that it has stored for what it starts.
inline constexpr std::uint32_t rom_rate_bps = 115200;

/// All chips, sorted by name.
std::span<const Chip> chips();

/// nullptr when there is none. Names are compared without case and dashes: "ESP32-C3".
const Chip* chip_by_name(std::string_view name);
const Chip* chip_by_magic(std::uint32_t magic);
/// By GET_SECURITY_INFO's and the image header's id.
const Chip* chip_by_id(std::uint32_t id);

}  // namespace aiot::esp
