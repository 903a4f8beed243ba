#include "bench.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace aiot::esp::device;

// Replies: esp-flasher-stub 1.2 (command_handler.c): two status bytes, the code's high byte first.
TEST_CASE("a stub answers SYNC with the value 0, which tells it from a ROM") {
  Bench bench("esp32");
  bench.start_stub();
  bench.send(frame_request(Op::sync, sync_payload()));
  CHECK(to_hex(bench.live())
            .starts_with("c0010802000000000000"
                         "00c0c00108020000000000"));
}

TEST_CASE("a stub refuses with its own codes, once") {
  Bench bench("esp32");
  bench.start_stub();
  CHECK(bench.talk("c0007f0000000000 00c0") == "c0017f020000000000c300c0");
  CHECK(bench.talk(Op::spi_attach, {0, 0}) == "c0010d020000000000dbdc00c0");
  CHECK(bench.talk(Op::flash_end, {1}) == "c00104020000000000c600c0");
  CHECK(bench.talk(Op::flash_begin, {4096, 1, 0x8000, 0}) == "c00102020000000000c200c0");
  CHECK(bench.talk(Op::flash_begin, {4096, 1, 0x4000, (4 << 20) - 1024}) ==
        "c00102020000000000c400c0");
}

TEST_CASE("raw blocks: erased as needed, the padding of the last one not written") {
  Bench bench("esp32");
  bench.start_stub();
  const Bytes old(3 * 4096, 0x00);
  bench.talk(Op::flash_begin, {3 * 4096, 1, 0x4000, 0});
  CHECK(bench.block(Op::flash_data, 0, old) == "c001030200000000000000c0");
  CHECK(bench.talk(Op::flash_end, {1}) == "c001040200000000000000c0");
  Bytes fresh = pattern(5000);
  bench.talk(Op::flash_begin, {5000, 1, 0x4000, 0});
  Bytes padded = fresh;
  padded.resize(0x4000, 0xFF);
  bench.block(Op::flash_data, 0, padded);
  CHECK(bench.talk(Op::flash_end, {1}) == "c001040200000000000000c0");
  const ByteSpan flash = bench.device->flash().contents();
  CHECK(to_hex(flash.first(5000)) == to_hex(fresh));
  CHECK(flash[5000] == 0xFF);  // erased: the sector of the last byte
  CHECK(flash[8192] == 0x00);  // not touched
}

TEST_CASE("a deflated stream, published bytes: zlib of 'hello hello hello hello\\n'") {
  // python3: zlib.compress(b"hello hello hello hello\n", 9)
  const Bytes zlib = from_hex("78dacb48cdc9c957c84027b90070be08bb").value();
  Bench bench("esp32");
  bench.start_stub();
  bench.talk(Op::flash_defl_begin, {24, 1, 0x4000, 0x1000});
  CHECK(bench.block(Op::flash_defl_data, 0, zlib) == "c001110200000000000000c0");
  CHECK(bench.talk(Op::flash_defl_end, {1}) == "c001120200000000000000c0");
  CHECK(to_string(bench.device->flash().contents().subspan(0x1000, 24)) ==
        "hello hello hello hello\n");
}

TEST_CASE("what fails after the acknowledgement is answered to the next request, once") {
  Bench bench("esp32");
  bench.start_stub();
  bench.talk(Op::flash_defl_begin, {100, 2, 0x4000, 0});
  CHECK(bench.block(Op::flash_defl_data, 0, Bytes{1, 2, 3, 4}) == "c001110200000000000000c0");
  CHECK(bench.talk(Op::read_reg, {0x40001000}) == "c0010a020000000000c700c0");
  CHECK(bench.talk(Op::read_reg, {0x40001000}) == "c0010a0200831df0000000c0");
}

TEST_CASE("END before all bytes are written is refused") {
  Bench bench("esp32");
  bench.start_stub();
  bench.talk(Op::flash_begin, {8192, 2, 0x1000, 0});
  bench.block(Op::flash_data, 0, pattern(4096));
  CHECK(bench.talk(Op::flash_end, {1}) == "c00104020000000000dbdc00c0");
}

TEST_CASE("READ_FLASH sends frames, one at a time, and the MD5 of all") {
  Bench bench("esp32");
  bench.start_stub();
  const Bytes data = pattern(4096, 7);
  bench.talk(Op::flash_begin, {4096, 1, 0x4000, 0});
  bench.block(Op::flash_data, 0, data);
  bench.send(frame_request(Op::read_flash, words({0, 3000, 1024, 64})));
  Bytes heard = bench.live();
  ByteSpan input = heard;
  SlipDecoder frames;
  const auto next = [&]() {
    const auto frame = frames.next(input);
    REQUIRE(frame.has_value());
    return to_hex(*frame);
  };
  CHECK(next() == "01d20200000000000000");
  for (std::uint32_t at = 0; at < 3000; at += 1024) {
    const std::uint32_t size = std::min(1024U, 3000 - at);
    CHECK(next() == to_hex(ByteSpan(data).subspan(at, size)));
    CHECK(input.empty());  // nothing more before the acknowledgement
    Bytes acknowledgement;
    slip_encode(words({at + size}), acknowledgement);
    bench.send(acknowledgement);
    heard = bench.live();
    input = heard;
  }
  CHECK(next() == to_hex(crypto::md5(ByteSpan(data).first(3000))));
  CHECK(bench.talk(Op::read_reg, {0x40001000}) == "c0010a0200831df0000000c0");
}

TEST_CASE("ERASE_REGION wants whole sectors") {
  Bench bench("esp32");
  bench.start_stub();
  CHECK(bench.talk(Op::erase_region, {0, 100}) == "c001d1020000000000dbdc00c0");
  CHECK(bench.talk(Op::erase_region, {0x1000, 0x1000}) == "c001d10200000000000000c0");
  CHECK(bench.talk(Op::erase_region, {4 << 20, 0x1000}) == "c001d1020000000000c400c0");
}

TEST_CASE("two buffers: a third block without waiting is lost") {
  Bench bench("esp32", "default");
  bench.start_stub();
  bench.talk(Op::change_baudrate, {921600, 115200});
  bench.device->on_host_baud(bench.now, 921600);
  // 64 KiB are erased behind the first acknowledgement: 150 ms, in which blocks of 4 KiB arrive in
  // 45 ms each.
  bench.talk(Op::flash_begin, {0x10000, 16, 0x1000, 0});
  for (std::uint32_t i = 0; i < 3; ++i) bench.send(frame_block(Op::flash_data, i, pattern(4096)));
  const std::string heard = to_hex(bench.live());
  CHECK(heard == "c001030200000000000000c0c001030200000000000000c0");
  CHECK(bench.device->counters().overruns == 1);
}
