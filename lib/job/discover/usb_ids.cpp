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
//   E  esptool 5.3 (USB_JTAG_SERIAL_PID) and ESP-IDF's tools/cmake dfu targets (their PIDs)
//   P  raspberrypi/picotool, udev/60-picotool.rules; raspberrypi/usb-pid
//   U  usb.ids, as udev's hardware database has it (systemd 252)
//   N  Nordic Semiconductor, nRF Connect Programmer; ferrous-systems' training rules
//   A  adafruit/tinyuf2, adafruit/Adafruit_nRF52_Bootloader, microsoft/uf2-samdx1: boards' PIDs
//   K  Linux 6.1, drivers/usb/serial: cp210x.c, ch341.c, ftdi_sio_ids.h, pl2303.h
//   W  WCHSoftGroup/ch343ser_linux, ch343.c
//   B  betaflight/qmk rules for DFU: STM32, GD32, APM32, AT32, Maple
constexpr std::array ids = {
    one(0x303A, 0x0002, boot_loader, "ESP32-S2 ROM (USB-OTG)"),        // E
    one(0x303A, 0x0009, boot_loader, "ESP32-S3 ROM (USB-OTG)"),        // E
    one(0x303A, 0x0012, boot_loader, "ESP32-P4 ROM (USB-OTG)"),        // E
    one(0x303A, 0x1001, chip, "ESP32 USB Serial/JTAG"),                // E
    one(0x303A, 0x1002, debug_probe, "ESP USB bridge"),                // E
    one(0x2E8A, 0x0003, uf2_loader, "RP2040 boot ROM"),                // P
    one(0x2E8A, 0x000F, uf2_loader, "RP2350 boot ROM"),                // P
    one(0x2E8A, 0x0004, debug_probe, "Picoprobe"),                     // P
    one(0x2E8A, 0x000C, debug_probe, "Raspberry Pi Debug Probe"),      // P
    one(0x1915, 0x521F, boot_loader, "nRF52840 Open DFU Bootloader"),  // N
    one(0x0483, 0xDF11, boot_loader, "STM32 DFU boot loader"),         // U
    one(0x28E9, 0x0189, boot_loader, "GD32 DFU boot loader"),          // B
    one(0x314B, 0x0106, boot_loader, "APM32 DFU boot loader"),         // B
    one(0x2E3C, 0xDF11, boot_loader, "AT32 DFU boot loader"),          // B
    one(0x1EAF, 0x0003, boot_loader, "Maple DFU boot loader"),         // B
    one(0x03EB, 0x6124, boot_loader, "SAM-BA boot loader"),            // U
    one(0x10C4, 0xEA60, bridge, "CP210x"),                             // K
    one(0x10C4, 0xEA70, bridge, "CP2105"),                             // K
    one(0x10C4, 0xEA71, bridge, "CP2108"),                             // K
    one(0x1A86, 0x5523, bridge, "CH341"),                              // K
    one(0x1A86, 0x7522, bridge, "CH340K"),                             // K
    one(0x1A86, 0x7523, bridge, "CH340"),                              // K
    one(0x1A86, 0x55D2, bridge, "CH342"),                              // W
    one(0x1A86, 0x55D3, bridge, "CH343"),                              // W
    one(0x1A86, 0x55D4, bridge, "CH9102"),                             // W
    one(0x1A86, 0x55D5, bridge, "CH344"),                              // W
    one(0x1A86, 0x55D8, bridge, "CH9101"),                             // W
    one(0x0403, 0x6001, bridge, "FT232R"),                             // K
    one(0x0403, 0x6010, bridge, "FT2232"),                             // K
    one(0x0403, 0x6011, bridge, "FT4232H"),                            // K
    one(0x0403, 0x6014, bridge, "FT232H"),                             // K
    one(0x0403, 0x6015, bridge, "FT-X"),                               // K
    one(0x067B, 0x2303, bridge, "PL2303"),                             // K
    UsbId{0x067B, 0x23A3, 0x23F3, bridge, "PL2303G"},                  // K
    one(0x04D8, 0x00DD, bridge, "MCP2221"),                            // U
    UsbId{0x0483, 0x3744, 0x3757, debug_probe, "ST-LINK"},             // U
    UsbId{0x1366, 0x0101, 0x1069, debug_probe, "J-Link"},              // U
    one(0x0D28, 0x0204, debug_probe, "DAPLink"),                       // U
};

/// Makers whose boards' UF2 boot loaders are disks with a product id below 0x8000, and whose
/// applications have that id with the highest bit set (A).
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
