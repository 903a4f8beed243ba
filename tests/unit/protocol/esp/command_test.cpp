#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <string>

#include "paths.hpp"
#include "protocol/esp/codec.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::esp;

namespace {

/// tests/vectors/esp/esptool_js.txt: what npm esptool-js sends.
std::map<std::string, std::string> captured() {
  std::map<std::string, std::string> out;
  std::ifstream file(tests::source_dir() + "/tests/vectors/esp/esptool_js.txt");
  std::string name;
  std::string hex;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.find(' ');
    out[line.substr(0, space)] = line.substr(space + 1);
  }
  return out;
}

std::string request(Op op, const Bytes& data) { return to_hex(frame_request(op, data)); }

/// The block that the capture was made with.
Bytes block() {
  Bytes out;
  for (unsigned i = 0; i < 64; ++i) out.push_back(static_cast<std::uint8_t>(i * 7 + 0xB0));
  return out;
}

Errc code(const Error& error) { return static_cast<Errc>(error.code.value()); }

Reply reply_of(ByteSpan data) { return Reply{Op::flash_data, 0, data}; }

}  // namespace

TEST_CASE("requests are those of esptool-js, byte for byte") {
  auto vector = captured();
  REQUIRE(vector.size() >= 16);
  CHECK(request(Op::sync, sync_payload()) == vector["sync"]);
  CHECK(request(Op::read_reg, words({0x40001000})) == vector["read_reg"]);
  CHECK(request(Op::write_reg, words({0x3FF42020, 0x7000009F, 0xFFFFFFFF, 0})) ==
        vector["write_reg"]);
  CHECK(request(Op::mem_begin, words({0x1900, 2, 0x1800, 0x4009C000})) == vector["mem_begin"]);
  CHECK(request(Op::mem_end, words({0, 0x4009CDAC})) == vector["mem_end"]);
  CHECK(request(Op::spi_attach, Bytes(4, 0)) == vector["spi_attach"]);
  CHECK(request(Op::get_security_info, {}) == vector["security_info"]);
  CHECK(request(Op::flash_begin, words({0x5000, 2, 0x4000, 0x10000})) ==
        vector["flash_begin_stub"]);
  CHECK(request(Op::flash_end, words({1})) == vector["flash_end"]);
  CHECK(request(Op::flash_defl_begin, words({0x5000, 2, 0x4000, 0x10000})) ==
        vector["flash_defl_begin_stub"]);
  CHECK(request(Op::flash_defl_end, words({1})) == vector["flash_defl_end"]);
  CHECK(request(Op::spi_flash_md5, words({0x10000, 0x5000, 0, 0})) == vector["md5"]);
  CHECK(request(Op::erase_flash, {}) == vector["erase_flash"]);
  const Bytes payload = block();
  CHECK(to_hex(frame_block(Op::mem_data, 1, payload)) == vector["mem_data"]);
  CHECK(to_hex(frame_block(Op::flash_data, 3, payload)) == vector["flash_data"]);
  CHECK(to_hex(frame_block(Op::flash_defl_data, 2, payload)) == vector["flash_defl_data"]);
}

TEST_CASE("padding counts as payload") {
  Bytes padded = block();
  padded.resize(67, 0xFF);
  CHECK(frame_block(Op::flash_data, 3, block(), 3) == frame_block(Op::flash_data, 3, padded));
  padded.push_back(0xFF);
  CHECK(frame_block(Op::flash_data, 3, block(), 4) == frame_block(Op::flash_data, 3, padded));
}

// "Tracing Esptool Serial Communications" of Espressif's serial protocol.
TEST_CASE("the documented replies are understood") {
  const Bytes read_reg = *from_hex("010a0200090000000000");
  Result<Reply> reply = decode_reply(read_reg);
  REQUIRE(reply);
  CHECK(reply->op == Op::read_reg);
  CHECK(reply->value == 9);
  CHECK(check_status(*reply, 0)->empty());
  const Bytes sync = *from_hex("010804000707122000000000");
  reply = decode_reply(sync);
  REQUIRE(reply);
  CHECK(reply->op == Op::sync);
  CHECK(reply->value == 0x20120707);
  CHECK(check_status(*reply, 0));
}

TEST_CASE("a frame that is no reply, or a cut one, is refused") {
  for (const char* hex : {"", "01", "010a0200090000", "000a0200090000000000", "010a02000900000000",
                          "010aff00090000000000"}) {
    CHECK(!decode_reply(*from_hex(hex)));
  }
  CHECK(!decode_request(*from_hex("000a0500000000000010 0040")));
  CHECK(!decode_request(*from_hex("010a040000000000 00100040")));
  const Bytes good = *from_hex("000a040000000000 00100040");
  Result<Request> request = decode_request(good);
  REQUIRE(request);
  CHECK(request->op == Op::read_reg);
  CHECK(to_hex(request->data) == "00100040");
}

// Status bytes: the ROM says 01 and the reason; the stub (esp-flasher-stub, commands.h) the reason
// and 00.
TEST_CASE("refusals say what may be done about them") {
  const std::pair<const char*, Errc> refusals[] = {
      {"01050000", Errc::unsupported}, {"01060000", Errc::refused}, {"01070000", Errc::damaged},
      {"01080000", Errc::refused},     {"c000", Errc::damaged},     {"c100", Errc::damaged},
      {"c300", Errc::unsupported},     {"c400", Errc::refused},     {"c700", Errc::refused},
      {"c800", Errc::damaged},         {"ff00", Errc::unsupported},
  };
  for (const auto& [hex, expected] : refusals) {
    const Bytes data = *from_hex(hex);
    Result<ByteSpan> status = check_status(reply_of(data), 0);
    REQUIRE(!status);
    CHECK_MESSAGE(code(status.error()) == expected, hex);
    CHECK(status.error().peer_text.find("error ") == 0);
  }
  CHECK(check_status(reply_of(*from_hex("c400")), 0).error().message() ==
        "FLASH_DATA: the loader refused (it said \"error c4: the SPI operation failed\")");
}

TEST_CASE("the status stands behind the body, or alone when there is none") {
  const Bytes whole = *from_hex("00112233445566778899aabbccddeeff0000");
  CHECK(to_hex(*check_status(reply_of(whole), 16)) == "00112233445566778899aabbccddeeff");
  const Bytes alone = *from_hex("c400");
  CHECK(code(check_status(reply_of(alone), 16).error()) == Errc::refused);
  const Bytes cut = *from_hex("00112233");
  CHECK(code(check_status(reply_of(cut), 16).error()) == Errc::bad_reply);
  CHECK(code(check_status(reply_of(ByteSpan()), 0).error()) == Errc::bad_reply);
}
