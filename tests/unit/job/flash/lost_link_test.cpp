// A link that is lost for good: what failed, and where, stays what the user reads.
#include <algorithm>

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

/// A port with a rate and without lines.
class Lineless final : public WrappedLink {
 public:
  explicit Lineless(std::unique_ptr<net::Link> link)
      : WrappedLink(std::move(link)), info_(WrappedLink::info()) {
    info_.has_lines = false;
  }
  const net::LinkInfo& info() const override { return info_; }
  net::Task<void> set_lines(std::span<const net::LineStep>) override {
    co_return make_error(net::Errc::not_supported);
  }

 private:
  net::LinkInfo info_;
};

Outcome write_bytes(VirtualBench& bench, const Bytes& bytes) {
  const TemporaryFile image(bytes);
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x10000"));
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  Compressor compressor;
  return bench.run(write_operation(*planner, compressor, request));
}

bool holds(const VirtualBench& bench, const Bytes& bytes) {
  const Bytes flash = bench.flash();
  return std::equal(bytes.begin(), bytes.end(), flash.begin() + 0x10000);
}

}  // namespace

TEST_CASE("after a silent stretch a chip that nothing resets is found at its own rate") {
  const Bytes bytes = test_bytes(300000, 2);
  for (const bool lines : {false, true}) {
    for (const std::string stretch : {"stall@data/4:25s", "stall@data/9:12s"}) {
      CAPTURE(lines);
      CAPTURE(stretch);
      VirtualBench bench("esp32c3", {"no-reset", stretch});
      if (!lines) {
        bench.wrap = [](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
          return std::make_unique<Lineless>(std::move(link));
        };
      }
      const Outcome report = write_bytes(bench, bytes);
      CHECK_MESSAGE(!report.error.has_value(), report.error->message());
      CHECK(holds(bench, bytes));
      CHECK(bench.elapsed().count() < 60);
    }
  }
}

TEST_CASE("the note on a chip that stays in its loader names the rate that it listens at") {
  // It is silent for longer than all attempts take.
  VirtualBench bench("esp32c3", {"no-reset", "stall@data/4:2000s"});
  bench.session.baud_bps = 921600;
  bench.wrap = [](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
    return std::make_unique<Lineless>(std::move(link));
  };
  const Outcome report = write_bytes(bench, test_bytes(300000, 2));
  REQUIRE(report.error.has_value());
  CHECK(report.error->condition() == Condition::timeout);
  const event::Notice* left = bench.recorder.find("flash.left_in_loader");
  REQUIRE(left != nullptr);
  CHECK(bench.device().baud_bps() == 921600);
  CHECK_MESSAGE(left->text.find("at 921600 baud") != std::string::npos, left->text);
}

TEST_CASE("what only reads leaves a chip that no line resets in its loader") {
  for (const bool stub : {false, true}) {
    CAPTURE(stub);
    VirtualBench bench("esp32c3", {});
    bench.session.use_stub = stub;
    bench.wrap = [](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
      return std::make_unique<Lineless>(std::move(link));
    };
    const Work<InfoResult> info = [](Device& device, InfoResult& result) {
      return info_device(device, result);
    };
    for (int again = 0; again < 2; ++again) {
      CHECK_FALSE(bench.run(info).error.has_value());
      using Mode = esp::device::Device::Mode;
      CHECK((bench.device().mode() == Mode::rom || bench.device().mode() == Mode::stub));
      CHECK(bench.device().baud_bps() == 115200);
    }
  }
}

TEST_CASE("a write goes on when the link vanished and the chip came back in its application") {
  const Bytes bytes = test_bytes(300000, 3);
  for (const std::string chip : {"esp32", "esp32c3", "esp32s3"}) {
    for (const bool lines : {true, false}) {
      for (const std::string fault : {"drop@data/4:restart", "drop@100000:2s:restart"}) {
        CAPTURE(chip);
        CAPTURE(lines);
        CAPTURE(fault);
        VirtualBench bench(chip, {fault}, {}, 4U << 20, 0,
                           [&](esp::device::Options& options) { options.sync_resets = !lines; });
        if (!lines) {
          bench.wrap = [](std::unique_ptr<net::Link> link) -> std::unique_ptr<net::Link> {
            return std::make_unique<Lineless>(std::move(link));
          };
        }
        const Outcome report = write_bytes(bench, bytes);
        CHECK_MESSAGE(!report.error.has_value(), report.error->message());
        CHECK(holds(bench, bytes));
      }
    }
  }
}

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
