#pragma once

#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "core/file.hpp"
#include "job/ota/serve/file_cache.hpp"
#include "net/http_server.hpp"

/// Files over HTTP: conditional requests and ranges (RFC 9110).
namespace aiot::ota {

/// "Tue, 01 Dec 2026 08:00:00 GMT" (RFC 9110, 5.6.7).
std::string http_date(std::time_t when);

/// `first` up to and not including `end`.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t end = 0;
};
enum class RangeKind {
  none,           ///< no range, or not one that is understood: the whole file
  part,           ///< 206
  unsatisfiable,  ///< 416
};
/// A Range header for a file of `size` bytes. Several ranges are RangeKind::none; a last byte
/// beyond the file's is the file's.
RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& range);

/// The path of a request's target without its query, decoded; nullopt for one that names no file
/// below a folder: "..", "." or an empty part, a part that begins with a dot, a NUL byte.
std::optional<std::string> safe_path(std::string_view target);

/// The folder that files are served from, and nothing outside of it.
class ServedFolder {
 public:
  /// Errc::folder.
  static Result<ServedFolder> open(const std::string& path);

  /// A file below the folder, of a safe_path(). No symbolic link is followed. nullptr: not there.
  std::shared_ptr<file::Descriptor> find(const std::string& path) const;
  /// Changes whenever a file, of a safe_path(), is replaced or written to; "" when it is not there.
  std::string identity(const std::string& path) const;
  /// 200, 206, 304, 404 or 416 with the file's headers. A file that is its owner's alone (mode
  /// 0600) is not served: it may be a key.
  net::HttpReply reply(const net::HttpMessage& request, const std::string& path);

 private:
  explicit ServedFolder(std::shared_ptr<file::Descriptor> folder) : folder_(std::move(folder)) {}
  std::shared_ptr<file::Descriptor> folder_;
  FileCache cache_;
};

}  // namespace aiot::ota
