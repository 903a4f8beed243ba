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

#include "core/file.hpp"
#include "job/bench/device_error.hpp"

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

Result<void> write_file(const file::Descriptor& folder, std::string_view name,
                        const std::string& path, const std::string& text, bool force) {
  // A file that is replaced is whole at any time: the new one takes its name when it is complete.
  const std::string target(name);
  const std::string fresh = force ? target + ".new" : target;
  if (force) ::unlinkat(folder.get(), fresh.c_str(), 0);
  const file::Descriptor file(::openat(folder.get(), fresh.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (file.get() < 0) return failed(path, errno);
  if (const auto error = file::write_all(file.get(), as_bytes(text))) {
    return failed(path, error.value());
  }
  if (force && ::renameat(folder.get(), fresh.c_str(), folder.get(), target.c_str()) != 0) {
    return failed(path, errno);
  }
  return {};
}

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
  for (const auto& [mode, files] : text.modes()) {
    const std::string below = path + '/' + mode;
    AIOT_TRY(const file::Descriptor inner, enter(root, mode, below));
    std::string json = files.json;
    if (!json.empty()) json.pop_back();
    const std::array<std::string, 3> contents = {files.log, files.results, '[' + json + "]\n"};
    for (std::size_t i = 0; i < names.size(); ++i) {
      written.push_back(fmt::format("{}/{}", below, names[i]));
      AIOT_CHECK(write_file(inner, names[i], written.back(), contents[i], force));
    }
  }
  return written;
}

}  // namespace aiot::bench
