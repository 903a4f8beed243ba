#pragma once

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <string>
#include <vector>

extern char** environ;

/// A program that is stopped with the test. Its standard input and output are the test's to write
/// and read.
class Child {
 public:
  explicit Child(std::vector<std::string> command) {
    int in[2];
    int out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) return;
    std::vector<char*> argv;
    for (std::string& word : command) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    ::posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (::posix_spawnp(&pid_, argv[0], &actions, nullptr, argv.data(), environ) != 0) pid_ = -1;
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (pid_ > 0) ::kill(pid_, SIGTERM);
    wait();
    ::close(input_);
    ::close(output_);
  }

  void kill() const {
    if (pid_ > 0) ::kill(pid_, SIGKILL);
  }
  bool running() const { return pid_ > 0; }
  /// Waits for its end; its exit status.
  int wait() {
    int status = 0;
    if (pid_ <= 0 || ::waitpid(pid_, &status, 0) != pid_) return 128;
    pid_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
  }
  /// Runs `context` until the child ends; its exit status, or -1 when `time` passes first.
  int wait(boost::asio::io_context& context, std::chrono::seconds time) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
    if (fd < 0) return -1;
    bool ended = false;
    boost::asio::posix::stream_descriptor process(context, fd);
    process.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [&ended](boost::system::error_code error) { ended = !error; });
    const auto end = std::chrono::steady_clock::now() + time;
    context.restart();
    while (!ended && context.run_one_until(end) != 0) {
    }
    return ended ? wait() : -1;
  }
  void say(const std::string& text) const {
    if (::write(input_, text.data(), text.size()) < 0) return;
  }
  /// Reads what it prints until `text` was there; false at its end, or after 20 s of silence.
  bool says(const std::string& text) {
    while (seen_.find(text) == std::string::npos) {
      pollfd ready{output_, POLLIN, 0};
      if (::poll(&ready, 1, 20000) <= 0) return false;
      char buffer[1024];
      const ssize_t count = ::read(output_, buffer, sizeof buffer);
      if (count <= 0) return false;
      seen_.append(buffer, static_cast<std::size_t>(count));
    }
    return true;
  }

 private:
  pid_t pid_ = -1;
  int input_ = -1;
  int output_ = -1;
  std::string seen_;
};
