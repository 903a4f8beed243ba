#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <istream>
#include <ostream>

#include "aiot/pair.hpp"
#include "aiot/version.hpp"
#include "app.hpp"
#include "fd_stream.hpp"
#include "process.hpp"

namespace {

/// A closed standard stream would be the number of the next file that is opened, which results and
/// errors would then be written into.
void open_closed_streams() {
  for (const int fd : {0, 1, 2}) {
    if (::fcntl(fd, F_GETFD) == -1 && errno == EBADF) {
      (void)::open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
    }
  }
}

/// A setup code is a secret, and everybody may read a process's arguments.
void blank_codes(char** words) {
  for (; *words != nullptr; ++words) {
    if (aiot::pair::looks_like_code(*words)) std::fill_n(*words, std::strlen(*words), '*');
  }
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_streams();
  // A closed pipe is an error value here, as everything is.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> args(argv + 1, argv + argc);
  blank_codes(argv);
  aiot::cli::ProcessSignals signals;
  const auto stopped = [&signals] { return signals.exit_code() != 0; };
  aiot::cli::FdInput in_buffer(0, {stopped});
  aiot::cli::FdBuffer out_buffer(1, {stopped});
  aiot::cli::FdBuffer err_buffer(2, {stopped});
  std::istream in(&in_buffer);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  err.setf(std::ios::unitbuf);
  if (args.size() == 1 && (args[0] == "--version" || args[0] == "-V")) {
    aiot::cli::print_version(out, aiot::commit());
    out.flush();
    return out.good() ? 0 : 5;
  }
  return aiot::cli::run(args, in, out, err, aiot::cli::real_environment(signals));
}
