// npm improv-wifi-serial-sdk, the host's side as browsers run it, and our virtual device on a
// pseudo-terminal, which prints its log between the frames.
#include <doctest/doctest.h>

#include "paths.hpp"
#include "peer/served.hpp"
#include "sim/provision/kind.hpp"
#include "skip.hpp"

using namespace aiot;

namespace {

const sim::provision::Kind& kind_named(std::string_view name) {
  const auto kinds = sim::provision::kinds();
  const auto at = std::ranges::find(kinds, name, &sim::provision::Kind::name);
  REQUIRE(at != kinds.end());
  return *at;
}

bool succeeds(const std::string& command) {
  return std::system((command + " > /dev/null 2>&1").c_str()) == 0;
}

}  // namespace

TEST_CASE("the SDK of browsers detects, asks, names and provisions a virtual device") {
  const std::string tests = tests::source_dir() + "/tests";
  if (!succeeds("command -v node")) AIOT_SKIP("node is not here: apt-get install nodejs");
  if (!succeeds("node -e 'process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)'"))
    AIOT_SKIP("node is too old for improv-wifi-serial-sdk 2.8.1: install node 20");
  if (!succeeds("test -d '" + tests + "/node_modules/improv-wifi-serial-sdk'"))
    AIOT_SKIP("improv-wifi-serial-sdk is not here: npm ci in tests/");

  boost::asio::io_context loop;
  sim::provision::Options options;
  options.clock = &net::steady_clock();
  options.wifi = {"home", "secret-pass", "", false};
  auto made = kind_named("improv").make(loop.get_executor(), options);
  REQUIRE(made.has_value());
  (*made)->start();
  const std::string address = (*made)->address();
  REQUIRE(address.starts_with("serial:/dev/"));
  const std::string output = run_beside(
      loop, "cd '" + tests + "/peer' && AIOT_TEST_NODE_MODULES=.. timeout 50 node --import " +
                "./esm_suffix.mjs improv_client.mjs " + address.substr(7) + " home secret-pass");
  CHECK(output ==
        "info: Virtual firmware, 1.0.0, esp32c3, Virtual lamp 1\n"
        "state: 2\n"
        "networks: home -48 true, virtual-guest -71 false\n"
        "hostname: lamp-1\n"
        "bad hostname: BAD_HOSTNAME\n"
        "name: Lamp of the hall\n"
        "network: {\"online\":false,\"supportsWifi\":true,\"supportsEthernet\":false,"
        "\"supportsThread\":false,\"supportsModem\":false,\"urls\":[]}\n"
        "wrong password: UNABLE_TO_CONNECT\n"
        "state: 4\n"
        "url: http://192.0.2.1/\n"
        "url: http://192.0.2.1/\n");
  CHECK((*made)->report().ssid.value_or("") == "home");
  (*made)->stop();
}
