// The best rate is found on wires that carry only some, as a bridge with lines would.
#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

struct Found {
  std::uint64_t baud_bps = 0;
  double seconds = 0;
  bool noticed = false;
};

Found find_baud(const std::string& chip, bool stub, std::uint32_t limit, std::uint32_t wanted) {
  CAPTURE(chip);
  CAPTURE(stub);
  CAPTURE(limit);
  CAPTURE(wanted);
  VirtualBench bench(chip, {}, {}, 4U << 20, limit);
  bench.session.use_stub = stub;
  bench.session.baud_bps = wanted;
  ReadRequest request;
  request.region.offset = 0;
  request.region.size = 0x1000;
  const TemporaryFile out({});
  request.output = out.path();
  const DeviceReport<ReadResult> report = bench.run(read_operation(request));
  REQUIRE_MESSAGE(!report.error.has_value(), report.error->message());
  // Found in the first attempt, not by failing as a whole.
  CHECK(report.result.attempts == 0);
  CHECK_FALSE(bench.recorder.noticed("flash.retry"));
  return {report.result.baud_bps, bench.elapsed().count(),
          bench.recorder.noticed("flash.baud_failed")};
}

}  // namespace

TEST_CASE("the fastest rate that the wire carries is found, and quickly") {
  for (const std::string chip : {"esp32", "esp32c3", "esp32s3"}) {
    for (const bool stub : {true, false}) {
      const double best = find_baud(chip, stub, 0, 0).seconds;
      int too_fast = 4;
      for (const std::uint32_t limit : {115200U, 230400U, 460800U, 921600U, 2000000U}) {
        const Found found = find_baud(chip, stub, limit, 0);
        CHECK(found.baud_bps == limit);
        CHECK_FALSE(found.noticed);
        // Of the rest, a stub on a slow wire takes its time to get there.
        CHECK(found.seconds < best + 1.0 + 0.9 * too_fast);
        --too_fast;
      }
    }
  }
}

TEST_CASE(
    "a rate of the user's that the wire does not carry is a notice, and a slower one is used") {
  const Found found = find_baud("esp32", true, 921600, 3000000);
  CHECK(found.baud_bps == 921600);
  CHECK(found.noticed);
  CHECK(find_baud("esp32c3", true, 115200, 921600).baud_bps == 115200);
  CHECK(find_baud("esp32c3", true, 0, 460800).baud_bps == 460800);
}

TEST_CASE("a stub that sets its own rate costs no more than one that keeps it") {
  const TemporaryFile image(test_bytes(1 << 20, 7));
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  for (const std::string chip : {"esp32", "esp32s2", "esp32p4"}) {
    CAPTURE(chip);
    const auto seconds = [&](bool keeps) {
      VirtualBench bench(chip, {}, {}, 4U << 20, 0,
                         [&](esp::device::Options& options) { options.stub_keeps_rate = keeps; });
      bench.session.baud_bps = 921600;
      Result<Planner> planner = Planner::load(request.images, request.header, false);
      REQUIRE(planner.has_value());
      Compressor compressor;
      const DeviceReport<WriteResult> report =
          bench.run(write_operation(*planner, compressor, request));
      REQUIRE_MESSAGE(!report.error.has_value(), report.error->message());
      CHECK(report.result.attempts == 0);
      CHECK_FALSE(bench.recorder.noticed("flash.baud_failed"));
      CHECK_FALSE(bench.recorder.noticed("flash.stub_denied"));
      CHECK(report.result.baud_bps == 921600);
      return bench.elapsed().count();
    };
    const double resets = seconds(false);
    const double keeps = seconds(true);
    MESSAGE(chip << ": 1 MiB in " << resets << " s, with a stub that keeps its rate " << keeps);
    CHECK(resets < 1.1 * keeps);
  }
}
