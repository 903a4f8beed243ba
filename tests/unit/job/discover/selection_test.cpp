#include "job/discover/search.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using discover::Request;
using discover::select;

namespace {

const std::vector<std::string> names = {"ble", "mdns", "ssdp"};

Request request(std::vector<std::string> only, std::vector<std::string> except) {
  Request r;
  r.only = std::move(only);
  r.except = std::move(except);
  return r;
}

}  // namespace

TEST_CASE("all sources, only some, all but some") {
  CHECK(*select(names, request({}, {})) == std::vector<bool>{true, true, true});
  CHECK(*select(names, request({"mdns", "ble"}, {})) == std::vector<bool>{true, true, false});
  CHECK(*select(names, request({}, {"mdns"})) == std::vector<bool>{true, false, true});
  CHECK(*select(names, request({"mdns", "ble"}, {"ble"})) == std::vector<bool>{false, true, false});
}

TEST_CASE("a name that no source has is refused with the nearest") {
  for (const Request& r : {request({"mdsn"}, {}), request({}, {"mdsn"})}) {
    const auto asked = select(names, r);
    REQUIRE(!asked.has_value());
    CHECK(asked.error().stable_code() == "discover.unknown_source");
    CHECK(asked.error().condition() == Condition::usage);
    CHECK(asked.error().context == "\"mdsn\"");
    CHECK(asked.error().hint == "did you mean mdns?");
  }
  CHECK(select(names, request({"zigbee"}, {})).error().hint == "there are ble, mdns, ssdp");
}

TEST_CASE("a search without any source is refused") {
  const auto asked = select(names, request({"ble"}, {"ble"}));
  REQUIRE(!asked.has_value());
  CHECK(asked.error().stable_code() == "discover.no_sources");
}

TEST_CASE("an interface that is not there is refused, but for a search that waits for it") {
  Request request;
  const std::vector<std::string> here = {"lo", "eth0"};
  CHECK(check_interfaces(request, here).has_value());
  request.interfaces = {"eth0"};
  CHECK(check_interfaces(request, here).has_value());
  request.interfaces = {"eth0", "eth9"};
  const auto refused = check_interfaces(request, here);
  REQUIRE(!refused.has_value());
  CHECK(refused.error().stable_code() == "discover.unknown_interface");
  CHECK(refused.error().hint == "did you mean eth0?");
  request.interfaces = {"wlan0"};
  CHECK(check_interfaces(request, here).error().hint == "there are lo, eth0");
  request.watch = true;
  CHECK(check_interfaces(request, here).has_value());
}
