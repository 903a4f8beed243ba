#pragma once

#include <string>

#include "image/esp_image.hpp"

namespace aiot::sim::ota {

/// The version in an ESP image, "(none)" when it has no description; "" when it is no valid image.
inline std::string esp_version(ByteSpan bytes) {
  const Result<image::EspImageInfo> parsed = image::parse_esp_image(bytes);
  if (!parsed || !parsed->intact()) return {};
  return parsed->app && !parsed->app->version.empty() ? parsed->app->version : "(none)";
}

}  // namespace aiot::sim::ota
