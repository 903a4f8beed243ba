#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "paths.hpp"

namespace {

std::vector<char*> argv_of(std::vector<std::string>& args) {
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  return argv;
}

int exit_of(pid_t child) {
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

/// The scripted aiotctl on a pseudo-terminal of 80 columns.
class OnTerminal {
 public:
  explicit OnTerminal(std::vector<std::string> args) {
    args.insert(args.begin(), AIOT_SCRIPTED);
    auto argv = argv_of(args);
    winsize size{24, 80, 0, 0};
    child_ = forkpty(&master_, nullptr, nullptr, &size);
    if (child_ == 0) {
      setenv("TERM", "xterm", 1);
      unsetenv("NO_COLOR");
      setenv("XDG_CACHE_HOME", (aiot::tests::binary_dir() + "/tests/cache").c_str(),
             1);  // not the user's own
      execv(argv[0], argv.data());
      _exit(127);
    }
    REQUIRE(child_ > 0);
  }
  ~OnTerminal() { close(master_); }
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  /// Reads until `text` was seen, or the other end is closed.
  bool await(const std::string& text) {
    while (seen.find(text) == std::string::npos) {
      pollfd ready{master_, POLLIN, 0};
      if (poll(&ready, 1, 20000) <= 0) return false;
      char buffer[4096];
      const ssize_t n = read(master_, buffer, sizeof buffer);
      if (n <= 0) return false;
      seen.append(buffer, static_cast<std::size_t>(n));
    }
    return true;
  }
  void type(const std::string& text) {
    REQUIRE(write(master_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  int finish() {
    (void)await("this never comes");
    return exit_of(child_);
  }
  pid_t child() const { return child_; }
  /// The terminal takes whole lines and echoes them, as a shell leaves it.
  bool cooked() const {
    termios settings{};
    REQUIRE(tcgetattr(master_, &settings) == 0);
    return (settings.c_lflag & ICANON) != 0 && (settings.c_lflag & ECHO) != 0;
  }

  std::string seen;

 private:
  int master_ = -1;
  pid_t child_ = -1;
};

/// Runs the scripted aiotctl with this standard output; standard error is dropped.
int run_with_output(std::vector<std::string> args, int out) {
  args.insert(args.begin(), AIOT_SCRIPTED);
  auto argv = argv_of(args);
  const pid_t child = fork();
  if (child == 0) {
    dup2(out, 1);
    dup2(open("/dev/null", O_WRONLY), 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
  return exit_of(child);
}

}  // namespace

TEST_CASE("on a terminal: bars, colour, a result") {
  OnTerminal t({"flash", "info", "tcp://fine:1", "tcp://busy:1"});
  CHECK(t.finish() == 10);
  CHECK(t.seen.find("[===") != std::string::npos);
  CHECK(t.seen.find("\x1b[1;31merror:") != std::string::npos);
  CHECK(t.seen.find("esp32c3 v0.3") != std::string::npos);
  CHECK(t.seen.find("FAILED  tcp://busy:1  -") != std::string::npos);
}

TEST_CASE("a question is asked, and the answer counts") {
  for (const auto& [answer, exit] : {std::pair{"y\n", 0}, std::pair{"n\n", 11}}) {
    OnTerminal t({"flash", "erase", "tcp://fine:1", "--all"});
    REQUIRE(t.await("[y/N] "));
    t.type(answer);
    CHECK(t.finish() == exit);
  }
}

TEST_CASE("Ctrl-C at the question") {
  OnTerminal t({"flash", "erase", "tcp://fine:1", "--all"});
  REQUIRE(t.await("[y/N] "));
  t.type("\x03");
  CHECK(t.finish() == 130);
}

TEST_CASE("Ctrl-C stops the job") {
  OnTerminal t({"flash", "info", "tcp://wait:1"});
  REQUIRE(t.await("waiting"));
  t.type("\x03");
  CHECK(t.finish() == 130);
  CHECK(t.seen.find("stopped before it was done") != std::string::npos);
}

TEST_CASE("SIGTERM stops the job") {
  OnTerminal t({"flash", "info", "tcp://wait:1"});
  REQUIRE(t.await("waiting"));
  REQUIRE(kill(t.child(), SIGTERM) == 0);
  CHECK(t.finish() == 143);
}

TEST_CASE("a second Ctrl-C ends a job that does not stop") {
  OnTerminal t({"flash", "info", "tcp://stuck:1"});
  REQUIRE(t.await("waiting"));
  t.type("\x03");
  REQUIRE(t.await("^C"));
  // Two signals of one kind that are pending together are one: press until it has ended.
  siginfo_t info{};
  while (waitid(P_PID, static_cast<id_t>(t.child()), &info, WEXITED | WNOWAIT | WNOHANG) == 0 &&
         info.si_pid == 0) {
    t.type("\x03");
    std::this_thread::yield();
  }
  CHECK(t.finish() == 130);
}

TEST_CASE("discover on a terminal of 80 columns: no line is longer, nothing from a device is raw") {
  OnTerminal t({"discover"});
  CHECK(t.finish() == 0);
  CHECK(t.seen.find("Lamp") != std::string::npos);
  CHECK(t.seen.find("\x1b[2J") == std::string::npos);
  std::size_t begin = 0;
  for (std::size_t end = t.seen.find("\r\n"); end != std::string::npos;
       end = t.seen.find("\r\n", begin)) {
    CHECK_MESSAGE(end - begin <= 80, t.seen.substr(begin, end - begin));
    begin = end + 2;
  }
}

TEST_CASE("Ctrl-C ends a search with what was found, and is how watching ends") {
  OnTerminal search({"discover", "--where", "wait"});
  REQUIRE(search.await("waiting"));
  search.type("\x03");
  CHECK(search.finish() == 130);
  CHECK(search.seen.find("Lamp") != std::string::npos);
  OnTerminal watch({"discover", "--watch"});
  REQUIRE(watch.await("- Lamp"));
  watch.type("\x03");
  CHECK(watch.finish() == 0);
  CHECK(watch.seen.find("+ Lamp") != std::string::npos);
}

TEST_CASE("keyboard mode: keys go to the device, Ctrl-C too; the escape key speaks to aiotctl") {
  OnTerminal t({"listen", "tcp://fine:1", "--stamp", "none"});
  REQUIRE(t.await("waiting"));
  CHECK_FALSE(t.cooked());
  CHECK(t.seen.find("ctrl-t q quits") != std::string::npos);
  // A device's colour is shown, its other sequences are written out.
  CHECK(t.seen.find("\x1b[31mred\x1b[0m\\x1b[2J") != std::string::npos);
  t.type("ls");
  REQUIRE(t.await("<ls>"));
  t.type("\x03");
  REQUIRE(t.await("<\\x03>"));
  t.type("\x14?");
  REQUIRE(t.await("ctrl-t q  quit"));
  t.type("\x14h");
  t.type("a");
  REQUIRE(t.await("3c 61 3e"));
  t.type("\x14q");
  CHECK(t.finish() == 0);
}

TEST_CASE("keyboard mode: the terminal is as it was, however it ends") {
  for (const int signal : {0, SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGSEGV}) {
    CAPTURE(signal);
    OnTerminal t({"listen", "tcp://fine:1"});
    REQUIRE(t.await("waiting"));
    REQUIRE_FALSE(t.cooked());
    if (signal == 0) {
      t.type("\x14q");
    } else {
      REQUIRE(kill(t.child(), signal) == 0);
    }
    int status = 0;
    (void)t.await("this never comes");
    REQUIRE(waitpid(t.child(), &status, 0) == t.child());
    CHECK(t.cooked());
    const bool handled = signal == 0 || signal == SIGTERM || signal == SIGINT;
    CHECK(WIFEXITED(status) == handled);
    if (handled) CHECK(WEXITSTATUS(status) == 0);
    if (!handled && WIFSIGNALED(status)) CHECK(WTERMSIG(status) == signal);
  }
}

TEST_CASE("with --no-input the keyboard is left alone, and Ctrl-C ends it") {
  OnTerminal t({"listen", "tcp://wait:1", "--no-input"});
  REQUIRE(t.await("ready"));
  CHECK(t.cooked());
  t.type("\x03");
  CHECK(t.finish() == 0);
}

TEST_CASE("standard output: a full disk is 5, a reader that left is nothing") {
  const int full = open("/dev/full", O_WRONLY);
  REQUIRE(full >= 0);
  CHECK(run_with_output({"flash", "info", "tcp://fine:1", "--json"}, full) == 5);
  CHECK(run_with_output({"--help"}, full) == 5);
  close(full);
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  close(ends[0]);
  CHECK(run_with_output({"flash", "info", "tcp://fine:1", "--json"}, ends[1]) == 0);
  CHECK(run_with_output({"flash", "info", "tcp://busy:1"}, ends[1]) == 5);
  close(ends[1]);
}
