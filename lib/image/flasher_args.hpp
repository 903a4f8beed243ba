#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "aiot/flash.hpp"
#include "aiot/result.hpp"
#include "image/errors.hpp"

/// build/flasher_args.json of ESP-IDF: which file of a build goes where.
namespace aiot::image {

inline constexpr std::string_view flasher_args_name = "flasher_args.json";

struct BuildFile {
  std::uint32_t offset = 0;
  std::string path;  ///< relative to the build's folder; not yet checked
  bool encrypted = false;
};

struct FlasherArgs {
  std::vector<BuildFile> files;  ///< by offset
  flash::HeaderPatch header;
  std::string chip;    ///< "" when not given
  std::string before;  ///< esptool's words: "default_reset", "usb_reset", "no_reset" …
  std::string after;
  bool stub = true;
};

/// Errc::bad_build with what is wrong: not JSON, no `flash_files`, an offset that is no number.
Result<FlasherArgs> parse_flasher_args(std::string_view json);

}  // namespace aiot::image
