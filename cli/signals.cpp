#include "signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "terminal_input.hpp"

namespace aiot::cli {

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
