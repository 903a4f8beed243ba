#pragma once

#include <optional>
#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "core/file.hpp"

namespace aiot::flash {

/// A file that appears under its name whole or not at all, readable by its owner only: flash holds
/// keys and passwords. "-" is standard output; a device or pipe is written directly.
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);

  Result<void> write(ByteSpan bytes);
  /// On disk, under its name.
  Result<void> commit();

 private:
  explicit OutputFile(std::string path) : path_(std::move(path)) {}

  std::string path_;
  std::optional<file::PartFile> part_;
  file::Descriptor direct_;  ///< where there is no part
};

}  // namespace aiot::flash
