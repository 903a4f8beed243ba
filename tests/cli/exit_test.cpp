#include "render/exit.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

TEST_CASE("one device: the code of what failed") {
  for (const auto& [name, exit] : std::vector<std::pair<std::string, int>>{{"fine", 0},
                                                                           {"busy", 5},
                                                                           {"timeout", 6},
                                                                           {"secured", 7},
                                                                           {"hostile", 8},
                                                                           {"mismatch", 9}}) {
    CAPTURE(name);
    CHECK(run_cli({"flash", "info", "tcp://" + name + ":1"}).exit == exit);
  }
}

TEST_CASE("several devices: partial, or their common reason") {
  const auto flash = [](const std::string& a, const std::string& b) {
    return run_cli({"flash", "info", "tcp://" + a + ":1", "tcp://" + b + ":2"});
  };
  CHECK(flash("fine", "also").exit == 0);
  const auto partial = flash("fine", "busy");
  CHECK(partial.exit == 10);
  CHECK(partial.err.find("1 of 2 devices failed") != std::string::npos);
  CHECK(flash("busy", "busy").exit == 5);
  CHECK(flash("busy", "timeout").exit == 10);
}

TEST_CASE("erasing asks, and a script must say yes") {
  const std::vector<std::string> all = {"flash", "erase", "/dev/x", "--all"};
  const auto with = [&](std::vector<std::string> more) {
    auto args = all;
    args.insert(args.end(), more.begin(), more.end());
    return args;
  };
  const auto refused = run_cli(all);
  CHECK(refused.exit == 11);
  CHECK(refused.err.find("add --yes") != std::string::npos);
  CHECK(run_cli({"flash", "erase", "/dev/x", "-p", "nvs"}).exit == 11);
  CHECK(run_cli({"flash", "write", "/dev/x", "a.bin", "--erase-all"}).exit == 11);
  CHECK(run_cli(with({"--yes"})).exit == 0);
  CHECK(run_cli(with({"--dry-run"})).exit == 0);
  CHECK(run_cli({"flash", "erase", "/dev/x", "--offset", "0", "--size", "4k"}).exit == 0);

  Environment terminal = test::scripted_environment();
  terminal.terminal.in = terminal.terminal.err = terminal.terminal.dumb = true;
  const auto asked = run_cli(all, terminal, "y\n");
  CHECK(asked.exit == 0);
  CHECK(asked.err.find("Erase the whole flash of serial:/dev/x? [y/N] ") != std::string::npos);
  CHECK(run_cli(all, terminal, "n\n").exit == 11);
  CHECK(run_cli(all, terminal, "\n").exit == 11);
  CHECK(run_cli(all, terminal, "").exit == 11);
  CHECK(run_cli(with({"--no-input"}), terminal, "y\n").exit == 11);
}

TEST_CASE("configuration errors are 3, a log that cannot be written is 5") {
  Environment e = test::scripted_environment();
  e.variable = [](const std::string& name) {
    return name == "AIOT_FLASH_BAUD" ? std::optional<std::string>("fast") : std::nullopt;
  };
  CHECK(run_cli({"flash", "info", "/dev/x"}, e).exit == 3);
  CHECK(run_cli({"--version"}, e).exit == 0);
  CHECK(run_cli({"flash", "--help"}, e).exit == 0);
  CHECK(run_cli({"flash", "info", "/dev/x", "--config", "/nonexistent"}).exit == 3);
  CHECK(run_cli({"flash", "info", "/dev/x", "--log-file", "/nonexistent/log"}).exit == 5);
}

TEST_CASE("an exception is an internal error, not a crash") {
  Environment e = test::scripted_environment();
  e.explain = [](const std::string&) -> Result<firmware::Explanation> { throw std::runtime_error("oops"); };
  const auto ran = run_cli({"flash", "image", "a"}, e);
  CHECK(ran.exit == 1);
  CHECK(ran.err.find("oops") != std::string::npos);
}

TEST_CASE("a signal's code counts when it stopped something") {
  struct Pressed final : Signals {
    std::stop_token start() override { return {}; }
    void asking(bool) override {}
    void stop_when_reader_leaves() override {}
    int exit_code() const override { return 130; }
  } pressed;
  Environment e = test::scripted_environment();
  e.signals = &pressed;
  CHECK(run_cli({"flash", "info", "tcp://cancelled:1"}, e).exit == 130);
  CHECK(run_cli({"flash", "info", "tcp://fine:1", "tcp://cancelled:1"}, e).exit == 130);
  CHECK(run_cli({"flash", "info", "tcp://fine:1"}, e).exit == 0);
  CHECK(run_cli({"sim", "esp32"}, e).exit == 0);
}

TEST_CASE("the log file has every event and is its owner's alone") {
  std::string folder = (std::filesystem::temp_directory_path() / "aiot-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  const std::string log = folder + "/log.txt";
  CHECK(
      run_cli({"flash", "info", "tcp://fine:1", "tcp://hostile:1", "-q", "--log-file", log}).exit ==
      10);
  struct stat info {};
  REQUIRE(stat(log.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  std::filesystem::remove_all(folder);
  CHECK(text.str().find("tcp://fine:1 debug three bytes") != std::string::npos);
  CHECK(text.str().find("tcp://hostile:1 failed at \"connect\"") != std::string::npos);
  CHECK(text.str().find('\x1b') == std::string::npos);
}
