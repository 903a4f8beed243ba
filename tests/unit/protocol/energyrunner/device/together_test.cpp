#include <doctest/doctest.h>

#include "support/memory_link.hpp"
#include "protocol/energyrunner/device/virtual_device.hpp"
#include "protocol/energyrunner/session.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::energyrunner;
using namespace std::chrono_literals;

namespace {

/// Two results that depend on every byte of an input of 100.
class SumNetwork final : public Network {
 public:
  std::size_t input_bytes() const override { return 100; }
  Board::Loaded load(std::span<const std::uint8_t> bytes, int) override {
    input_.assign(bytes.begin(), bytes.end());
    return {bytes.size() == 100, static_cast<std::uint32_t>(bytes.size()), 100};
  }
  void run() override {
    unsigned sum = 0;
    for (const std::uint8_t byte : input_) sum = sum * 31 + byte;
    result_ = static_cast<float>(sum % 256) / 256;
  }
  std::vector<float> results() const override { return {result_, 1 - result_}; }
  float step() const override { return 1.0F / 256; }

 private:
  std::vector<std::uint8_t> input_;
  float result_ = 0;
};

struct Room {
  net::asio::io_context context;
  net::VirtualClock clock;
  std::unique_ptr<VirtualDevice> device;
  std::unique_ptr<net::MemoryLink> link;

  explicit Room(const std::vector<std::string>& faults, std::uint32_t host_baud = 115200,
                bool paced = true) {
    VirtualOptions options;
    options.model = "ic01";
    options.latency = 14ms;
    options.paced = paced;
    for (const std::string& fault : faults) {
      auto parsed = parse_fault(fault);
      REQUIRE(parsed);
      options.faults.push_back(*parsed);
    }
    device = std::make_unique<VirtualDevice>(std::move(options), std::make_unique<SumNetwork>());
    link = std::make_unique<net::MemoryLink>(clock, *device, host_baud);
  }

  struct Done {
    Greeting greeting;
    Upload upload;
    Inference inference;
  };
  Result<Done> run(std::uint32_t iterations = 10) {
    Session session(*link);
    return clock.run(context, [&session, iterations]() -> net::Task<Done> {
      Done done;
      ConnectOptions options;
      options.bauds_bps = {9600, 115200};
      Result<Greeting> greeting = co_await session.connect(std::move(options));
      if (!greeting) co_return std::move(greeting).error();
      done.greeting = *greeting;
      Bytes input(100);
      for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i * 7);
      Result<Upload> upload = co_await session.upload(input, true);
      if (!upload) co_return std::move(upload).error();
      done.upload = *upload;
      InferRequest request(iterations, 0, 20s);
      Result<Inference> inference = co_await session.infer(std::move(request));
      if (!inference) co_return std::move(inference).error();
      done.inference = *inference;
      co_return done;
    });
  }
};

}  // namespace

TEST_CASE("host and virtual device speak, and agree on the time") {
  Room room({});
  const auto done = room.run();
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(done->greeting.model == "ic01");
  CHECK(done->upload.attempts == 1);
  CHECK(done->upload.proved);
  // 10 times 14 ms, and the first lap's own line on the wire, as on a real firmware.
  REQUIRE(done->inference.device_us);
  CHECK(*done->inference.device_us > 140'000);
  CHECK(*done->inference.device_us < 143'000);
  CHECK(done->inference.end - done->inference.begin > 139ms);
  CHECK(room.device->counters().inferences == 10);
}

TEST_CASE("a device whose clock runs ahead answers at once") {
  Room room({}, 115200, false);
  const auto done = room.run(1000);
  REQUIRE_MESSAGE(done, done.error().message());
  CHECK(*done->inference.device_us > 14'000'000);
  CHECK(room.clock.elapsed() < 10s);
}

TEST_CASE("what goes wrong once is mended") {
  for (const char* fault : {"lose@name",
                            "lose@profile",
                            "lose@load",
                            "lose@data/2",
                            "lose@data/2:2",
                            "lose@data/3:3",
                            "corrupt@data/2",
                            "corrupt@load",
                            "lose-reply@name",
                            "lose-reply@profile",
                            "lose-reply@load",
                            "lose-reply@data",
                            "lose-reply@data/3",
                            "lose-reply@print",
                            "cut-reply@name",
                            "cut-reply@data/3",
                            "cut-reply@print",
                            "corrupt-reply@print",
                            "corrupt-reply@profile",
                            "garbage@name",
                            "garbage@infer",
                            "garbage@data:always",
                            "stall@data/2:4s",
                            "stall@name:8s",
                            "reboot@data/2",
                            "reboot@load",
                            "reboot@print",
                            "echo",
                            "line-feeds",
                            "returns",
                            "clock-wrap:1s",
                            "bare-errors"}) {
    Room room({fault});
    const auto done = room.run();
    REQUIRE_MESSAGE(done, fault << ": " << done.error().message());
    CHECK_MESSAGE(done->upload.proved, fault);
    CHECK_MESSAGE(*done->inference.device_us > 140'000, fault);
    CHECK_MESSAGE(*done->inference.device_us < 143'000, fault);
    CHECK_MESSAGE(done->inference.results.size() == 2, fault);
  }
}

TEST_CASE("what goes wrong for good ends in an error that says where") {
  for (const char* fault : {"lose@name:always", "lose@load:always", "lose@data/3:2:always",
                            "lose-reply@infer", "cut-reply@infer", "reboot@infer",
                            "corrupt@data/2:always", "lose-reply@print:always", "lose@infer"}) {
    Room room({fault});
    const auto done = room.run();
    REQUIRE_MESSAGE(!done, fault);
    CHECK_MESSAGE(done.error().stable_code().starts_with("energyrunner."), fault);
    CHECK_MESSAGE(room.clock.elapsed() < 5min, fault);
  }
}

TEST_CASE("a wrong rate is nothing but noise") {
  Room room({}, 921600);
  Session session(*room.link);
  const auto found = room.clock.run(room.context, [&session]() -> net::Task<Greeting> {
    ConnectOptions options;
    return session.connect(std::move(options));
  });
  REQUIRE(!found);
  CHECK(found.error().stable_code() == "energyrunner.no_answer");
}
