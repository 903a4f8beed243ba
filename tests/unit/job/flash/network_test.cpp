// The whole job against virtual devices on real sockets.
#include "running_sim.hpp"
#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

Session rom_session() {
  Session session;
  session.use_stub = false;  // no test waits for a stub that may not be installed
  return session;
}

DeviceReport<WriteResult> write_to(const RunningSim& sim, const std::string& image) {
  WriteRequest request;
  request.session = rom_session();
  request.images.push_back(*parse_placement(image + "@0x10000"));
  const auto report = write(sim.addresses(), request, null_sink(), {});
  REQUIRE(report.has_value());
  return report->devices.front();
}

}  // namespace

TEST_CASE("over RFC 2217 the best rate is found") {
  for (const std::uint32_t limit : {115200U, 230400U, 460800U, 921600U}) {
    CAPTURE(limit);
    sim::Request request = sim_request("rfc2217:0");
    request.baud_limit = limit;
    const RunningSim sim(request);
    InfoRequest info_request;
    info_request.session = rom_session();
    const auto report = info(sim.addresses(), info_request, null_sink(), {});
    REQUIRE(report.has_value());
    const auto& device = report->devices.front();
    REQUIRE_MESSAGE(!device.error, device.error->message());
    CHECK(device.result.baud_bps == limit);
  }
}

TEST_CASE("a write goes on after its connection was lost") {
  const TemporaryFile image(test_bytes(200000, 5));
  for (const std::string port : {"tcp:0", "rfc2217:0"}) {
    for (const std::string fault : {"drop@data/3", "drop@100000", "drop@100000:1500ms"}) {
      CAPTURE(port);
      CAPTURE(fault);
      const RunningSim sim(sim_request(port, {fault}));
      const auto report = write_to(sim, image.path());
      CHECK_MESSAGE(!report.error, report.error->message());
      CHECK(report.result.verified == true);
    }
  }
}
