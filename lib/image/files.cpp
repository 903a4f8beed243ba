#include "image/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/file.hpp"

namespace aiot::image {
namespace {

namespace fs = std::filesystem;

Error unreadable(const std::string& path, std::string_view why) {
  return make_error(Errc::unreadable, fmt::format("{}: {}", path, why),
                    "check the name, and that you may read it");
}
Error unwritable(const std::string& path, boost::system::error_code error) {
  std::string hint = "write to a folder that exists and that you may write to";
  const int number = error.value();
  if (number == ENOSPC || number == EDQUOT) hint = "free some space, or write elsewhere";
  if (number == EEXIST) hint = "choose another name, or remove the file first";
  return make_error(Errc::unwritable, fmt::format("{}: {}", path, error.message()),
                    std::move(hint));
}

/// Where the bytes of a file go.
struct Target {
  std::string path;
  std::optional<mode_t> mode;  ///< of the file that is there
};
Result<Target> target_of(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Target{path, std::nullopt};
  if (!S_ISREG(status.st_mode)) {
    return make_error(Errc::unwritable, fmt::format("{}: is not a regular file", path),
                      "name a file, not a folder or a device");
  }
  // A symbolic link stays one: what it points to is replaced.
  std::error_code error;
  const std::string target = fs::canonical(path, error).string();
  if (error) return unwritable(path, {error.value(), boost::system::generic_category()});
  return Target{target, status.st_mode & 07777};
}

}  // namespace

Result<Bytes> read_file(const std::string& path, std::uint64_t limit_bytes) {
  // Opening a pipe without a writer would block: look before reading.
  const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) return unreadable(path, file::last_error().message());
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) return unreadable(path, file::last_error().message());
  if (S_ISDIR(status.st_mode)) return unreadable(path, "is a folder");
  if (!S_ISREG(status.st_mode)) return unreadable(path, "is not a regular file");
  const auto too_large = [&] {
    return make_error(Errc::too_large, fmt::format("{}: more than {} MiB", path, limit_bytes >> 20),
                      "no flash is as large: is it the right file?");
  };
  if (static_cast<std::uint64_t>(status.st_size) > limit_bytes) return too_large();
  auto data = file::read_all(file.get(), limit_bytes);
  if (data) return *std::move(data);
  if (data.error() == boost::system::errc::file_too_large) return too_large();  // it grew meanwhile
  return unreadable(path, data.error().message());
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  const file::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) return unreadable(path, file::last_error().message());
  return of(file.get(), path);
}

Result<MappedFile> MappedFile::of(int fd, const std::string& name) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) return unreadable(name, file::last_error().message());
  if (!S_ISREG(status.st_mode)) return unreadable(name, "is not a regular file");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size == 0) return MappedFile(ByteSpan());
  const void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return unreadable(name, file::last_error().message());
  return MappedFile(ByteSpan(static_cast<const std::uint8_t*>(data), size));
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::uint8_t*>(bytes_.data()), bytes_.size());
}

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Result<std::string> path_below(const std::string& folder, const std::string& relative) {
  const auto unsafe = [&] {
    return make_error(Errc::unsafe_path, fmt::format("\"{}\"", relative),
                      "a build names files of its own folder only");
  };
  const fs::path part(relative);
  if (relative.empty() || relative.find('\0') != std::string::npos || part.is_absolute()) {
    return unsafe();
  }
  for (const fs::path& step : part) {
    if (step == "..") return unsafe();
  }
  std::error_code error;
  const fs::path base = fs::canonical(folder.empty() ? "." : folder, error);
  if (error) return unreadable(folder, error.message());
  const fs::path target = fs::canonical(base / part, error);
  if (error) return unreadable((fs::path(folder) / part).string(), error.message());
  const auto [in_base, in_target] =
      std::mismatch(base.begin(), base.end(), target.begin(), target.end());
  if (in_base != base.end()) return unsafe();
  return target.string();
}

Result<void> check_output(const std::string& output, const std::string& input) {
  std::error_code ignored;
  if (!fs::equivalent(output, input, ignored)) return {};
  return make_error(Errc::overwrites_input, output, "write to another file");
}

Result<void> write_file(const std::string& path, ByteSpan data, bool overwrite) {
  AIOT_TRY(const Target target, target_of(path));
  if (target.mode && !overwrite) {
    return unwritable(path, make_error_code(boost::system::errc::file_exists));
  }
  auto part = file::PartFile::create(target.path, 0666);
  if (!part) return unwritable(path, part.error());
  if (target.mode && ::fchmod(part->get(), *target.mode) != 0) {
    return unwritable(path, file::last_error());
  }
  if (const auto failed = file::write_all(part->get(), data)) return unwritable(path, failed);
  if (const auto failed = overwrite ? part->replace() : part->appear()) {
    return unwritable(path, failed);
  }
  return {};
}

Result<void> try_write(const std::string& path) {
  AIOT_TRY(const Target target, target_of(path));
  const auto part = file::PartFile::create(target.path, 0666);
  if (!part) return unwritable(path, part.error());
  // A full disk takes a name, and no bytes.
  const std::array<std::uint8_t, 4096> some{};
  if (const auto failed = file::write_all(part->get(), some)) return unwritable(path, failed);
  return {};
}

}  // namespace aiot::image
