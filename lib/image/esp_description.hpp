#pragma once

#include "image/esp_image.hpp"

namespace aiot::image {

inline constexpr std::size_t app_description_size = 256;
inline constexpr std::size_t boot_description_size = 80;

/// Reads the esp_app_desc_t at the start of `data`; nullopt when its magic word is not there.
std::optional<AppDescription> parse_app_description(ByteSpan data);
/// Likewise the esp_bootloader_desc_t. One byte of magic is little: its text must be text as well.
std::optional<BootDescription> parse_boot_description(ByteSpan data);

}  // namespace aiot::image
