#include "job/flash/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "job/flash/error.hpp"

namespace aiot::flash {
namespace {

Error failed(const std::string& path, boost::system::error_code error) {
  return make_error(Errc::output, fmt::format("{}: {}", path, error.message()),
                    error.value() == ENOSPC ? "free some space, or choose another disk"
                                            : "choose a folder that you may write to");
}

}  // namespace

Result<OutputFile> OutputFile::create(const std::string& path) {
  OutputFile file(path);
  struct stat status {};
  const bool special =
      path == "-" || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode));
  if (special) {
    file.direct_ = file::Descriptor(path == "-" ? ::dup(STDOUT_FILENO)
                                                : ::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!file.direct_.is_open()) return failed(path, file::last_error());
    return file;
  }
  auto part = file::PartFile::create(path, S_IRUSR | S_IWUSR);
  if (!part) return failed(path, part.error());
  file.part_.emplace(*std::move(part));
  return file;
}

Result<void> OutputFile::write(ByteSpan bytes) {
  if (const auto error = file::write_all(part_ ? part_->get() : direct_.get(), bytes)) {
    return failed(path_, error);
  }
  return {};
}

Result<void> OutputFile::commit() {
  if (!part_) return {};
  if (const auto error = part_->replace()) return failed(path_, error);
  return {};
}

}  // namespace aiot::flash
