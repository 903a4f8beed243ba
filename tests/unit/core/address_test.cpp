#include "aiot/address.hpp"

#include <doctest/doctest.h>

using aiot::Address;
using aiot::parse_address;

TEST_CASE("the addresses of the manual parse and print the same") {
  for (const char* text :
       {"serial:/dev/ttyUSB0?baud=115200", "rfc2217://host:4000", "tcp://[::1]:5555",
        "usb:303a:1001?serial=70:04:1D", "udp://192.168.1.40:1337", "https://192.168.4.1",
        "ble:AA:BB:CC:DD:EE:FF", "mqtts://broker/topic/#", "matter:34970112332",
        "matter:[fe80::1%25eth0]:5540?discriminator=3840", "miio://192.168.1.7"}) {
    CAPTURE(text);
    const auto address = parse_address(text);
    REQUIRE(address.has_value());
    CHECK(address->str() == text);
    CHECK(*parse_address(address->str()) == *address);
  }
}

TEST_CASE("a bare device node is a serial address") {
  const auto address = parse_address("/dev/ttyACM1");
  REQUIRE(address.has_value());
  CHECK(address->scheme == "serial");
  CHECK(address->path == "/dev/ttyACM1");
}

TEST_CASE("parts are taken apart") {
  const auto address = parse_address("tcp://[fe80::1%25eth0]:5555/x?trace=a%20b");
  REQUIRE(address.has_value());
  CHECK(address->port == 5555);
  CHECK(address->path == "/x");
  CHECK(address->query.at("trace") == "a b");
}

TEST_CASE("a password in an address is refused, and not told again") {
  for (const char* text :
       {"mqtt://user:hunter2@broker/topic", "mqtts://hunter2@broker", "tcp://user:hunter2@h:99999",
        "mqtt://user:hunter2/hunter2@broker/x", "mqtt://user:hunter2?hunter2@broker",
        "nonsense://user:hunter2@host", "tcp://user:hunter2%zz@host"}) {
    CAPTURE(text);
    const auto address = parse_address(text);
    REQUIRE_FALSE(address.has_value());
    CHECK(address.error().stable_code() == "usage.address");
    CHECK(address.error().message().find("hunter2") == std::string::npos);
    CHECK(address.error().hint.find("hunter2") == std::string::npos);
  }
  CHECK(parse_address("mqtt://user:x@broker").error().message().find("password") !=
        std::string::npos);
  // An @ is as good as any other character where no host is.
  CHECK(parse_address("mqtt://broker/a@b")->path == "/a@b");
}

TEST_CASE("what is not an address says why") {
  CHECK(parse_address("").error().stable_code() == "usage.address");
  CHECK(parse_address("seriel:/dev/ttyUSB0").error().message().find("did you mean serial:") !=
        std::string::npos);
  CHECK_FALSE(parse_address("tcp:host:1").has_value());
  CHECK_FALSE(parse_address("tcp://host:0").has_value());
  CHECK_FALSE(parse_address("tcp://host:65536").has_value());
  CHECK_FALSE(parse_address("tcp://::1:80").has_value());
  CHECK_FALSE(parse_address("tcp://[::1").has_value());
  CHECK_FALSE(parse_address("serial:").has_value());
  CHECK_FALSE(parse_address("serial:/dev/x?%zz=1").has_value());
  CHECK_FALSE(parse_address("serial:/dev/%00").has_value());
}

TEST_CASE("a command names the schemes it takes") {
  const auto address = parse_address("mqtts://broker/t");
  const std::string_view accepted[] = {"serial", "tcp"};
  const auto result = aiot::require_scheme(*address, accepted);
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().condition() == aiot::Condition::usage);
  CHECK(result.error().hint.find("listen") != std::string::npos);
}
