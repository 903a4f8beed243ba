#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>

#include "scripted.hpp"

using namespace aiot;
using namespace aiot::cli;
using test::run_cli;

namespace {

/// Runs `flash info` and gives the addresses that the job was asked for.
struct Asked {
  test::Ran ran;
  std::vector<std::string> devices;
};
Asked ask(std::vector<std::string> args, const std::string& input = "") {
  Asked asked;
  Environment e = test::scripted_environment();
  e.info = [&](std::span<const Address> devices, const flash::InfoRequest&, EventSink&,
               std::stop_token) -> Result<flash::Report<flash::InfoResult>> {
    for (const Address& device : devices) asked.devices.push_back(device.str());
    return flash::Report<flash::InfoResult>();
  };
  args.insert(args.begin(), {"flash", "info"});
  asked.ran = run_cli(args, e, input);
  return asked;
}

}  // namespace

TEST_CASE("several ways to name devices") {
  CHECK(ask({"/dev/ttyUSB0", "rfc2217://h:1", "tcp://h:2"}).devices ==
        std::vector<std::string>{"serial:/dev/ttyUSB0", "rfc2217://h:1", "tcp://h:2"});
  CHECK(ask({"--each", "usb:10c4:ea60"}).devices ==
        std::vector<std::string>{"serial:/dev/ttyUSB7", "serial:/dev/ttyUSB8"});
}

TEST_CASE("one usb: address is never a guess") {
  const auto asked = ask({"usb:10c4:ea60"});
  CHECK(asked.ran.exit == 2);
  CHECK(asked.devices.empty());
  CHECK(asked.ran.err.find("means 2 ports") != std::string::npos);
  CHECK(asked.ran.err.find("--each") != std::string::npos);
}

TEST_CASE("devices from lines of sim, up to the last it announces") {
  const std::string lines =
      "# "
      "two\n\n{\"schema\":\"aiot.sim.ready/1\",\"address\":\"tcp://h:1\",\"index\":1,\"count\":2}\n"
      "{\"schema\":\"aiot.sim.ready/1\",\"address\":\"tcp://h:2\",\"index\":2,\"count\":2}\n"
      "this is not read\n";
  CHECK(ask({"--devices", "-"}, lines).devices ==
        std::vector<std::string>{"tcp://h:1", "tcp://h:2"});
  CHECK(ask({"--devices", "-"}, "  /dev/ttyACM0 \r\ntcp://h:1").devices ==
        std::vector<std::string>{"serial:/dev/ttyACM0", "tcp://h:1"});
}

TEST_CASE("a list that is none") {
  for (const auto& [text, exit] : std::vector<std::pair<std::string, int>>{
           {"{\"address\":5}\n", 3}, {"{nonsense\n", 3}, {"", 4}, {"nonsense\n", 3}}) {
    CAPTURE(text);
    const auto asked = ask({"--devices", "-"}, text);
    CHECK(asked.ran.exit == exit);
    CHECK(asked.devices.empty());
  }
  CHECK(ask({"--devices", "/nonexistent/list"}).ran.exit == 3);
}

TEST_CASE("the same device twice is refused, by whatever name") {
  CHECK(ask({"/dev/ttyUSB0", "serial:/dev/ttyUSB0?baud=9600"}).ran.exit == 2);
  CHECK(ask({"tcp://h:1", "tcp://h:1"}).ran.exit == 2);
  CHECK(ask({"/dev/ttyUSB7", "--each", "usb:10c4:ea60"}).ran.exit == 2);
  std::string folder = (std::filesystem::temp_directory_path() / "aiot-cli-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()));
  const std::string link = folder + "/by-id";
  REQUIRE(symlink("/dev/null", link.c_str()) == 0);
  const auto asked = ask({"/dev/null", link});
  const std::string relative =
      std::filesystem::path(link).lexically_relative(std::filesystem::current_path()).string();
  const auto by_relative = ask({relative}).devices;
  std::filesystem::remove_all(folder);
  REQUIRE(by_relative.size() == 1);
  CHECK(by_relative.front().starts_with("serial:/"));
  CHECK(by_relative.front().ends_with("/by-id"));
  CHECK(asked.ran.exit == 2);
  CHECK(asked.ran.err.find("the same device is named twice") != std::string::npos);
}
