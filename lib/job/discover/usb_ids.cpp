#include "job/discover/usb_ids.hpp"

#include <algorithm>
#include <array>

namespace aiot::discover {
namespace {

constexpr UsbId one(std::uint16_t vid, std::uint16_t pid, UsbRole role, std::string_view name) {
  return {vid, pid, pid, role, name};
}

using enum UsbRole;

// Sources, by the letter that ends a line:
//   A  adafruit/Adafruit_nRF52_Bootloader, src/boards/*/board.h (USB_DESC_VID, USB_DESC_UF2_PID)
//   D  espressif/esptool, docs/en/esptool/advanced-options.rst ("--port-filter")
//   E  espressif/esp-idf, tools/cmake/dfu.cmake (dfu_pid)
//   F  ferrous-systems, "Embedded Rust" trainings: udev rules for the nRF52840 Dongle
//   K  Linux 6.1, drivers/usb/serial/pl2303.h
//   O  openocd, contrib/60-openocd.rules; probe-rs, 69-probe-rs.rules, which derives from it
//   P  raspberrypi/usb-pid, Readme.md; raspberrypi/picotool, udev/60-picotool.rules
//   Q  qmk/qmk_firmware, bootloader.mk; qmk/qmk_toolbox for the AT32
//   R  notes of several owners of ESP32-P4 boards, whose ROM shows itself so on the USB-OTG port
//   U  usb.ids, as udev's hardware database has it (systemd 252)
//   W  WCHSoftGroup/ch343ser_linux, driver/ch343.c
constexpr std::array ids = {
    one(0x303A, 0x0002, boot_loader, "ESP32-S2 ROM (USB-OTG)"),        // D, E
    one(0x303A, 0x0009, boot_loader, "ESP32-S3 ROM (USB-OTG)"),        // E
    one(0x303A, 0x0012, boot_loader, "ESP32-P4 ROM (USB-OTG)"),        // R
    one(0x303A, 0x1001, chip, "ESP32 USB Serial/JTAG"),                // D, O
    one(0x303A, 0x1002, debug_probe, "ESP USB bridge"),                // O
    one(0x2E8A, 0x0003, uf2_loader, "RP2040 boot ROM"),                // P
    one(0x2E8A, 0x000F, uf2_loader, "RP2350 boot ROM"),                // P
    one(0x2E8A, 0x0004, debug_probe, "Picoprobe"),                     // P
    one(0x2E8A, 0x000C, debug_probe, "Raspberry Pi Debug Probe"),      // P
    one(0x1915, 0x521F, boot_loader, "nRF52840 Open DFU Bootloader"),  // F
    one(0x0483, 0xDF11, boot_loader, "STM32 DFU boot loader"),         // Q, U
    one(0x28E9, 0x0189, boot_loader, "GD32 DFU boot loader"),          // Q, U
    one(0x314B, 0x0106, boot_loader, "APM32 DFU boot loader"),         // Q
    one(0x2E3C, 0xDF11, boot_loader, "AT32 DFU boot loader"),          // Q
    one(0x1EAF, 0x0003, boot_loader, "Maple DFU boot loader"),         // Q, U
    one(0x03EB, 0x6124, boot_loader, "SAM-BA boot loader"),            // U
    one(0x10C4, 0xEA60, bridge, "CP210x"),                             // U
    one(0x10C4, 0xEA70, bridge, "CP2105"),                             // U
    one(0x10C4, 0xEA71, bridge, "CP2108"),                             // U
    one(0x1A86, 0x5523, bridge, "CH341"),                              // U
    one(0x1A86, 0x7522, bridge, "CH340K"),                             // U
    one(0x1A86, 0x7523, bridge, "CH340"),                              // U
    one(0x1A86, 0x55D2, bridge, "CH342"),                              // W
    one(0x1A86, 0x55D3, bridge, "CH343"),                              // W
    one(0x1A86, 0x55D4, bridge, "CH9102"),                             // W
    one(0x1A86, 0x55D5, bridge, "CH344"),                              // W
    one(0x1A86, 0x55D8, bridge, "CH9101"),                             // W
    one(0x0403, 0x6001, bridge, "FT232R"),                             // U
    one(0x0403, 0x6010, bridge, "FT2232"),                             // U
    one(0x0403, 0x6011, bridge, "FT4232H"),                            // U
    one(0x0403, 0x6014, bridge, "FT232H"),                             // U
    one(0x0403, 0x6015, bridge, "FT-X"),                               // U
    one(0x067B, 0x2303, bridge, "PL2303"),                             // U
    one(0x067B, 0x23A3, bridge, "PL2303GC"),                           // K, U
    one(0x067B, 0x23B3, bridge, "PL2303GB"),                           // K
    one(0x067B, 0x23C3, bridge, "PL2303GT"),                           // K
    one(0x067B, 0x23D3, bridge, "PL2303GL"),                           // K
    one(0x067B, 0x23E3, bridge, "PL2303GE"),                           // K
    one(0x067B, 0x23F3, bridge, "PL2303GS"),                           // K
    one(0x04D8, 0x00DD, bridge, "MCP2221"),                            // U
    one(0x0483, 0x3744, debug_probe, "ST-LINK/V1"),                    // O, U
    one(0x0483, 0x3748, debug_probe, "ST-LINK/V2"),                    // O, U
    one(0x0483, 0x374B, debug_probe, "ST-LINK/V2.1"),                  // O, U
    UsbId{0x0483, 0x374D, 0x374F, debug_probe, "STLINK-V3"},           // O
    one(0x0483, 0x3752, debug_probe, "ST-LINK/V2.1"),                  // O
    UsbId{0x0483, 0x3753, 0x3755, debug_probe, "STLINK-V3"},           // O
    one(0x0483, 0x3757, debug_probe, "STLINK-V3PWR"),                  // O
    UsbId{0x1366, 0x0101, 0x0108, debug_probe, "J-Link"},              // O
    UsbId{0x1366, 0x1001, 0x102F, debug_probe, "J-Link"},              // O
    UsbId{0x1366, 0x1050, 0x106F, debug_probe, "J-Link"},              // O
    one(0x0D28, 0x0204, debug_probe, "DAPLink"),                       // U
};

/// Makers whose boards' UF2 boot loaders are disks with a product id below 0x8000 (A): Adafruit and
/// Seeed. Their applications have that id with the highest bit set.
constexpr std::array<std::uint16_t, 2> uf2_makers = {0x239A, 0x2886};

// USB class codes (usb.org, "Defined Class Codes").
constexpr std::uint8_t class_disk = 0x08;
constexpr std::uint8_t class_application = 0xFE;
constexpr std::uint8_t subclass_dfu = 0x01;
constexpr std::uint8_t class_vendor = 0xFF;
constexpr std::uint8_t class_serial = 0x02;

bool has_class(const net::UsbDevice& device, std::uint8_t code) {
  return std::any_of(device.interfaces.begin(), device.interfaces.end(),
                     [code](const net::UsbInterface& i) { return i.class_code == code; });
}

bool has_dfu(const net::UsbDevice& device) {
  return std::any_of(device.interfaces.begin(), device.interfaces.end(),
                     [](const net::UsbInterface& i) {
                       return i.class_code == class_application && i.subclass == subclass_dfu;
                     });
}

/// USB DFU 1.1, table 4.4: protocol 2 is DFU mode itself, 1 an application's offer to enter it.
bool is_in_dfu_mode(const net::UsbDevice& device) {
  return std::any_of(
      device.interfaces.begin(), device.interfaces.end(), [](const net::UsbInterface& i) {
        return i.class_code == class_application && i.subclass == subclass_dfu && i.protocol == 2;
      });
}

bool is_uf2_board(const net::UsbDevice& device) {
  const bool maker =
      std::find(uf2_makers.begin(), uf2_makers.end(), device.vid) != uf2_makers.end();
  return maker && device.pid < 0x8000 && has_class(device, class_disk);
}

const UsbId* find_id(const net::UsbDevice& device) {
  const auto* found = std::find_if(ids.begin(), ids.end(), [&](const UsbId& id) {
    return id.vid == device.vid && id.first_pid <= device.pid && device.pid <= id.last_pid;
  });
  return found == ids.end() ? nullptr : found;
}

}  // namespace

std::string_view role_name(UsbRole role) {
  switch (role) {
    case boot_loader: return "boot loader";
    case uf2_loader: return "UF2 boot loader";
    case dfu: return "DFU";
    case bridge: return "UART bridge";
    case chip: return "microcontroller";
    case debug_probe: return "debug probe";
    case other: return "USB device";
  }
  return "USB device";
}

std::span<const UsbId> usb_ids() { return ids; }

UsbKind kind_of(const net::UsbDevice& device) {
  if (const UsbId* id = find_id(device)) return {id->role, id->name};
  if (is_in_dfu_mode(device)) return {boot_loader, "USB DFU"};
  if (is_uf2_board(device)) return {uf2_loader, ""};
  if (has_dfu(device)) return {dfu, ""};
  return {};
}

bool is_of_interest(const net::UsbDevice& device) {
  if (!device.ports.empty()) return true;
  if (kind_of(device).role != other) return true;
  return has_class(device, class_serial) || has_class(device, class_vendor);
}

}  // namespace aiot::discover
