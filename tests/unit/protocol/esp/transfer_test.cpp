#include "session.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace std::chrono_literals;
using net::Script;
using net::ScriptedLink;

namespace {

// The stub's plain success: value 0, status 00 00.
std::string ok(const char* op) { return std::string("c001") + op + "0200 00000000 0000 c0"; }
/// The ROM's: four status bytes.
std::string rom_ok(const char* op) {
  return std::string("c001") + op + "0400 00000000 00000000 c0";
}

const Bytes small{0x01, 0xC0, 0x03, 0x04};
/// FLASH_BEGIN by a stub: 4 bytes, one block of 0x4000, at 0x10000.
const std::string small_begin = "c000021000 00000000 04000000 01000000 00400000 00000100 c0";
/// FLASH_DATA: checksum EF^01^C0^03^04 = 29.
const std::string small_data =
    "c000031400 29000000 04000000 00000000 00000000 00000000 01dbdc0304 c0";
const std::string end = "c00004040000000000 01000000 c0";
const std::string defl_end = "c00012040000000000 01000000 c0";
const std::string small_defl_begin = "c000101000 00000000 00100000 01000000 00400000 00000100 c0";
const std::string small_defl_data =
    "c000111400 29000000 04000000 00000000 00000000 00000000 01dbdc0304 c0";

net::Task<void> write_small(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  co_return co_await loader.write(0x10000, small, nullptr);
}

net::Task<void> deflate_small(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  co_return co_await loader.write_deflated(0x10000, 0x1000, small, nullptr);
}

net::Task<std::string> read_small(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  std::string out;
  std::function<Result<void>(ByteSpan)> sink = [&out](ByteSpan bytes) -> Result<void> {
    out += to_hex(bytes);
    return {};
  };
  Result<void> read = co_await loader.read(0x8000, 3, sink);
  if (!read) co_return std::move(read).error();
  co_return out;
}

net::Task<std::string> md5_of(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  Result<crypto::Md5> sum = co_await loader.md5(0x10000, 0x5000);
  if (!sum) co_return std::move(sum).error();
  co_return to_hex(*sum);
}

net::Task<std::uint32_t> to_921600(Loader& loader) {
  Result<void> connected = co_await connect(loader);
  if (!connected) co_return std::move(connected).error();
  Result<void> changed = co_await loader.change_baud(921600);
  if (!changed) co_return std::move(changed).error();
  co_return loader.baud_bps();
}

Script written_by_stub() {
  Script script = esp32_stub_connects();
  script.expect(small_begin, "begin").reply(ok("02"), "begin");
  script.expect(small_data, "data").reply(ok("03"), "data");
  script.expect(end, "end").reply(ok("04"), "end");
  return script;
}

Script deflated_by_stub() {
  Script script = esp32_stub_connects();
  script.expect(small_defl_begin, "begin").reply(ok("10"), "begin");
  script.expect(small_defl_data, "data").reply(ok("11"), "data");
  script.expect(defl_end, "end").reply(ok("12"), "end");
  return script;
}

// RFC 1321, A.5: MD5("abc").
const std::string md5_abc = "900150983cd24fb0d6963f7d28e17f72";

Script read_by_stub() {
  Script script = esp32_stub_connects();
  script.expect("c000d21000 00000000 00800000 03000000 00100000 40000000 c0", "read")
      .reply(ok("d2"), "read")
      .reply("c0 616263 c0", "packet");
  script.expect("c003000000c0", "acknowledge").reply("c0" + md5_abc + "c0", "md5");
  return script;
}

}  // namespace

TEST_CASE_FIXTURE(Session, "a stub writes") {
  ScriptedLink link(clock, written_by_stub(), wires());
  CHECK(run(link, write_small));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a ROM writes whole blocks, and is not told the end") {
  Script script = esp32_rom_connects();
  script.expect("c000021000 00000000 04000000 01000000 00040000 00000100 c0", "begin")
      .reply(rom_ok("02"));
  script
      .expect("c000031004 29000000 00040000 00000000 00000000 00000000 01dbdc0304" +
                  repeat("ff", 1020) + "c0",
              "data")
      .reply(rom_ok("03"));
  ScriptedLink link(clock, script, wires());
  CHECK(run(link, write_small));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a damaged block comes again") {
  Script script = esp32_stub_connects();
  script.expect(small_begin).reply(ok("02"));
  script.expect(small_data, "first").reply("c001030200 00000000 c100 c0");
  script.expect(small_data, "second").reply(ok("03"));
  script.expect(end).reply(ok("04"));
  ScriptedLink link(clock, script, wires());
  CHECK(run(link, write_small));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "after a lost reply raw data starts anew with a BEGIN") {
  Script script = esp32_stub_connects();
  script.expect(small_begin).reply(ok("02"));
  script.expect(small_data, "unanswered");
  script.expect(sync_request, "in step again").reply(stub_sync);
  script.expect(small_begin).reply(ok("02"));
  script.expect(small_data).reply(ok("03"));
  script.expect(end).reply(ok("04"));
  ScriptedLink link(clock, script, wires());
  CHECK(run(link, write_small));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a flash that fails is reported by the END") {
  Script script = esp32_stub_connects();
  script.expect(small_begin).reply(ok("02"));
  script.expect(small_data).reply(ok("03"));
  script.expect(end).reply("c001040200 00000000 c400 c0");
  ScriptedLink link(clock, script, wires());
  Result<void> result = run(link, write_small);
  REQUIRE(!result);
  CHECK(result.error().stable_code() == "esp.refused");
  CHECK(result.error().peer_text == "error c4: the SPI operation failed");
}

TEST_CASE_FIXTURE(Session, "a stub inflates") {
  ScriptedLink link(clock, deflated_by_stub(), wires());
  CHECK(run(link, deflate_small));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a ROM is told whole blocks of what a stream inflates to") {
  Script script;
  script.expect(sync_request).reply(rom_sync);
  script.expect(security_request)
      .reply(
          "c001141800 00000000"
          "00000000 00 00000000000000 05000000 00000000 00000000c0");
  script.expect("c000101400 00000000 00140000 01000000 00040000 00000100 00000000 c0", "begin")
      .reply(rom_ok("10"));
  script.expect(small_defl_data, "data").reply(rom_ok("11"));
  ScriptedLink link(clock, script, wires());
  Result<void> result = run(link, [](Loader& loader) -> net::Task<void> {
    Result<void> connected = co_await connect(loader);
    if (!connected) co_return std::move(connected).error();
    co_return co_await loader.write_deflated(0x10000, 0x1001, small, nullptr);
  });
  CHECK(result);
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a lost block of a stream is never sent twice") {
  Script script = esp32_stub_connects();
  script.expect(small_defl_begin).reply(ok("10"));
  script.expect(small_defl_data, "unanswered");
  script.expect(sync_request, "in step again").reply(stub_sync);
  ScriptedLink link(clock, script, wires());
  Result<void> result = run(link, deflate_small);
  REQUIRE(!result);
  CHECK(result.error().stable_code() == "esp.block_lost");
  CHECK(result.error().retryable());
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a stub reads, and its MD5 is checked") {
  ScriptedLink link(clock, read_by_stub(), wires());
  Result<std::string> got = run(link, read_small);
  REQUIRE(got);
  CHECK(*got == "616263");
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "what arrived wrong is read again") {
  Script script = esp32_stub_connects();
  const char* request = "c000d21000 00000000 00800000 03000000 00100000 40000000 c0";
  script.expect(request).reply(ok("d2")).reply("c0 616264 c0");
  script.expect("c003000000c0").reply("c0" + md5_abc + "c0", "not its MD5");
  script.expect("c000c0", "stop").expect(sync_request).reply(stub_sync);
  script.expect(request).reply(ok("d2")).reply("c0 616263 c0");
  script.expect("c003000000c0").reply("c0" + md5_abc + "c0");
  ScriptedLink link(clock, script, wires());
  Result<std::string> got = run(link, read_small);
  REQUIRE(got);
  CHECK(*got == "616263");
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a ROM reads 64 bytes a request") {
  Script script = esp32_rom_connects();
  script.expect("c0000e0800 00000000 00800000 03000000 c0")
      .reply("c0010e4400 00000000 616263" + repeat("00", 61) + "00000000 c0");
  ScriptedLink link(clock, script, wires());
  Result<std::string> got = run(link, read_small);
  REQUIRE(got);
  CHECK(*got == "616263");
}

TEST_CASE_FIXTURE(Session, "an MD5: raw from a stub, digits from a ROM") {
  const char* request = "c0001310000000000000000100005000000000000000000000c0";
  Script stub = esp32_stub_connects();
  stub.expect(request).reply("c001131200 00000000" + md5_abc + "0000 c0");
  ScriptedLink first(clock, stub, wires());
  CHECK(*run(first, md5_of) == md5_abc);
  Script rom = esp32_rom_connects();
  rom.expect(request).reply("c001132400 00000000" + to_hex(as_bytes(md5_abc)) + "00000000 c0");
  ScriptedLink second(clock, rom, wires());
  CHECK(*run(second, md5_of) == md5_abc);
}

TEST_CASE_FIXTURE(Session, "a request whose reply is lost is made again") {
  const char* request = "c0001310000000000000000100005000000000000000000000c0";
  Script script = esp32_stub_connects();
  script.expect(request, "unanswered");
  script.expect(request).reply("c001131200 00000000" + md5_abc + "0000 c0");
  ScriptedLink link(clock, script, wires());
  CHECK(*run(link, md5_of) == md5_abc);
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a stub changes its rate, told the old one") {
  Script script = esp32_stub_connects();
  script.expect("c0000f0800 00000000 00100e00 00c20100 c0").reply(ok("0f"));
  script.expect(sync_request).reply(stub_sync);
  ScriptedLink link(clock, script, wires());
  Result<std::uint32_t> rate = run(link, to_921600);
  REQUIRE(rate);
  CHECK(*rate == 921600);
  // once to see that this end can, and back; then for good
  CHECK(link.bauds() == std::vector<std::uint32_t>{115200, 921600, 115200, 921600});
}

// 40 MHz / 15625 * 40 / 8 cycles of the RC oscillator say "no drift": 0x3200 << 7 in the register.
TEST_CASE_FIXTURE(Session, "an ESP32's ROM is told a rate bent by its drift") {
  Script script = esp32_rom_connects();
  script.expect("c0000a040000000000 6cf0f53f c0").reply("c0010a0400 00001a00 00000000 c0");
  script.expect("c0000a040000000000 10a0f53f c0").reply("c0010a0400 08000000 00000000 c0");
  // 0x3400 * 15625 * 8 / 40 = 41.6 MHz; 921600 * 41.6 / 40 = 958464
  script.expect("c0000f0800 00000000 00a00e00 00000000 c0").reply(rom_ok("0f"));
  script.expect(sync_request).reply(rom_sync);
  ScriptedLink link(clock, script, wires());
  CHECK(run(link, to_921600));
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "a rate that does not work is left, at both ends") {
  Script script = esp32_stub_connects();
  script.expect("c0000f0800 00000000 00100e00 00c20100 c0").reply(ok("0f"));
  script.expect(sync_request, "garbled").expect(sync_request, "garbled");
  script.expect(std::string("c0") + sync_request, "garbled");
  script.expect("c0000f0800 00000000 00c20100 00100e00 c0", "back");
  script.expect(sync_request).reply(stub_sync);
  ScriptedLink link(clock, script, wires());
  Result<std::uint32_t> rate = run(link, to_921600);
  REQUIRE(!rate);
  CHECK(rate.error().stable_code() == "esp.baud_failed");
  CHECK(link.bauds().back() == 115200);
  CHECK(link.finished());
}

TEST_CASE_FIXTURE(Session, "what the ESP8266's ROM lacks is named, with the way out") {
  Script script;
  script.expect(sync_request).reply(repeat("c0010802000707122000 00c0", 8));
  script.expect(security_request).reply(repeat("c00100020000000000 0105c0", 8));
  script.expect(magic_request).reply("c0010a0200 01c1f0ff 0000c0");
  ScriptedLink link(clock, script, wires());
  Result<std::string> sum = run(link, md5_of);
  REQUIRE(!sum);
  CHECK(sum.error().stable_code() == "esp.rom_cannot");
  CHECK(sum.error().context == "MD5 of flash on ESP8266");
  CHECK(sum.error().hint.find("stub") != std::string::npos);
}

TEST_CASE("flash is written from a sector's start") {
  Session session;
  ScriptedLink link(session.clock, esp32_stub_connects(), Session::wires());
  Result<void> result = session.run(link, [](Loader& loader) -> net::Task<void> {
    Result<void> connected = co_await connect(loader);
    if (!connected) co_return std::move(connected).error();
    co_return co_await loader.write(0x10001, small, nullptr);
  });
  REQUIRE(!result);
  CHECK(result.error().stable_code() == "esp.bad_range");
}

TEST_CASE("every session ends in an error whatever goes wrong, in time") {
  Session::with_each_fault(written_by_stub(), 200s, write_small);
  Session::with_each_fault(deflated_by_stub(), 200s, deflate_small);
  Session::with_each_fault(read_by_stub(), 200s, read_small);
}
