#include "job/bench/device_results.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "core/file.hpp"
#include "image/files.hpp"
#include "job/bench/device_error.hpp"
#include "job/bench/error.hpp"

namespace aiot::bench {
namespace {

constexpr std::array<std::string_view, 3> names = {"log.txt", "results.txt", "results.json"};

Error failed(const std::string& path, int error) {
  if (error == EEXIST) {
    return make_error(DeviceErrc::results_exist, path,
                      "name another folder, or say that it may be overwritten");
  }
  return make_error(DeviceErrc::results_failed, fmt::format("{}: {}", path, std::strerror(error)),
                    "see that the folder can be written, and is no link");
}

/// Opens a folder below another, and makes it when it is not there. No link is followed.
Result<file::Descriptor> enter(const file::Descriptor& parent, const std::string& name,
                               const std::string& path) {
  if (::mkdirat(parent.get(), name.c_str(), 0755) != 0 && errno != EEXIST) {
    return failed(path, errno);
  }
  file::Descriptor folder(
      ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (folder.get() < 0) return failed(path, errno);
  return folder;
}

/// Takes the name `to` for `from`; fails with EEXIST where it is taken and not to be replaced.
bool rename_in(int folder, const std::string& from, const std::string& to, bool replace) {
  if (!replace) {
    if (::renameat2(folder, from.c_str(), folder, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    // Not every file system knows how.
    if (errno != EINVAL && errno != ENOSYS) return false;
    struct stat found {};
    if (::fstatat(folder, to.c_str(), &found, AT_SYMLINK_NOFOLLOW) == 0) {
      errno = EEXIST;
      return false;
    }
  }
  return ::renameat(folder, from.c_str(), folder, to.c_str()) == 0;
}

/// A file under a temporary name; it goes away unless it got its own.
class FreshFile {
 public:
  FreshFile(int folder, std::string_view name, std::string path)
      : folder_(folder), name_(name), path_(std::move(path)) {}
  FreshFile(FreshFile&& other) noexcept
      : folder_(std::exchange(other.folder_, -1)),
        name_(std::move(other.name_)),
        path_(std::move(other.path_)) {}
  FreshFile& operator=(FreshFile&&) = delete;
  ~FreshFile() {
    if (folder_ >= 0) ::unlinkat(folder_, fresh().c_str(), 0);
  }

  Result<void> write(std::string_view text) const {
    ::unlinkat(folder_, fresh().c_str(), 0);  // of a run that was killed
    const file::Descriptor file(::openat(
        folder_, fresh().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
    if (file.get() < 0) return failed(path_, errno);
    if (const auto error = file::write_all(file.get(), as_bytes(text))) {
      return failed(path_, error.value());
    }
    // Some file systems tell only now that there is no room.
    if (::fsync(file.get()) != 0) return failed(path_, errno);
    return {};
  }
  Result<void> publish(bool replace) {
    if (!rename_in(folder_, fresh(), name_, replace)) return failed(path_, errno);
    folder_ = -1;
    return {};
  }
  const std::string& path() const { return path_; }

 private:
  std::string fresh() const { return name_ + ".new"; }

  int folder_;  // the caller's
  std::string name_;
  std::string path_;
};

std::vector<std::string> split(const std::string& place) {
  std::vector<std::string> out;
  std::size_t begin = 0;
  while (begin <= place.size()) {
    const std::size_t end = std::min(place.find('/', begin), place.size());
    if (end > begin) out.push_back(place.substr(begin, end - begin));
    begin = end + 1;
  }
  return out;
}

/// The innermost of these folders that is there: what is below it will be made. No link below the
/// first is followed.
Result<std::string> innermost(const std::string& folder, const std::vector<std::string>& parts) {
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) {
    const auto end = folder.find_last_not_of('/');
    const auto parent = std::filesystem::path(folder.substr(0, end + 1)).parent_path();
    return parent.empty() ? std::string(".") : parent.string();
  }
  std::string path = folder;
  for (const std::string& part : parts) {
    const std::string next = path + '/' + part;
    if (::lstat(next.c_str(), &found) != 0) break;
    if (!S_ISDIR(found.st_mode)) {
      return make_error(Errc::unwritable, next + ": is no folder",
                        "name another folder, or move that out of the way");
    }
    path = next;
  }
  return path;
}

}  // namespace

std::string results_place(const Address& device, const inference::tiny::Task& task, bool several) {
  std::string out;
  if (several) {
    for (const char c : place_of(device)) {
      const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
      if (plain) {
        out.push_back(c);
      } else if (!out.empty() && out.back() != '-') {
        out.push_back('-');
      }
    }
    out += '/';
  }
  return out + std::string(task.short_name);
}

Result<void> check_results_free(const std::string& folder, const std::string& place,
                                const std::vector<std::string>& modes) {
  for (const std::string& mode : modes) {
    for (const std::string_view name : names) {
      const std::string path = fmt::format("{}/{}/{}/{}", folder, place, mode, name);
      struct stat found {};
      if (::lstat(path.c_str(), &found) == 0) return failed(path, EEXIST);
    }
  }
  return {};
}

Result<void> try_results(const std::string& folder, const std::string& place,
                         const std::vector<std::string>& modes) {
  std::set<std::string> inner;
  if (modes.empty()) {
    AIOT_TRY(std::string folder_itself, innermost(folder, {}));
    inner.insert(std::move(folder_itself));
  }
  for (const std::string& mode : modes) {
    std::vector<std::string> parts = split(place);
    parts.push_back(mode);
    AIOT_TRY(std::string there, innermost(folder, parts));
    inner.insert(std::move(there));
  }
  for (const std::string& there : inner) {
    if (auto tried = image::try_write(fmt::format("{}/{}", there, names[0])); !tried) {
      return make_error(Errc::unwritable, tried.error().context, tried.error().hint);
    }
  }
  return {};
}

Result<std::vector<std::string>> write_results(const std::string& folder, const std::string& place,
                                               const SubmissionText& text, bool force) {
  std::vector<std::string> written;
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) return failed(folder, errno);
  file::Descriptor root(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (root.get() < 0) return failed(folder, errno);
  std::string path = folder;
  for (const std::string& part : split(place)) {
    path += '/' + part;
    AIOT_TRY(file::Descriptor inner, enter(root, part, path));
    root = std::move(inner);
  }
  std::vector<file::Descriptor> folders;
  std::vector<FreshFile> fresh;
  for (const auto& [mode, files] : text.modes()) {
    const std::string below = path + '/' + mode;
    AIOT_TRY(file::Descriptor inner, enter(root, mode, below));
    const int at = folders.emplace_back(std::move(inner)).get();
    std::string json = files.json;
    if (!json.empty()) json.pop_back();
    const std::array<std::string, 3> contents = {files.log, files.results, '[' + json + "]\n"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      fresh.emplace_back(at, names[i], fmt::format("{}/{}", below, names[i]));
      AIOT_CHECK(fresh.back().write(contents[i]));
    }
  }
  for (FreshFile& file : fresh) {
    AIOT_CHECK(file.publish(force));
    written.push_back(file.path());
  }
  return written;
}

}  // namespace aiot::bench
