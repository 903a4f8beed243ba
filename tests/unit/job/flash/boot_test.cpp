// After a write the application starts, and its console decides.
#include "job/flash/boot.hpp"

#include <filesystem>
#include <fstream>

#include "aiot/error.hpp"
#include "filter/filter.hpp"
#include "job/flash/error.hpp"
#include "virtual_bench.hpp"

using namespace aiot;
using namespace aiot::flash;
using namespace aiot::flash::test;

namespace {

using Verdict = BootWatch::Verdict;

void put(Bytes& flash, std::size_t at, ByteSpan bytes) {
  std::copy(bytes.begin(), bytes.end(), flash.begin() + static_cast<std::ptrdiff_t>(at));
}

/// An ESP32's flash with a boot loader, a table with "nvs" and "factory", and an application that
/// holds `text`. The entries are those of the ESP-IDF Programming Guide, "Partition Tables".
Bytes bootable(std::string_view text) {
  Bytes flash(0x20000, 0xFF);
  flash[0x1000] = 0xE9;
  put(flash, 0x8000,
      *from_hex("aa50 0102 00900000 00400000 6e767300000000000000000000000000 00000000"));
  put(flash, 0x8020,
      *from_hex("aa50 0000 00000100 00000100 666163746f7279000000000000000000 00000000"));
  flash[0x10000] = 0xE9;
  put(flash, 0x10200, as_bytes(text));
  return flash;
}

struct Written {
  DeviceReport<WriteResult> report;
  double seconds = 0;
  Bytes flash;
};

/// Writes 4 KiB behind the application, and checks the boot.
Written write_and_check(std::string_view text, const BootCheck& check,
                        const std::vector<std::string>& faults = {}) {
  VirtualBench bench("esp32", faults, bootable(text));
  const TemporaryFile image(test_bytes(4096, 3));
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x30000"));
  request.boot = check;
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  Compressor compressor;
  Written written;
  written.report = bench.run(write_operation(*planner, compressor, request));
  written.seconds = bench.elapsed().count();
  CHECK(bench.recorder.terminal_events() == 1);
  return written;
}

}  // namespace

TEST_CASE("lines are compared whole, whatever pieces they come in") {
  BootCheck check;
  check.expect = "^ready$";
  check.fail_on = "panic";
  for (std::size_t piece = 1; piece < 8; ++piece) {
    Result<BootWatch> watch = BootWatch::make(check);
    REQUIRE(watch.has_value());
    const std::string text = "boot\r\n\r\nnot ready\nready\r\npanic\n";
    Verdict verdict = Verdict::none;
    for (std::size_t at = 0; at < text.size() && verdict == Verdict::none; at += piece) {
      verdict = watch->feed(as_bytes(std::string_view(text).substr(at, piece)));
    }
    CHECK(verdict == Verdict::expected);
    CHECK(watch->matched() == "ready");
    CHECK(watch->last_lines() == std::vector<std::string>{"boot", "not ready", "ready"});
  }
}

TEST_CASE("a line without an end is compared at a pause; long and many lines are bounded") {
  BootCheck check;
  check.expect = "login:";
  Result<BootWatch> watch = BootWatch::make(check);
  REQUIRE(watch.has_value());
  CHECK(watch->feed(as_bytes("login: ")) == Verdict::none);
  CHECK(watch->flush() == Verdict::expected);
  CHECK(watch->flush() == Verdict::none);
  const std::string flood(100'000, 'x');
  CHECK(watch->feed(as_bytes(flood)) == Verdict::none);
  CHECK(watch->last_lines().size() == BootWatch::kept_lines);
  for (const std::string& line : watch->last_lines()) {
    CHECK(line.size() <= BootWatch::longest_line);
  }
  check.expect = "(";
  CHECK(BootWatch::make(check).error().code == make_error_code(filter::Errc::bad_pattern));
}

TEST_CASE("a device that starts as expected") {
  BootCheck check;
  check.expect = "app: ready";
  check.fail_on = "invalid header";
  const Written written = write_and_check("app: ready", check);
  REQUIRE_MESSAGE(!written.report.error, written.report.error->message());
  REQUIRE(written.report.result.boot);
  CHECK(written.report.result.boot->ok);
  CHECK(written.report.result.boot->matched == "I (230) app: ready");
  CHECK(written.report.result.boot->console.empty());
  CHECK(written.report.result.boot->seconds < 2);
  CHECK(written.report.result.verified == true);
}

TEST_CASE("a device that does not print it in time: its last lines, and what was written") {
  BootCheck check;
  check.expect = "app: ready";
  check.within = std::chrono::seconds(3);
  const Written written = write_and_check("app: not yet", check);
  REQUIRE(written.report.error);
  CHECK(written.report.error->code == make_error_code(Errc::no_boot));
  CHECK(written.report.error->condition() == Condition::mismatch);
  CHECK(written.report.step == "boot");
  const BootResult& boot = *written.report.result.boot;
  CHECK_FALSE(boot.ok);
  CHECK(boot.seconds >= 3);
  CHECK(boot.seconds < 3.5);
  REQUIRE_FALSE(boot.console.empty());
  CHECK(boot.console.back() == "I (210) main_task: Calling app_main()");
  CHECK(written.report.result.sectors_written == 1);
}

TEST_CASE("a line that must not come ends the check at once; alone, silence of it is success") {
  BootCheck check;
  check.expect = "app: ready";
  check.fail_on = "Calling app_main";
  const Written failed = write_and_check("app: ready", check);
  REQUIRE(failed.report.error);
  CHECK(failed.report.error->code == make_error_code(Errc::boot_failed));
  CHECK(failed.report.error->peer_text == "I (210) main_task: Calling app_main()");
  CHECK(failed.report.result.boot->seconds < 2);
  check.expect = "";
  check.fail_on = "abort\\(\\)";
  check.within = std::chrono::seconds(2);
  const Written quiet = write_and_check("app: ready", check);
  CHECK_FALSE(quiet.report.error);
  CHECK(quiet.report.result.boot->ok);
  CHECK(quiet.report.result.boot->seconds >= 2);
}

TEST_CASE("a dry run checks no boot") {
  VirtualBench bench("esp32", {}, bootable("app: ready"));
  const TemporaryFile image(test_bytes(4096, 3));
  WriteRequest request;
  request.images.push_back(*parse_placement(image.path() + "@0x30000"));
  request.boot.emplace().expect = "never";
  request.dry_run = true;
  Result<Planner> planner = Planner::load(request.images, request.header, false);
  REQUIRE(planner.has_value());
  Compressor compressor;
  const DeviceReport<WriteResult> report =
      bench.run(write_operation(*planner, compressor, request));
  CHECK_FALSE(report.error);
  CHECK_FALSE(report.result.boot);
}

TEST_CASE("{mac} in an image's name is the device's own file, at its partition") {
  const Bytes own = test_bytes(0x4000, 11);
  const TemporaryFile file(own, "nvs-240ac4000001.bin");
  const std::string folder = std::filesystem::path(file.path()).parent_path().string();
  for (const bool there : {true, false}) {
    CAPTURE(there);
    VirtualBench bench("esp32", {}, bootable("app: ready"));
    WriteRequest request;
    const std::string name = there ? "/nvs-{mac}.bin@nvs" : "/other-{mac}.bin@nvs";
    request.images.push_back(*parse_placement(folder + name));
    Result<Planner> planner = Planner::load(request.images, request.header, false);
    REQUIRE(planner.has_value());
    Compressor compressor;
    const DeviceReport<WriteResult> report =
        bench.run(write_operation(*planner, compressor, request));
    const Bytes flash = bench.flash();
    const bool written = std::equal(own.begin(), own.end(), flash.begin() + 0x9000);
    CHECK(written == there);
    CHECK(report.error.has_value() != there);
    if (there) {
      REQUIRE(report.result.files.size() == 1);
      CHECK(report.result.files[0].partition == "nvs");
      CHECK(report.result.files[0].offset == 0x9000);
    } else {
      // Nothing was changed, and the message names the file.
      CHECK(report.error->message().find("other-240ac4000001.bin") != std::string::npos);
      CHECK(flash[0x9000] == 0xFF);
    }
  }
}

TEST_CASE("a write that does not come to its end says that the flash is half written") {
  for (const std::string fault : {"", "drop@data:forever", "drop@sync:forever"}) {
    CAPTURE(fault);
    VirtualBench bench("esp32", fault.empty() ? std::vector<std::string>{} : std::vector{fault});
    const TemporaryFile image(test_bytes(60000, 3));
    WriteRequest request;
    request.images.push_back(*parse_placement(image.path() + "@0x30000"));
    Result<Planner> planner = Planner::load(request.images, request.header, false);
    REQUIRE(planner.has_value());
    Compressor compressor;
    const auto report = bench.run(write_operation(*planner, compressor, request));
    CHECK(report.error.has_value() == !fault.empty());
    CHECK(bench.recorder.noticed("flash.half_written") == (fault == "drop@data:forever"));
  }
}
