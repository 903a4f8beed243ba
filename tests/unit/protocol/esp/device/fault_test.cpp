#include "bench.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace aiot::esp::device;

namespace {

constexpr const char* magic_request = "c0000a04000000000000100040c0";
constexpr const char* magic_reply = "c0010a0400831df00000000000c0";

/// How often each fault of the bench has fired.
std::uint32_t fired(const Bench& bench, std::size_t index = 0) {
  return bench.device->faults().all().at(index).fired;
}

}  // namespace

TEST_CASE("a fault's text") {
  CHECK(parse_fault("reset@4096")->byte == 4096);
  CHECK(parse_fault("stall@cmd:13:2:7s")->op == Op::spi_flash_md5);
  CHECK(parse_fault("stall@cmd:0x13:2:7s")->count == 2);
  CHECK(parse_fault("stall@cmd:13:2:7s")->time == 7s);
  CHECK(parse_fault("lose-reply@data/3:always")->stage == "data");
  CHECK(parse_fault("lose-reply@data/3:always")->count == 3);
  CHECK(parse_fault("lose-reply@data/3:always")->always);
  CHECK(parse_fault("write-protected:0x20000+8k:error")->range_length == 8192);
  CHECK(parse_fault("drop@0:forever")->forever);
  for (const char* bad :
       {"", "rest", "reset@nowhere", "reset@cmd:zz:1", "reset@cmd:3", "reset@data/0", "stall:often",
        "lose:0", "slow@data", "no-stub@3", "corrupt:7", "write-protected:x"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_fault(bad).has_value());
  }
  CHECK(parse_fault("resett").error().hint == "did you mean reset?");
  CHECK(parse_fault("reset@nowhere").error().hint ==
        "the stages are: sync, detect, stub, baud, attach, begin, data, end, md5, read");
}

TEST_CASE("each stage belongs to a command, and each fault has a description") {
  for (const FaultHelp& stage : stages()) {
    CHECK(parse_fault("reset@" + std::string(stage.name)).has_value());
    CHECK_FALSE(stage.description.empty());
  }
  for (const FaultHelp& help : fault_help()) {
    CHECK(parse_fault(help.name).has_value());
    CHECK_FALSE(help.description.empty());
  }
}

TEST_CASE("lose: a request, or bytes") {
  Bench request("esp32", "fast", {"lose@detect"});
  CHECK(request.talk(magic_request).empty());
  CHECK(request.talk(magic_request) == magic_reply);
  Bench bytes("esp32", "fast", {"lose@3:2"});
  CHECK(bytes.talk(magic_request).empty());  // the length does not fit
  CHECK(bytes.talk(magic_request) == magic_reply);
  CHECK(fired(bytes) == 1);
}

TEST_CASE("corrupt: a request's bit, a byte's, a reply's") {
  Bench byte("esp32", "fast", {"corrupt@9"});
  CHECK(byte.talk(magic_request) == "c0010a04000000000000000000c0");  // another address
  CHECK(byte.talk(magic_request) == magic_reply);
  Bench reply("esp32", "fast", {"corrupt-reply@detect"});
  CHECK(reply.talk(magic_request) != magic_reply);
  CHECK(reply.talk(magic_request) == magic_reply);
  Bench reply_byte("esp32", "fast", {"corrupt-reply@5"});
  CHECK(reply_byte.talk(magic_request) == "c0010a0400931df00000000000c0");
  Bench checksum("esp32", "fast", {"corrupt@data"});
  checksum.talk(Op::spi_attach, {0, 0});
  checksum.talk(Op::flash_begin, {1024, 1, 1024, 0});
  CHECK(checksum.block(Op::flash_data, 0, pattern(1024)).substr(18, 4) == "0107");
  CHECK(checksum.block(Op::flash_data, 0, pattern(1024)).substr(18, 4) == "0000");
}

TEST_CASE("lose-reply, duplicate, garbage: the request is carried out") {
  CHECK(Bench("esp32", "fast", {"lose-reply"}).talk(magic_request).empty());
  CHECK(Bench("esp32", "fast", {"duplicate"}).talk(magic_request) ==
        std::string(magic_reply) + magic_reply);
  const std::string noisy = Bench("esp32", "fast", {"garbage"}).talk(magic_request);
  CHECK(noisy.size() > 30);
  CHECK(noisy.ends_with(magic_reply));
  Bench always("esp32", "fast", {"lose-reply@detect:always"});
  for (int i = 0; i < 3; ++i) CHECK(always.talk(magic_request).empty());
  CHECK(fired(always) == 3);
}

TEST_CASE("stall and slow take time") {
  Bench stall("esp32", "fast", {"stall@detect:7s"});
  const TimePoint start = stall.now;
  CHECK(stall.talk(magic_request) == magic_reply);
  CHECK(stall.last_heard - start == 7s);
  Bench slow("esp32", "default", {"slow:50"});
  const TimePoint then = slow.now;
  slow.talk(magic_request);
  CHECK(slow.last_heard - then > 50ms);
  CHECK(slow.last_heard - then < 60ms);
}

TEST_CASE("reset: the chip restarts, and runs what it has") {
  for (const char* text : {"reset@detect", "reset@4", "reset@cmd:0a:1"}) {
    CAPTURE(text);
    Bench bench("esp32", "fast", {text});
    bench.send(from_hex(magic_request).value());
    CHECK(to_string(bench.live()).find("SPI_FAST_FLASH_BOOT") != std::string::npos);
    CHECK(bench.device->mode() == Device::Mode::application);
    CHECK(fired(bench) == 1);
  }
}

TEST_CASE("drop: the link goes, and comes back") {
  Bench bench("esp32", "fast", {"drop@4:2s"});
  bench.send(from_hex(magic_request).value());
  bench.live(0s);
  CHECK_FALSE(bench.device->link_up());
  bench.live(2s);
  CHECK(bench.device->link_up());
  CHECK(bench.talk(magic_request) == magic_reply);
  Bench gone("esp32", "fast", {"drop@detect:forever"});
  CHECK(gone.talk(magic_request).empty());
  gone.live(1000h);
  CHECK_FALSE(gone.device->link_up());
}

TEST_CASE("wrong-mac: another board after the first reset, or where it says") {
  Bench bench("esp32", "fast", {"wrong-mac"});
  const auto mac = [&] { return bench.talk(Op::read_reg, {0x3FF5A004}).substr(10, 8); };
  const auto reset = [&] {
    bench.device->on_lines(bench.now, false, true);
    bench.device->on_lines(bench.now, true, false);
    bench.live();
  };
  reset();
  CHECK(mac() == "030201c4");
  reset();
  CHECK(mac() == "560201c4");
  reset();
  CHECK(mac() == "560201c4");
  Bench at("esp32", "fast", {"wrong-mac@begin"});
  at.talk(Op::spi_attach, {0, 0});
  at.talk(Op::flash_begin, {4096, 4, 1024, 0});
  CHECK(at.device->mac()[5] == 0x56);
}

TEST_CASE("write-protected: silently, or with an error") {
  for (const bool with_error : {false, true}) {
    Bench bench(
        "esp32", "fast",
        {with_error ? "write-protected:0x1000+0x1000:error" : "write-protected:0x1000+0x1000"});
    bench.start_stub();
    bench.talk(Op::flash_begin, {0x4000, 1, 0x4000, 0});
    CHECK(bench.block(Op::flash_data, 0, Bytes(0x4000, 0x11)).substr(18, 4) == "0000");
    CHECK(bench.talk(Op::read_reg, {0x40001000}).substr(18, 4) == (with_error ? "c400" : "0000"));
    // The error comes while erasing: nothing of the block is programmed then.
    CHECK(bench.device->flash().contents()[0xFFF] == (with_error ? 0xFF : 0x11));
    CHECK(bench.device->flash().contents()[0x1000] == 0xFF);
  }
}

TEST_CASE("power-cut: the page is a mix, the chip restarts") {
  Bench bench("esp32", "fast", {"power-cut@data/2"});
  bench.start_stub();
  bench.talk(Op::flash_begin, {0x2000, 2, 0x1000, 0});
  bench.block(Op::flash_data, 0, Bytes(0x1000, 0x11));
  bench.block(Op::flash_data, 1, Bytes(0x1000, 0x11));
  const ByteSpan flash = bench.device->flash().contents();
  CHECK(flash[0xFFF] == 0x11);
  CHECK(flash[0x1000 + 127] == 0x11);
  CHECK(flash[0x1000 + 128] == 0xBB);  // half way
  CHECK(flash[0x1000 + 129] == 0xFF);
  CHECK(bench.device->mode() == Device::Mode::application);
  CHECK(fired(bench) == 1);
}

TEST_CASE("no-stub, secure-boot, flash-encryption") {
  CHECK(Bench("esp32", "fast", {"no-stub"})
            .talk(Op::mem_begin, {4, 1, 0x1800, 0x40080000})
            .substr(18, 4) == "0106");
  CHECK(Bench("esp32", "fast", {"secure-boot"}).talk(Op::read_reg, {0x3FF5A018}).substr(10, 8) ==
        "30000000");
  CHECK(
      Bench("esp32", "fast", {"flash-encryption"}).talk(Op::read_reg, {0x3FF5A000}).substr(10, 8) ==
      "00001000");
}

TEST_CASE("a reply's fault at a byte strikes the reply that follows") {
  Bench bench("esp32", "fast", {"duplicate@20", "lose-reply@30"});
  CHECK(bench.talk(magic_request) == magic_reply);
  CHECK(bench.talk(magic_request) == std::string(magic_reply) + magic_reply);
  CHECK(bench.talk(magic_request).empty());
  CHECK(bench.talk(magic_request) == magic_reply);
}

TEST_CASE("a lost request does not hold up the one behind it") {
  Bench bench("esp32", "default", {"lose@cmd:0a:2"});
  for (int i = 0; i < 3; ++i) bench.send(*from_hex(magic_request));
  CHECK(to_hex(bench.live()) == std::string(magic_reply) + magic_reply);
}
