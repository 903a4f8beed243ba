#pragma once

#include <string>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"

namespace aiot::flash {

/// A file that appears under its name whole or not at all, readable by its owner only: flash holds
/// keys and passwords. "-" is standard output; a device or pipe is written directly.
class OutputFile {
 public:
  static Result<OutputFile> create(const std::string& path);
  ~OutputFile();
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&&) = delete;

  Result<void> write(ByteSpan bytes);
  /// On disk, under its name.
  Result<void> commit();

 private:
  OutputFile() = default;
  int fd_ = -1;
  bool direct_ = false;
  std::string path_;
  std::string temporary_;
};

}  // namespace aiot::flash
