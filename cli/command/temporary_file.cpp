#include "command/temporary_file.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <ostream>
#include <system_error>

#include "errors.hpp"

namespace aiot::cli::command {

Result<TemporaryFile> TemporaryFile::create() {
  const char* folder = std::getenv("TMPDIR");
  std::string path = std::string(folder && *folder ? folder : "/tmp") + "/aiotctl-XXXXXX";
  const int fd = ::mkstemp(path.data());
  if (fd < 0) {
    return make_error(Errc::output_failed, path + ": " + std::generic_category().message(errno),
                      "set TMPDIR to a folder with room");
  }
  ::close(fd);
  return TemporaryFile(std::move(path));
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

void TemporaryFile::copy_to(std::ostream& out) const {
  const std::ifstream in(path_, std::ios::binary);
  // An empty file would set failbit on `out`.
  if (in && std::ifstream(path_).peek() != EOF) out << in.rdbuf();
}

}  // namespace aiot::cli::command
