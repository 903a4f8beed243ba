// Every fault at every stage of a read, an erase and a verification, on virtual time: as the matrix
// of writes. What fails leaves no half-written file, and a second run does it.
#include <filesystem>
#include <fstream>
#include <set>

#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

constexpr std::uint32_t offset = 0x10000;
constexpr std::uint32_t size = 0x9000;
constexpr std::uint64_t flash_size = 1U << 20;

struct Expected {
  std::string fault;  ///< without its place
  std::set<Condition> failures;
  double deadline_s = 30;
};

// A fault that strikes once is overcome; one that stays is reported as what it is.
const std::vector<Expected> placed_faults = {
    {"corrupt", {}},
    {"lose", {}},
    {"lose-reply", {}},
    {"garbage", {}},
    {"duplicate", {}},
    {"stall:200ms", {}},
    {"stall:20s", {}},
    {"reset", {}},
    {"drop:300ms", {}},
    {"drop:forever", {Condition::timeout}},
    {"corrupt:always", {Condition::timeout, Condition::protocol, Condition::mismatch}},
    // Five sessions, each of which waits for the answers that a step may take.
    {"lose:always", {Condition::timeout}, 150},
    {"stall:200s:always", {Condition::timeout}, 75},
    {"reset:always", {Condition::timeout}, 75},
    {"wrong-mac", {Condition::no_match}},
};

std::string with_place(const std::string& fault, std::string_view stage) {
  const auto colon = fault.find(':');
  return fault.substr(0, colon) + "@" + std::string(stage) +
         (colon == std::string::npos ? "" : fault.substr(colon));
}

/// One of the operations, on a device that holds `before`.
class Job {
 public:
  virtual ~Job() = default;
  virtual std::string name() const = 0;
  virtual Outcome run(VirtualBench& bench) = 0;
  /// What the world looks like once it was done, or once it failed.
  virtual void check_done(const VirtualBench& bench) = 0;
  virtual void check_failed(const VirtualBench& /*bench*/) {}
  Bytes before = test_bytes(0x20000, 9);
};

class ReadJob final : public Job {
 public:
  ReadJob() {
    request_.region.offset = offset;
    request_.region.size = size;
    request_.output = folder_.path() + ".out";
  }
  ~ReadJob() override { std::filesystem::remove(request_.output); }
  std::string name() const override { return "read"; }
  Outcome run(VirtualBench& bench) override {
    std::filesystem::remove(request_.output);
    return bench.run(read_operation(request_));
  }
  void check_done(const VirtualBench&) override {
    std::ifstream in(request_.output, std::ios::binary);
    const std::string got((std::istreambuf_iterator<char>(in)), {});
    REQUIRE(got.size() == size);
    CHECK(std::equal(got.begin(), got.end(), before.begin() + offset,
                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; }));
  }
  void check_failed(const VirtualBench&) override {
    CHECK_FALSE(std::filesystem::exists(request_.output));
  }

 private:
  TemporaryFile folder_{Bytes{0}};
  ReadRequest request_;
};

class EraseJob final : public Job {
 public:
  EraseJob() {
    request_.region.offset = offset;
    request_.region.size = size;
  }
  std::string name() const override { return "erase"; }
  Outcome run(VirtualBench& bench) override { return bench.run(erase_operation(request_)); }
  void check_done(const VirtualBench& bench) override {
    const Bytes now = bench.flash();
    CHECK(std::all_of(now.begin() + offset, now.begin() + offset + size,
                      [](std::uint8_t byte) { return byte == 0xFF; }));
    check_failed(bench);
  }
  void check_failed(const VirtualBench& bench) override {
    const Bytes now = bench.flash();
    CHECK(std::equal(before.begin(), before.begin() + offset, now.begin()));
    CHECK(std::equal(before.begin() + offset + size, before.end(), now.begin() + offset + size));
  }

 private:
  EraseRequest request_;
};

class VerifyJob final : public Job {
 public:
  VerifyJob() : file_(ByteSpan(before).subspan(offset, size - 100)) {
    request_.images.push_back(*parse_placement(file_.path() + "@0x10000"));
  }
  std::string name() const override { return "verify"; }
  Outcome run(VirtualBench& bench) override {
    Result<Planner> planner = Planner::load(request_.images, request_.header, false);
    REQUIRE(planner.has_value());
    return bench.run(verify_operation(*planner, request_));
  }
  void check_done(const VirtualBench& bench) override { check_failed(bench); }
  void check_failed(const VirtualBench& bench) override {
    const Bytes now = bench.flash();
    CHECK(std::equal(before.begin(), before.end(), now.begin()));
  }

 private:
  TemporaryFile file_;
  VerifyRequest request_;
};

/// No checksum guards a request for an MD5: damaged on its way, it asks for another range, and a
/// verification, which changes nothing, reports the difference that it saw.
Expected expected_of(const Job& job, Expected expected, std::string_view stage) {
  if (job.name() == "verify" && expected.fault == "corrupt" && stage == "md5")
    expected.failures = {Condition::mismatch};
  return expected;
}

int play(Job& job, bool stub, const std::string& fault, const Expected& expected) {
  const std::string name = job.name();
  CAPTURE(name);
  CAPTURE(stub);
  CAPTURE(fault);
  VirtualBench bench("esp32", {fault}, job.before, flash_size);
  bench.session.use_stub = stub;
  const Outcome report = job.run(bench);
  CHECK(bench.elapsed().count() < expected.deadline_s);
  CHECK(bench.recorder.terminal_events() == 1);
  if (!report.error.has_value()) {
    job.check_done(bench);
    return 1;
  }
  CAPTURE(report.error->message());
  CAPTURE(report.step);
  CHECK(expected.failures.count(report.error->condition()) == 1);
  CHECK_FALSE(report.error->stable_code().empty());
  CHECK_FALSE(report.step.empty());
  job.check_failed(bench);
  VirtualBench again("esp32", {}, bench.flash(), flash_size);
  again.session.use_stub = stub;
  const Outcome second = job.run(again);
  CHECK_MESSAGE(!second.error.has_value(), (second.error ? second.error->message() : ""));
  job.check_done(again);
  return 1;
}

}  // namespace

TEST_CASE("faults x stages of read, erase and verify") {
  int count = 0;
  ReadJob read;
  EraseJob erase;
  VerifyJob verify;
  for (Job* job : std::initializer_list<Job*>{&read, &erase, &verify}) {
    for (const bool stub : {true, false}) {
      for (const Expected& expected : placed_faults) {
        for (const esp::device::FaultHelp& stage : esp::device::stages()) {
          count += play(*job, stub, with_place(expected.fault, stage.name),
                        expected_of(*job, expected, stage.name));
        }
      }
    }
  }
  MESSAGE(count, " faults were played");
  CHECK(count == 3 * 2 * 15 * 10);
}
