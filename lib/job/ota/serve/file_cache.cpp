#include "job/ota/serve/file_cache.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace aiot::ota {
namespace {

constexpr off_t most_file_bytes = 8 << 20;
constexpr std::size_t most_total_bytes = 64 << 20;
/// A file that is still written to may change within one tick of its time.
constexpr time_t settled_after_s = 2;

}  // namespace

std::shared_ptr<const Bytes> FileCache::content(const file::Descriptor& file,
                                                const struct stat& info) {
  const auto same = [&](const Entry& entry) {
    return entry.inode == info.st_ino && entry.device == info.st_dev &&
           entry.size == info.st_size && entry.modified.tv_sec == info.st_mtim.tv_sec &&
           entry.modified.tv_nsec == info.st_mtim.tv_nsec;
  };
  if (const auto known = std::ranges::find_if(entries_, same); known != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, known);
    return known->content;
  }
  if (info.st_size > most_file_bytes || info.st_size == 0 ||
      std::time(nullptr) - info.st_mtim.tv_sec < settled_after_s) {
    return nullptr;
  }
  Bytes bytes(static_cast<std::size_t>(info.st_size));
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got =
        ::pread(file.get(), bytes.data() + at, bytes.size() - at, static_cast<off_t>(at));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return nullptr;
    at += static_cast<std::size_t>(got);
  }
  total_bytes_ += bytes.size();
  entries_.push_front({info.st_dev, info.st_ino, info.st_size, info.st_mtim,
                       std::make_shared<const Bytes>(std::move(bytes))});
  while (total_bytes_ > most_total_bytes) {
    total_bytes_ -= entries_.back().content->size();
    entries_.pop_back();
  }
  return entries_.front().content;
}

}  // namespace aiot::ota
