#include "protocol/esp/device/boot_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace aiot::esp::device {
namespace {

constexpr std::uint8_t image_magic = 0xE9;
constexpr std::uint32_t app_desc_magic = 0xABCD5432;
constexpr std::size_t app_desc_at = 32;  // behind the image header (24) and a segment header (8)
constexpr std::size_t table_at = 0x8000;
constexpr std::size_t entry_bytes = 32;

std::string_view cause_text(ResetCause cause) {
  switch (cause) {
    case ResetCause::power_on: return "0x1 (POWERON_RESET)";
    case ResetCause::pin: return "0x1 (POWERON_RESET)";
    case ResetCause::software: return "0xc (SW_CPU_RESET)";
    case ResetCause::watchdog: return "0x10 (RTCWDT_RTC_RESET)";
    case ResetCause::crash: return "0x8 (TG1WDT_SYS_RESET)";
  }
  return "";
}

/// A text field of fixed width, up to its NUL, printable characters only.
std::string field(ByteSpan bytes) {
  std::string text;
  for (std::uint8_t byte : bytes) {
    if (byte == 0) break;
    text += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '?';
  }
  return text;
}

struct App {
  std::uint32_t offset = 0;
  std::string label;
};

std::optional<App> first_app(ByteSpan flash) {
  for (std::size_t at = table_at; at + entry_bytes <= flash.size() && at < table_at + 0xC00;
       at += entry_bytes) {
    const ByteSpan entry = flash.subspan(at, entry_bytes);
    if (entry[0] != 0xAA || entry[1] != 0x50) return std::nullopt;
    if (entry[2] == 0) return App{load_le32(entry.data() + 4), field(entry.subspan(12, 16))};
  }
  return std::nullopt;
}

}  // namespace

std::string rom_banner(const Chip& chip, ResetCause cause, bool download) {
  std::string text = chip.name == "esp32" ? std::string("ets Jul 29 2019 12:21:46\r\n\r\n")
                                          : fmt::format("{} ROM\r\n", chip.display);
  text += fmt::format("rst:{},boot:{}\r\n", cause_text(cause),
                      download ? "0x3 (DOWNLOAD_BOOT(UART0))" : "0x13 (SPI_FAST_FLASH_BOOT)");
  if (download) text += "waiting for download\r\n";
  return text;
}

std::string application_log(const Chip& chip, ByteSpan flash) {
  const std::size_t loader = chip.bootloader_offset;
  if (loader >= flash.size() || flash[loader] != image_magic) {
    const std::uint32_t found = loader + 4 <= flash.size() ? load_le32(flash.data() + loader) : 0;
    return fmt::format("invalid header: 0x{:08x}\r\n", found);
  }
  std::string text = fmt::format("I (27) boot: chip {}\r\n", chip.display);
  const std::optional<App> app = chip.name == "esp8266" ? App{0, "eagle"} : first_app(flash);
  if (!app) return text + "E (55) boot: no bootable app partitions in the partition table\r\n";
  if (app->offset + app_desc_at + 256 > flash.size() || flash[app->offset] != image_magic) {
    return text +
           fmt::format("E (60) boot: {} at 0x{:x} holds no image\r\n", app->label, app->offset);
  }
  text += fmt::format("I (60) boot: Loaded app from partition {} at offset 0x{:x}\r\n", app->label,
                      app->offset);
  const ByteSpan description = flash.subspan(app->offset + app_desc_at, 256);
  if (load_le32(description.data()) == app_desc_magic) {
    text += fmt::format("I (200) app_init: Project name:     {}\r\n",
                        field(description.subspan(48, 32)));
    text += fmt::format("I (205) app_init: App version:      {}\r\n",
                        field(description.subspan(16, 32)));
  }
  return text + "I (210) main_task: Calling app_main()\r\n";
}

}  // namespace aiot::esp::device
