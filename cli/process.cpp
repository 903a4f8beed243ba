#include "process.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
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

std::shared_ptr<void> change_terminal(int when, void (*change)(termios&)) {
  if (::tcgetattr(STDIN_FILENO, &saved) != 0) return nullptr;
  termios settings = saved;
  change(settings);
  changed = true;
  watch_deadly_signals();
  ::tcsetattr(STDIN_FILENO, when, &settings);
  return {&saved, [](void*) { restore_terminal(); }};
}

}  // namespace

void restore_terminal() noexcept {
  if (changed.exchange(false)) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &saved);
}

std::shared_ptr<void> raw_terminal() {
  return change_terminal(TCSADRAIN, [](termios& settings) {
    const tcflag_t output = settings.c_oflag;
    ::cfmakeraw(&settings);
    settings.c_oflag = output;  // a line feed still begins a line
  });
}

std::shared_ptr<void> silent_terminal() {
  return change_terminal(TCSAFLUSH, [](termios& settings) { settings.c_lflag &= ~tcflag_t{ECHO}; });
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

ProcessSignals::~ProcessSignals() {
  if (!thread_.joinable()) return;
  const std::uint64_t one = 1;
  (void)!::write(end_fd_, &one, sizeof one);
  thread_.join();
  ::close(signal_fd_);
  ::close(end_fd_);
}

std::stop_token ProcessSignals::start() {
  if (thread_.joinable()) return stop_.get_token();
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  // Threads that the job starts later inherit the mask.
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal_fd_ = ::signalfd(-1, &set, SFD_CLOEXEC);
  end_fd_ = ::eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { watch(); });
  return stop_.get_token();
}

void ProcessSignals::watch() {
  while (true) {
    // Without events asked for, a pipe reports only that its reader is gone; poll skips fd -1.
    const int reader = watch_reader_ ? STDOUT_FILENO : -1;
    pollfd fds[3] = {{signal_fd_, POLLIN, 0}, {end_fd_, POLLIN, 0}, {reader, 0, 0}};
    if (::poll(fds, 3, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    if (fds[2].revents != 0) {
      watch_reader_ = false;
      stop_.request_stop();
      continue;
    }
    if (fds[0].revents == 0) continue;
    signalfd_siginfo info{};
    if (::read(signal_fd_, &info, sizeof info) != sizeof info) continue;
    const int code = 128 + static_cast<int>(info.ssi_signo);
    if (asking_ || exit_ != 0) {
      restore_terminal();
      (void)!::write(STDERR_FILENO, "\n", 1);
      ::_exit(code);
    }
    exit_ = code;
    stop_.request_stop();
  }
}

}  // namespace aiot::cli
