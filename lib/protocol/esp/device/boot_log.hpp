#pragma once

#include <string>

#include "protocol/esp/chip.hpp"
#include "protocol/esp/device/flash_memory.hpp"

namespace aiot::esp::device {

enum class ResetCause { power_on, pin, software, watchdog, crash };

/// What the ROM prints when it has sampled the boot pin, at 115200.
std::string rom_banner(const Chip& chip, ResetCause cause, bool download);

/// What the second-stage boot loader and the application print, from what the flash holds: the
/// partition table at 0x8000, the first application in it, its name and version
/// (ESP-IDF, "App Image Format": esp_app_desc_t behind the first segment's header).
std::string application_log(const Chip& chip, ByteSpan flash);

}  // namespace aiot::esp::device
