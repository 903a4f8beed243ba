#include "terminal_input.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>

namespace aiot::cli {
namespace {

constexpr std::size_t read_bytes = 4096;

termios saved;  // valid while `changed`
std::atomic<bool> changed{false};

/// Signals that end the process without unwinding it.
constexpr std::array deadly = {SIGHUP, SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGSEGV};

extern "C" void restore_and_die(int signal) {
  restore_terminal();
  // SA_RESETHAND: this time it ends the process.
  ::raise(signal);
}

void watch_deadly_signals() {
  struct sigaction action {};
  action.sa_handler = restore_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_NODEFER);
  for (const int signal : deadly) ::sigaction(signal, &action, nullptr);
}

}  // namespace

void restore_terminal() noexcept {
  if (changed.exchange(false)) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

std::shared_ptr<void> raw_terminal() {
  if (::tcgetattr(STDIN_FILENO, &saved) != 0) return nullptr;
  termios raw = saved;
  ::cfmakeraw(&raw);
  raw.c_oflag = saved.c_oflag;  // a line feed still begins a line
  changed = true;
  watch_deadly_signals();
  ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
  return {&saved, [](void*) { restore_terminal(); }};
}

std::string read_standard_input(const std::stop_token& stop) {
  const int wake = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  std::string out;
  {
    const std::stop_callback on_stop(stop, [wake] {
      const std::uint64_t one = 1;
      (void)!::write(wake, &one, sizeof one);
    });
    pollfd fds[2] = {{STDIN_FILENO, POLLIN, 0}, {wake, POLLIN, 0}};
    while (!stop.stop_requested()) {
      if (::poll(fds, 2, -1) < 0 || fds[0].revents == 0) continue;
      out.resize(read_bytes);
      const ssize_t count = ::read(STDIN_FILENO, out.data(), out.size());
      out.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
      break;
    }
  }
  ::close(wake);
  return out;
}

}  // namespace aiot::cli
