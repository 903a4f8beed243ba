#include <sys/ioctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "fd_stream.hpp"
#include "scripted.hpp"
#include "process.hpp"

/// aiotctl with scripted jobs, for tests that need a real process: terminals, signals, full disks.
int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  aiot::cli::FdBuffer out_buffer(1);
  aiot::cli::FdBuffer err_buffer(2);
  std::ostream out(&out_buffer);
  std::ostream err(&err_buffer);
  err.setf(std::ios::unitbuf);
  aiot::cli::ProcessSignals signals;
  auto environment = aiot::cli::test::scripted_environment();
  environment.signals = &signals;
  environment.variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  environment.read_input = aiot::cli::read_standard_input;
  environment.raw_terminal = aiot::cli::raw_terminal;
  aiot::cli::Terminal& terminal = environment.terminal;
  terminal.in = isatty(0) != 0;
  terminal.out = isatty(1) != 0;
  terminal.err = isatty(2) != 0;
  terminal.columns = [] {
    winsize size{};
    ioctl(2, TIOCGWINSZ, &size);
    return size.ws_col == 0 ? 80U : static_cast<unsigned>(size.ws_col);
  };
  return aiot::cli::run({argv + 1, argv + argc}, std::cin, out, err, environment);
}
