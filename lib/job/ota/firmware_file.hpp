#pragma once

#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "image/swu.hpp"

namespace aiot::ota {

/// What a firmware file says of itself; "" for what it does not.
struct FirmwareFacts {
  std::string format;  ///< "esp-image", "mcuboot", "elf", "intel-hex", "swu", "rauc", "raw"
  std::string version;
  std::string chip;
  std::string project;  ///< of a bundle: its name, or what it is compatible with
  std::optional<image::SwuArchive> archive = std::nullopt;  ///< of SWUpdate
};

/// Reads a firmware file; "raw" for one of a format that is not known. Errc::bad_image for a file
/// of a known format that is damaged.
Result<FirmwareFacts> read_facts(ByteSpan file);

}  // namespace aiot::ota
