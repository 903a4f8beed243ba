#include "bench.hpp"

using namespace aiot;
using namespace aiot::esp;
using namespace aiot::esp::device;

// Frames: Espressif's "Serial Protocol" (esptool documentation 5.3), "Tracing Communications".
TEST_CASE("a SYNC is answered eight times, as in the documentation's trace") {
  Bench bench("esp32");
  const std::string heard = bench.talk(
      "c000082400000000000707122055555555555555555555555555555555"
      "55555555555555555555555555555555c0");
  CHECK(heard.size() == 8 * 28);
  CHECK(heard.starts_with("c0010804000707122000000000c0c0010804000707122000000000c0"));
}

TEST_CASE("READ_REG of the magic address answers what the documentation's trace shows") {
  // The trace is of an ESP32-S3 whose stub runs: two status bytes.
  Bench bench("esp32s3");
  CHECK(bench.talk("c0000a04000000000000100040c0") == "c0010a04000900000000000000c0");
  bench.start_stub();
  CHECK(bench.talk("c0000a04000000000000100040c0") == "c0010a0200090000000000c0");
}

TEST_CASE("the ESP8266's ROM answers with two status bytes, and knows neither MD5 nor rates") {
  Bench bench("esp8266");
  CHECK(bench.talk("c0000a04000000000000100040c0") == "c0010a020001c1f0ff0000c0");
  const std::string refused = bench.talk(Op::spi_flash_md5, {0, 4096, 0, 0});
  CHECK(refused.size() == 8 * 24);
  CHECK(refused.starts_with("c001130200000000000105c0"));
  CHECK(bench.talk(Op::change_baudrate, {921600, 0}).starts_with("c0010f0200000000000105c0"));
}

TEST_CASE("an unsupported command is answered eight times with error 05") {
  Bench bench("esp32");
  const std::string once = "c001d004000000000001050000c0";
  std::string eight;
  for (int i = 0; i < 8; ++i) eight += once;
  CHECK(bench.talk("c000d0000000000000c0") == eight);
}

TEST_CASE(
    "security information: 20 bytes with the chip's id, 12 on the ESP32-S2, none on the ESP32") {
  // flags, crypt count, seven key purposes, chip id 5, API version; then four status bytes
  CHECK(Bench("esp32c3").talk("c00014000000000000c0") ==
        "c00114180000000000"
        "000000000000000000000000"
        "05000000"
        "00000000"
        "00000000c0");
  CHECK(Bench("esp32s2").talk("c00014000000000000c0").substr(4, 8) == "14100000");
  CHECK(Bench("esp32").talk("c00014000000000000c0").find("0105") != std::string::npos);
  CHECK(Bench("esp32c3", "fast", {"secure-boot", "flash-encryption"})
            .talk("c00014000000000000c0")
            .substr(18, 10) == "0100000001");
}

TEST_CASE("the MAC in the eFuses, in each chip's layout") {
  CHECK(Bench("esp32c3").talk(Op::read_reg, {0x60008844}) == "c0010a0400030201c400000000c0");
  CHECK(Bench("esp32c3").talk(Op::read_reg, {0x60008848}).substr(10, 8) == "0a240000");
  CHECK(Bench("esp32").talk(Op::read_reg, {0x3FF5A004}).substr(10, 8) == "030201c4");
  CHECK(Bench("esp8266").talk(Op::read_reg, {0x3FF0005C}).substr(10, 8) == "c40a2400");
}

TEST_CASE("flash is refused before SPI_ATTACH") {
  Bench bench("esp32");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 0}) == "c0010204000000000001060000c0");
  CHECK(bench.talk(Op::spi_attach, {0, 0}) ==
        "c0010d0400000000000000"
        "0000c0");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 0}) ==
        "c00102040000000000000000"
        "00c0");
}

TEST_CASE("BEGIN takes four words or five, and no block beyond the ROM's") {
  Bench bench("esp32c3");
  bench.talk(Op::spi_attach, {0, 0});
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 0}).substr(18, 4) == "0000");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 0, 0}).substr(18, 4) == "0000");
  CHECK(bench.talk(Op::flash_begin, {4096, 1, 4096, 0}).substr(18, 4) == "0106");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 4 << 20}).substr(18, 4) == "0106");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024}).substr(18, 4) == "0105");
}

TEST_CASE("a ROM refuses a bad checksum, a block out of sequence and one too many") {
  Bench bench("esp32");
  bench.talk(Op::spi_attach, {0, 0});
  bench.talk(Op::flash_begin, {2048, 2, 1024, 0});
  const Bytes data = pattern(1024);
  Bytes wrong = frame_request(Op::flash_data, words({4, 0, 0, 0, 0x04030201}), 0x55);
  bench.send(wrong);
  CHECK(to_hex(bench.live()).substr(18, 4) == "0107");
  CHECK(bench.block(Op::flash_data, 1, data).substr(18, 4) == "0106");
  CHECK(bench.block(Op::flash_data, 0, data).substr(18, 4) == "0000");
  CHECK(bench.block(Op::flash_data, 1, data).substr(18, 4) == "0000");
  CHECK(bench.block(Op::flash_data, 2, data).substr(18, 4) == "0106");
  CHECK(to_hex(bench.device->flash().contents().subspan(0, 1024)) == to_hex(data));
}

TEST_CASE("a missing erase shows: the ROM reads back and answers 08") {
  Bench bench("esp32");
  bench.talk(Op::spi_attach, {0, 0});
  bench.talk(Op::flash_begin, {1024, 1, 1024, 0});
  CHECK(bench.block(Op::flash_data, 0, Bytes(1024, 0x0F)).substr(18, 4) == "0000");
  bench.talk(Op::flash_begin, {0, 1, 1024, 0});  // erases nothing
  CHECK(bench.block(Op::flash_data, 0, Bytes(1024, 0xF1)).substr(18, 4) == "0108");
  CHECK(bench.device->flash().contents()[0] == 0x01);
}

TEST_CASE("the ESP8266's ROM erases more than it is told") {
  Bench bench("esp8266");
  bench.talk(Op::flash_begin, {0x20000, 128, 1024, 0});
  for (std::uint32_t i = 0; i < 128; ++i) bench.block(Op::flash_data, i, Bytes(1024, 0));
  // Three sectors from 0: the ROM erases six (esptool's get_erase_size asks for half).
  bench.talk(Op::flash_begin, {3 * 4096, 1, 1024, 0});
  CHECK(bench.device->flash().contents()[6 * 4096 - 1] == 0xFF);
  CHECK(bench.device->flash().contents()[6 * 4096] == 0x00);
}

TEST_CASE(
    "the flash chip's id through the controller's registers: esptool's sequence on an ESP8266") {
  Bench bench("esp8266");
  bench.talk(Op::flash_begin, {0, 0, 0x400, 0});
  constexpr std::uint32_t spi = 0x60000200;
  const auto write = [&](std::uint32_t address, std::uint32_t value) {
    CHECK(bench.talk(Op::write_reg, {address, value, 0xFFFFFFFF, 0}).substr(18, 4) == "0000");
  };
  write(spi + 0x20, 23 << 8);              // 24 bits in
  write(spi + 0x1C, 1U << 31 | 1U << 28);  // command, MISO
  write(spi + 0x24, 7U << 28 | 0x9F);
  write(spi + 0x40, 0);
  write(spi, 1U << 18);
  CHECK(bench.talk(Op::read_reg, {spi}).substr(10, 8) == "00000000");
  CHECK(bench.talk(Op::read_reg, {spi + 0x40}).substr(10, 8) == "ef401600");
}

TEST_CASE("MD5 is 32 digits from a ROM; slow reads are always 64 bytes") {
  Bench bench("esp32");
  bench.talk(Op::spi_attach, {0, 0});
  // md5 of 4096 bytes FF: `head -c 4096 /dev/zero | tr '\0' '\377' | md5sum`
  CHECK(bench.talk(Op::spi_flash_md5, {0, 4096, 0, 0}) ==
        "c00113240000000000" + to_hex(as_bytes("6ae59e64850377ee5470c854761551ea")) + "00000000c0");
  CHECK(bench.talk(Op::read_flash_slow, {0, 16}).size() == 2 * (1 + 8 + 64 + 4 + 1));
  CHECK(bench.talk(Op::read_flash_slow, {0, 65}).substr(18, 4) == "010a");
}

TEST_CASE("secure download mode leaves the writing of flash, and little else") {
  Bench bench("esp32s3", "fast", {"secure-download"});
  CHECK(bench.talk(Op::read_reg, {0x40001000}).substr(18, 4) == "0105");
  CHECK(bench.talk(Op::mem_begin, {4, 1, 0x1800, 0x40380000}).substr(18, 4) == "0105");
  CHECK(bench.talk(Op::spi_attach, {0, 0}).substr(18, 4) == "0000");
  CHECK(bench.talk(Op::flash_begin, {4096, 4, 1024, 0}).substr(18, 4) == "0000");
}

TEST_CASE("a jump to where nothing was loaded restarts the chip") {
  Bench bench("esp32");
  bench.talk(Op::mem_begin, {4, 1, 0x1800, 0x40080000});
  bench.block(Op::mem_data, 0, Bytes{1, 2, 3, 4});
  bench.talk(Op::mem_end, {0, 0x40090000});
  CHECK(bench.device->mode() == Device::Mode::application);
}
