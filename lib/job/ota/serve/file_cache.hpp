#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <list>
#include <memory>

#include "aiot/bytes.hpp"
#include "core/file.hpp"

namespace aiot::ota {

/// Contents of files that were asked for lately: many devices fetch the same firmware, and reading
/// it from the kernel each time costs a quarter of what serving it does. A mapping would cost no
/// memory, but end the process when somebody cuts the file short.
class FileCache {
 public:
  /// The content of an open file, as `info` describes it; nullptr for one that is too large, or has
  /// changed just now.
  std::shared_ptr<const Bytes> content(const file::Descriptor& file, const struct stat& info);

 private:
  struct Entry {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{};
    std::shared_ptr<const Bytes> content;
  };
  std::list<Entry> entries_;  ///< the latest first
  std::size_t total_bytes_ = 0;
};

}  // namespace aiot::ota
