// Every fault at every stage of a write, with the stub and with the ROM, on virtual time: the run
// ends with the right kind of error (or none) within its time, and a second run repairs the device.
#include <algorithm>
#include <set>

#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

struct Expected {
  std::string fault;  ///< without its place
  std::set<Condition> failures;
  bool may_succeed = true;
};

// One-shot faults that a good tool gets over by itself, and those that it must report.
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
    {"lose:always", {Condition::timeout, Condition::protocol, Condition::mismatch}},
    {"stall:200s:always", {Condition::timeout}},
    {"reset:always", {Condition::timeout, Condition::protocol}},
    {"wrong-mac", {Condition::no_match}},
};

// What a device simply is.
const std::vector<Expected> standing_faults = {
    {"secure-boot", {Condition::refused_security}, false},
    {"flash-encryption", {Condition::refused_security}, false},
    {"secure-download", {Condition::refused_security}, false},
    {"no-stub", {}},
    {"slow", {}},
    {"write-protected:0x10000+0x2000", {Condition::mismatch}, false},
    {"write-protected:0x10000+0x2000:error", {Condition::protocol, Condition::mismatch}, false},
    {"power-cut", {}},
};

constexpr std::uint32_t offset = 0x10000;
// Five tries, each with the time a chip may take to answer: nobody waits longer than this.
constexpr double deadline_s = 300;

std::string with_place(const std::string& fault, std::string_view stage) {
  const auto colon = fault.find(':');
  return fault.substr(0, colon) + "@" + std::string(stage) +
         (colon == std::string::npos ? "" : fault.substr(colon));
}

/// The ROM reads back what it wrote: what the stub leaves to the verification, it refuses itself.
Expected for_loader(Expected expected, bool stub) {
  if (!stub && expected.fault.starts_with("write-protected"))
    expected.failures = {Condition::protocol};
  return expected;
}

class Matrix {
 public:
  Matrix() : file_(image_) {
    request_.images.push_back(*parse_placement(file_.path() + "@0x10000"));
  }

  void play(const std::string& chip, bool stub, const std::string& fault,
            const Expected& expected) {
    CAPTURE(chip);
    CAPTURE(stub);
    CAPTURE(fault);
    ++count_;
    VirtualBench bench(chip, {fault}, test_bytes(0x20000, 9));
    bench.session.use_stub = stub;
    const Outcome report = write(bench);
    const bool done = !report.error.has_value();
    CHECK(bench.elapsed().count() < deadline_s);
    CHECK(bench.recorder.terminal_events() == 1);
    if (done) {
      CHECK(expected.may_succeed);
      check_written(bench);
      return;
    }
    CAPTURE(report.error->message());
    CAPTURE(report.step);
    CHECK(expected.failures.count(report.error->condition()) == 1);
    CHECK_FALSE(report.error->stable_code().empty());
    CHECK_FALSE(report.step.empty());
    repair(chip, stub, bench.flash());
  }

  int count() const { return count_; }

 private:
  Outcome write(VirtualBench& bench) {
    Result<Planner> planner = Planner::load(request_.images, request_.header, false);
    REQUIRE(planner.has_value());
    Compressor compressor;
    return bench.run(write_operation(*planner, compressor, request_));
  }

  void check_written(VirtualBench& bench) {
    const Bytes flash = bench.flash();
    const Bytes old = test_bytes(0x20000, 9);
    CHECK(std::equal(image_.begin(), image_.end(), flash.begin() + offset));
    // Neighbours in the last sector and before the image kept their bytes.
    CHECK(std::equal(old.begin(), old.begin() + offset, flash.begin()));
    const std::size_t end = offset + image_.size();
    CHECK(std::equal(old.begin() + static_cast<std::ptrdiff_t>(end), old.end(),
                     flash.begin() + static_cast<std::ptrdiff_t>(end)));
  }

  void repair(const std::string& chip, bool stub, Bytes flash) {
    VirtualBench bench(chip, {}, std::move(flash));
    bench.session.use_stub = stub;
    const Outcome report = write(bench);
    CHECK_MESSAGE(!report.error.has_value(), (report.error ? report.error->message() : ""));
    const Bytes now = bench.flash();
    CHECK(std::equal(image_.begin(), image_.end(), now.begin() + offset));
  }

  Bytes image_ = test_bytes(40000, 1);  // ends inside a sector
  TemporaryFile file_;
  WriteRequest request_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("faults x stages") {
  Matrix matrix;
  for (const std::string chip : {"esp32", "esp32c3"}) {
    for (const bool stub : {true, false}) {
      for (const Expected& expected : placed_faults) {
        for (const esp::device::FaultHelp& stage : esp::device::stages()) {
          matrix.play(chip, stub, with_place(expected.fault, stage.name), expected);
        }
      }
      for (const Expected& expected : standing_faults) {
        matrix.play(chip, stub, expected.fault, for_loader(expected, stub));
      }
    }
  }
  MESSAGE(matrix.count(), " faults were played");
  CHECK(matrix.count() >= 200);
}
