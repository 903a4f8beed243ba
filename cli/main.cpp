#include <csignal>
#include <iostream>

#include "app.hpp"
#include "fd_stream.hpp"
#include "signals.hpp"

int main(int argc, char** argv) {
  // A closed pipe is an error value here, as everything is.
  std::signal(SIGPIPE, SIG_IGN);
  const std::vector<std::string> args(argv + 1, argv + argc);
  aiot::cli::FdBuffer out_buffer(1);
  aiot::cli::FdBuffer err_buffer(2);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  err.setf(std::ios::unitbuf);
  if (args.size() == 1 && (args[0] == "--version" || args[0] == "-V")) {
    aiot::cli::print_version(out);
    out.flush();
    return out.good() ? 0 : 5;
  }
  aiot::cli::ProcessSignals signals;
  return aiot::cli::run(args, std::cin, out, err, aiot::cli::real_environment(signals));
}
