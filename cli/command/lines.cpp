#include "command/lines.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <istream>

#include "errors.hpp"
#include "fd_stream.hpp"

namespace aiot::cli::command {

bool next_line(std::istream& in, std::string& line) {
  line.clear();
  char c = 0;
  while (line.size() <= longest_line && in.get(c)) {
    if (c == '\n') return true;
    line += c;
  }
  return !line.empty();
}

Result<void> check_input(std::istream& in, const std::string& name) {
  if (read_error(in) != ETIMEDOUT) return {};
  return make_error(Errc::bad_device_list, name + ": nothing arrives",
                    "end the list, or allow more time");
}

Result<void> read_device_list(
    const Context& context, const std::string& file,
    const std::function<Result<void>(std::istream&, const std::string&)>& read) {
  if (file == "-") return read(context.in, "standard input");
  // Not blocking: a pipe may have no writer yet.
  const int fd = ::open(file.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    return make_error(Errc::bad_device_list, file + ": cannot be read",
                      "name a file with an address on each line");
  }
  FdInput buffer(fd, {nullptr, context.settings.timeout});
  std::istream in(&buffer);
  Result<void> done = read(in, file);
  ::close(fd);
  return done;
}

}  // namespace aiot::cli::command
