// Debian's python3-miio and npm miio, clients nobody here wrote, and our virtual device.
#include <doctest/doctest.h>

#include "network_namespace.hpp"
#include "paths.hpp"
#include "peer/served.hpp"
#include "protocol/miio/device.hpp"
#include "skip.hpp"

using namespace aiot;
using namespace aiot::miio;

namespace {

const char* const python = "/usr/bin/python3";

/// What a script prints, with the modules that it needs at hand.
std::string script(boost::asio::io_context& loop, const std::string& lines) {
  return run_beside(loop, std::string(python) + " -W ignore -c '" + lines + "'");
}

}  // namespace

TEST_CASE("python-miio greets, asks and sets up a virtual device") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  if (std::system("/usr/bin/python3 -c 'import miio' 2> /dev/null") != 0)
    AIOT_SKIP("python-miio is not here: apt-get install python3-miio");
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  boost::asio::io_context loop;
  DeviceOptions options;
  options.token = *parse_token("00112233445566778899aabbccddeeff");
  options.properties = {{"power", "\"on\""}, {"temperature", "31"}};
  Device device(options, net::steady_clock().now() - std::chrono::hours(1));
  REQUIRE(serve(loop, device, udp_port));

  // Out of its box it tells its token, which a client without one takes from the hello.
  CHECK(script(loop,
               "import miio\n"
               "from miio.miioprotocol import MiIOProtocol\n"
               "m = MiIOProtocol(\"10.77.0.1\").send_handshake()\n"
               "print(m.checksum.hex())\n") == "00112233445566778899aabbccddeeff\n");
  CHECK(script(loop,
               "import miio\n"
               "d = miio.Device(\"10.77.0.1\", \"00112233445566778899aabbccddeeff\")\n"
               "i = d.info()\n"
               "print(i.model, i.mac_address, i.firmware_version)\n"
               "print(d.send(\"get_prop\", [\"power\", \"temperature\"]))\n") ==
        "chuangmi.plug.m1 34:CE:00:00:00:01 1.2.4_16\n['on', 31]\n");
  CHECK(script(loop,
               "import miio\n"
               "d = miio.Device(\"10.77.0.1\", \"00112233445566778899aabbccddeeff\")\n"
               "print(d.configure_wifi(\"home\", \"secret\", 0))\n") == "ok\n");
  CHECK(device.provisioned());
  CHECK(device.ssid() == "home");
  // A wrong token is answered with silence.
  CHECK(script(loop,
               "import miio\n"
               "d = miio.Device(\"10.77.0.1\", \"ffeeddccbbaa99887766554433221100\")\n"
               "d.retry_count = 0\n"
               "try:\n"
               "  d.info()\n"
               "except miio.DeviceException:\n"
               "  print(\"silence\")\n")
            .ends_with("silence\n"));
}

TEST_CASE("npm miio asks a virtual device and sets it up") {
  NetworkNamespace network;
  if (!network.refusal().empty()) AIOT_SKIP(network.refusal());
  const std::string tests = tests::source_dir() + "/tests";
  if (std::system("command -v node > /dev/null") != 0)
    AIOT_SKIP("node is not here: apt-get install nodejs");
  if (std::system(("test -d '" + tests + "/node_modules/miio'").c_str()) != 0)
    AIOT_SKIP("miio is not here: npm ci in tests/");
  REQUIRE(network.add_interface("dev0", "10.77.0.1/24"));
  boost::asio::io_context loop;
  DeviceOptions options;
  options.token = *parse_token("00112233445566778899aabbccddeeff");
  options.wifi = {"home", "secret-pass", "", false};
  Device device(options, net::steady_clock().now() - std::chrono::hours(1));
  REQUIRE(serve(loop, device, udp_port));
  CHECK(run_beside(loop, "AIOT_TEST_NODE_MODULES='" + tests + "' timeout 50 node '" + tests +
                             "/peer/miio_client.mjs' 10.77.0.1 00112233445566778899aabbccddeeff "
                             "home secret-pass 2> /dev/null") ==
        "model: chuangmi.plug.m1\ninfo: 34:CE:00:00:00:01 1.2.4_16\nsettings: [\"ok\"]\n"
        "state: ONLINE\n");
  CHECK(device.ssid() == "home");
}
