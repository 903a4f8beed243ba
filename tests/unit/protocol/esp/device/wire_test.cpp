#include "bench.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace aiot::esp::device;

TEST_CASE("a command's time is exact: wire, command, wire, turn-around") {
  Bench bench("esp32", "default");
  const TimePoint start = bench.now;
  bench.talk("c0000a04000000000000100040c0");
  // 14 bytes there (cut behind the first, each part rounded down), 0.75 ms, 14 bytes back, 1 ms.
  const auto there = 86805ns + 1128472ns;
  const auto back = 1215277ns;
  CHECK((bench.last_heard - start).count() == (there + 750us + back + 1ms).count());
}

TEST_CASE("MD5 takes 0.41 s a MiB, an erase what the datasheet says") {
  Bench bench("esp32", "default");
  bench.start_stub();
  const auto time_of = [&](Op op, std::initializer_list<std::uint32_t> data) {
    const TimePoint start = bench.now;
    bench.talk(op, data);
    return std::chrono::duration<double>(bench.last_heard - start).count();
  };
  const double plain = time_of(Op::spi_flash_md5, {0, 0, 0, 0});
  CHECK(time_of(Op::spi_flash_md5, {0, 1 << 20, 0, 0}) - plain ==
        doctest::Approx(0.41).epsilon(0.001));
  const double nothing = time_of(Op::erase_region, {0, 0});
  CHECK(time_of(Op::erase_region, {0x1000, 0x1000}) - nothing ==
        doctest::Approx(0.045).epsilon(0.001));
  CHECK(time_of(Op::erase_region, {0x10000, 0x10000}) - nothing ==
        doctest::Approx(0.150).epsilon(0.001));
  // Two blocks, and a sector before and behind.
  CHECK(time_of(Op::erase_region, {0xF000, 0x22000}) - nothing ==
        doctest::Approx(0.390).epsilon(0.001));
  CHECK(time_of(Op::erase_flash, {}) == doctest::Approx(10.0).epsilon(0.001));
}

TEST_CASE("the ROM erases and programs before it answers, the stub after") {
  Bench rom("esp32", "default");
  rom.talk(Op::spi_attach, {0, 0});
  TimePoint start = rom.now;
  rom.talk(Op::flash_begin, {0x10000, 64, 0x400, 0});
  CHECK(rom.last_heard - start > 150ms);
  start = rom.now;
  rom.block(Op::flash_data, 0, pattern(1024));
  const auto wire = wire_time(1024, 115200);
  CHECK(rom.last_heard - start > wire + 4 * 400us);

  Bench stub("esp32", "default");
  stub.start_stub();
  start = stub.now;
  stub.talk(Op::flash_begin, {0x10000, 64, 0x400, 0});
  CHECK(stub.last_heard - start < 10ms);
  start = stub.now;
  const Bytes block = frame_block(Op::flash_data, 0, pattern(1024));
  stub.send(block);
  stub.live();
  CHECK(stub.last_heard - start < wire_time(block.size() + 14, 115200) + 2ms);
}

TEST_CASE("the reply to the command that restarts the chip still leaves it") {
  // FLASH_END with 0: reboot. Under "fast" the reply leaves at the very instant of the restart.
  for (const char* profile : {"fast", "default"}) {
    CAPTURE(profile);
    Bench bench("esp32", profile);
    bench.talk(Op::spi_attach, {0, 0});
    bench.talk(Op::flash_begin, {0, 0, 0x400, 0});
    CHECK(bench.talk(Op::flash_end, {0}).starts_with("c0010404000000000000000000c0"));
    CHECK(bench.device->mode() == Device::Mode::application);
  }
}

TEST_CASE("CHANGE_BAUDRATE is answered at the old rate; then only the new one is understood") {
  Bench bench("esp32c3");
  CHECK(bench.talk(Op::change_baudrate, {921600, 0}) ==
        "c0010f040000000000000000"
        "00c0");
  CHECK(bench.device->baud_bps() == 921600);
  CHECK(bench.talk(Op::read_reg, {0x40001000}).empty());
  bench.device->on_host_baud(bench.now, 921600);
  CHECK(bench.talk(Op::read_reg, {0x40001000}).substr(0, 18) == "c0010a04006f50311b");
}

TEST_CASE("above the limit both directions garble") {
  Options options;
  options.chip = "esp32c3";
  options.profile = *find_profile("fast");
  options.baud_limit = 460800;
  auto device = *Device::make(std::move(options), *FlashMemory::in_memory(4 << 20));
  Bench bench("esp32c3");
  bench.device = std::move(device);
  bench.device->on_host_baud(bench.now, 115200);
  bench.talk(Op::change_baudrate, {921600, 0});
  bench.device->on_host_baud(bench.now, 921600);
  CHECK(bench.talk(Op::read_reg, {0x40001000}).empty());
  CHECK(rates_match(115200, 113000));
  CHECK_FALSE(rates_match(115200, 74880));
}

TEST_CASE("the lines reset into the loader and into the application") {
  Bench bench("esp32", "default", {}, true);
  const auto lines = [&](bool dtr, bool rts) { bench.device->on_lines(bench.now, dtr, rts); };
  CHECK(bench.talk(Op::read_reg, {0x40001000}).empty());
  // esptool's classic reset: EN low; EN high with GPIO0 low, the capacitor's delay in between.
  lines(false, true);
  bench.live(100ms);
  lines(true, true);
  lines(true, false);
  const std::string text = to_string(bench.live(50ms));
  CHECK(text.find("boot:0x3 (DOWNLOAD_BOOT") != std::string::npos);
  CHECK(text.find("waiting for download\r\n") != std::string::npos);
  lines(false, false);
  CHECK(bench.device->mode() == Device::Mode::rom);
  CHECK_FALSE(bench.talk(Op::read_reg, {0x40001000}).empty());
  // The hard reset: RTS alone.
  lines(false, true);
  bench.live(100ms);
  lines(false, false);
  CHECK(to_string(bench.live()).find("invalid header: 0xffffffff") != std::string::npos);
  CHECK(bench.device->mode() == Device::Mode::application);
}

TEST_CASE("the application's log names its project and version, from the flash") {
  Bytes flash(1 << 20, 0xFF);
  flash[0x1000] = 0xE9;
  // A partition table's entry: AA 50, app, factory, 0x10000, 0xF0000, "factory".
  const Bytes entry =
      from_hex("aa500000000001000000 0f00666163746f727900000000000000000000000000").value();
  std::copy(entry.begin(), entry.end(), flash.begin() + 0x8000);
  flash[0x10000] = 0xE9;
  const Bytes magic = from_hex("3254cdab").value();
  std::copy(magic.begin(), magic.end(), flash.begin() + 0x10020);
  const std::string version = "v1.2.3", project = "blink";
  std::fill_n(flash.begin() + 0x10030, 64, 0);
  std::copy(version.begin(), version.end(), flash.begin() + 0x10030);
  std::copy(project.begin(), project.end(), flash.begin() + 0x10050);
  const std::string log = application_log(*chip_by_name("esp32"), flash);
  CHECK(log.find("partition factory at offset 0x10000") != std::string::npos);
  CHECK(log.find("Project name:     blink\r\n") != std::string::npos);
  CHECK(log.find("App version:      v1.2.3\r\n") != std::string::npos);
}

TEST_CASE("the RTC watchdog, once unlocked and started, resets the chip") {
  Bench bench("esp32c3");
  const Watchdogs& dog = bench.device->chip().watchdogs;
  const auto write = [&](std::uint32_t address, std::uint32_t value) {
    bench.talk(Op::write_reg, {address, value, 0xFFFFFFFF, 0});
  };
  write(dog.config0, 1U << 31);  // still locked
  CHECK(bench.device->mode() == Device::Mode::rom);
  write(dog.protect, 0x50D83AA1);
  write(dog.config1, 2000);
  write(dog.config0, (1U << 31) | (5U << 28) | (1U << 8) | 2);
  CHECK(bench.device->mode() == Device::Mode::application);
}

TEST_CASE("without lines, a SYNC that cannot be heard restarts into the loader") {
  Bench bench("esp32", "fast", {}, true, true);
  bench.send(frame_request(Op::sync, sync_payload()));
  CHECK(to_string(bench.live()).find("waiting for download") != std::string::npos);
  bench.send(frame_request(Op::sync, sync_payload()));
  CHECK(to_hex(bench.live()).starts_with("c0010804000707122000000000c0"));
  // A stub left at another rate by a client that went away.
  bench.start_stub();
  bench.talk(Op::change_baudrate, {921600, 115200});
  bench.send(frame_request(Op::sync, sync_payload()));
  bench.live();
  CHECK(bench.device->mode() == Device::Mode::rom);
}
