// A link that is lost for good: what failed, and where, stays what the user reads.
#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

/// The host behind the link is there, and nothing listens any more.
class Refusing final : public WrappedLink {
 public:
  using WrappedLink::WrappedLink;
  net::Task<void> reopen(net::TimePoint) override {
    co_return make_error(net::Errc::refused, "10.0.0.1:4000", "nothing listens there");
  }
};

}  // namespace

TEST_CASE("a link that does not come back is a lost link, whatever kept it away") {
  VirtualBench bench("esp32", {"drop@data:forever"});
  bench.wrap = [](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
    return std::make_unique<Refusing>(std::move(link));
  };
  const TemporaryFile image(test_bytes(40000, 1));
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  Compressor compressor;
  const Outcome report = bench.run(write_operation(*planner, compressor, request));
  REQUIRE(report.error.has_value());
  CHECK(report.error->condition() == Condition::timeout);
  CHECK(report.error->stable_code() == "link.lost");
  CHECK(report.error->context.find("writing") != std::string::npos);
  CHECK(report.step == "write");
  CHECK(bench.recorder.noticed("flash.gone"));
}
