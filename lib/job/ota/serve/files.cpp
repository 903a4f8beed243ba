#include "job/ota/serve/files.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

std::optional<std::uint64_t> decimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view content_type(std::string_view path) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> types = {{
      {".json", "application/json"},
      {".txt", "text/plain; charset=utf-8"},
      {".html", "text/html; charset=utf-8"},
      {".pem", "application/x-pem-file"},
  }};
  for (const auto& [ending, type] : types) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

/// `targets/HASH.name` and `N.role.json` never change (TUF's consistent snapshots).
bool is_immutable(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const std::size_t dot = std::min(name.find('.'), name.size());
  const auto all = [&](auto is) { return dot > 0 && std::ranges::all_of(name.substr(0, dot), is); };
  return (dot == 64 && all([](char c) { return hex_digit(c) >= 0; })) ||
         (name.ends_with(".json") && all([](char c) { return c >= '0' && c <= '9'; }));
}

/// Whether `header`, a list of entity tags or *, names `tag`.
bool names_tag(std::string_view header, std::string_view tag) {
  while (!header.empty()) {
    std::string_view one = header.substr(0, header.find(','));
    header.remove_prefix(std::min(header.size(), one.size() + 1));
    one.remove_prefix(std::min(one.size(), one.find_first_not_of(" \t")));
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

}  // namespace

std::string http_date(std::time_t when) {
  return fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT", fmt::gmtime(when));
}

RangeKind parse_range(std::string_view header, std::uint64_t size, ByteRange& range) {
  constexpr std::string_view unit = "bytes=";
  if (!header.starts_with(unit)) return RangeKind::none;
  header.remove_prefix(unit.size());
  const std::size_t dash = header.find('-');
  if (dash == std::string_view::npos) return RangeKind::none;
  const std::string_view from = header.substr(0, dash);
  const std::string_view to = header.substr(dash + 1);
  const auto first = decimal(from);
  const auto last = decimal(to);
  if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty())) {
    return RangeKind::none;
  }
  if (from.empty()) {  // so many bytes at the end
    if (*last == 0 || size == 0) return RangeKind::unsatisfiable;
    range = {size - std::min(size, *last), size};
    return RangeKind::part;
  }
  if (last && *last < *first) return RangeKind::none;
  if (*first >= size) return RangeKind::unsatisfiable;
  range = {*first, last && *last < size ? *last + 1 : size};
  return RangeKind::part;
}

std::optional<std::string> safe_path(std::string_view target) {
  target = target.substr(0, target.find_first_of("?#"));
  if (!target.starts_with('/')) return std::nullopt;
  target.remove_prefix(1);
  std::string path;
  for (std::size_t i = 0; i < target.size(); ++i) {
    char c = target[i];
    if (c == '%') {
      if (i + 2 >= target.size()) return std::nullopt;
      const int high = hex_digit(target[i + 1]);
      const int low = hex_digit(target[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    path += c;
  }
  for (std::string_view rest = path;;) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    if (part.empty() || part.starts_with('.')) return std::nullopt;
    if (part.size() == rest.size()) return path;
    rest.remove_prefix(part.size() + 1);
  }
}

Result<ServedFolder> ServedFolder::open(const std::string& path) {
  auto folder =
      std::make_shared<file::Descriptor>(::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!folder->is_open()) {
    return make_error(Errc::folder, path + ": " + file::last_error().message(),
                      "name a folder that is there, and that this user may read");
  }
  return ServedFolder(std::move(folder));
}

std::shared_ptr<file::Descriptor> ServedFolder::find(const std::string& path) const {
  file::Descriptor folder;
  std::string_view rest = path;
  for (;;) {
    const std::string part(rest.substr(0, rest.find('/')));
    const bool last = part.size() == rest.size();
    // A pipe would wait for a writer.
    const int how = last ? O_RDONLY | O_NONBLOCK : O_PATH | O_DIRECTORY;
    const int in = folder.is_open() ? folder.get() : folder_->get();
    file::Descriptor next(::openat(in, part.c_str(), how | O_NOFOLLOW | O_CLOEXEC));
    if (!next.is_open()) return nullptr;
    if (last) return std::make_shared<file::Descriptor>(std::move(next));
    folder = std::move(next);
    rest.remove_prefix(part.size() + 1);
  }
}

std::string ServedFolder::identity(const std::string& path) const {
  struct stat info {};
  if (::fstatat(folder_->get(), path.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) return {};
  return fmt::format("{}-{}-{}-{}.{}", info.st_dev, info.st_ino, info.st_size, info.st_mtim.tv_sec,
                     info.st_mtim.tv_nsec);
}

net::HttpReply ServedFolder::reply(const net::HttpMessage& request, const std::string& path) {
  net::HttpReply out;
  std::shared_ptr<file::Descriptor> file = find(path);
  struct stat info {};
  if (!file || ::fstat(file->get(), &info) != 0 || !S_ISREG(info.st_mode) ||
      (info.st_mode & 0077) == 0) {
    out.message = net::http_response(404);
    return out;
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  const std::string tag = fmt::format("\"{:x}-{:x}-{:x}.{:x}\"", info.st_ino, size,
                                      info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  const std::string date = http_date(info.st_mtim.tv_sec);
  out.message = net::http_response(200);
  auto& headers = out.message.headers;
  headers.emplace_back("Content-Type", content_type(path));
  headers.emplace_back("ETag", tag);
  headers.emplace_back("Last-Modified", date);
  headers.emplace_back("Accept-Ranges", "bytes");
  headers.emplace_back("Cache-Control",
                       is_immutable(path) ? "public, max-age=31536000, immutable" : "no-cache");
  const std::string_view if_none_match = request.header("If-None-Match");
  const std::string_view if_modified = request.header("If-Modified-Since");
  if (if_none_match.empty() ? if_modified == date : names_tag(if_none_match, tag)) {
    out.message.status = 304;
    return out;
  }
  ByteRange range{0, size};
  const std::string_view if_range = request.header("If-Range");
  if (if_range.empty() || if_range == tag || if_range == date) {
    switch (parse_range(request.header("Range"), size, range)) {
      case RangeKind::none: break;
      case RangeKind::part:
        out.message.status = 206;
        headers.emplace_back("Content-Range",
                             fmt::format("bytes {}-{}/{}", range.first, range.end - 1, size));
        break;
      case RangeKind::unsatisfiable:
        out.message.status = 416;
        headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
        return out;
    }
  }
  out.memory = cache_.content(*file, info);
  if (!out.memory) out.file = std::move(file);
  out.offset = range.first;
  out.length = range.end - range.first;
  return out;
}

}  // namespace aiot::ota
