// Literal bytes follow RFC 854 (IAC 255, SB 250, SE 240, WILL 251, WONT 252, DO 253, DONT 254) and
// RFC 2217, section 3; whole conversations were captured from pySerial 3.5's rfc2217 client.
#include <doctest/doctest.h>

#include "net/rfc2217/telnet.hpp"
#include "net/rfc2217/server.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::net::rfc2217;

namespace {

Bytes hex(std::string_view text) { return from_hex(text).value(); }

std::string text_of(const std::vector<Item>& items) {
  std::string out;
  for (const Item& item : items) {
    if (!out.empty()) out += " | ";
    if (const auto* data = std::get_if<Data>(&item)) {
      out += "data " + to_hex(data->bytes);
    } else if (const auto* negotiation = std::get_if<Negotiation>(&item)) {
      out +=
          "verb " + std::to_string(negotiation->verb) + " " + std::to_string(negotiation->option);
    } else {
      const auto& sub = std::get<Subnegotiation>(item);
      out += "sub " + std::to_string(sub.option) + " " + to_hex(sub.value);
    }
  }
  return out;
}

std::string text_of(const std::vector<Server::Action>& actions) {
  std::string out;
  for (const Server::Action& action : actions) {
    if (!out.empty()) out += " | ";
    if (const auto* data = std::get_if<Data>(&action)) out += "data " + to_hex(data->bytes);
    if (const auto* baud = std::get_if<Server::Baud>(&action)) {
      out += "baud " + std::to_string(baud->baud_bps);
    }
    if (const auto* lines = std::get_if<Server::Lines>(&action)) {
      out += std::string("dtr ") + (lines->dtr ? "1" : "0") + " rts " + (lines->rts ? "1" : "0");
    }
    if (const auto* purge = std::get_if<Server::Purge>(&action)) {
      out += std::string("purge") + (purge->receive ? " rx" : "") + (purge->transmit ? " tx" : "");
    }
    if (const auto* line_break = std::get_if<Server::Break>(&action)) {
      out += line_break->on ? "break on" : "break off";
    }
  }
  return out;
}

}  // namespace

TEST_CASE("a telnet stream is data, negotiations and subnegotiations") {
  TelnetDecoder decoder;
  CHECK(text_of(decoder.decode(hex("41 ff ff 42 ff fb 2c ff fa 2c 01 00 00 25 80 ff f0 43"))) ==
        "data 41ff42 | verb 251 44 | sub 44 0100002580 | data 43");
  // NOP (241) and AYT (246) say nothing about the port.
  CHECK(text_of(decoder.decode(hex("41 ff f1 ff f6 42"))) == "data 4142");
  // 65280 baud holds a byte of 255, which is doubled on the wire.
  CHECK(text_of(decoder.decode(hex("ff fa 2c 01 00 00 ff ff 00 ff f0"))) == "sub 44 010000ff00");
}

TEST_CASE("however a telnet stream is cut, the same comes out") {
  const Bytes stream = hex("41 ff ff 42 ff fd 2c ff fa 2c 01 00 00 ff ff 00 ff f0 ff ff");
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    TelnetDecoder decoder;
    Bytes data;
    std::string others;
    for (const ByteSpan part : {ByteSpan(stream).first(cut), ByteSpan(stream).subspan(cut)}) {
      for (const Item& item : decoder.decode(part)) {
        if (const auto* piece = std::get_if<Data>(&item)) {
          append(data, piece->bytes);
        } else {
          others += text_of(std::vector<Item>{item}) + ";";
        }
      }
    }
    CHECK(data == hex("41 ff 42 ff"));
    CHECK(others == "verb 253 44;sub 44 010000ff00;");
  }
}

TEST_CASE("a subnegotiation that never ends takes bounded memory and is dropped") {
  TelnetDecoder decoder;
  Bytes flood = hex("ff fa 2c");
  flood.resize(100000, 0x11);
  append(flood, hex("ff f0 41"));
  CHECK(text_of(decoder.decode(flood)) == "data 41");
}

TEST_CASE("messages of COM-PORT-OPTION") {
  CHECK(encode(baud_message(9600)) == hex("ff fa 2c 01 00 00 25 80 ff f0"));
  CHECK(encode(baud_message(921600)) == hex("ff fa 2c 01 00 0e 10 00 ff f0"));
  CHECK(encode(baud_message(65280)) == hex("ff fa 2c 01 00 00 ff ff 00 ff f0"));
  CHECK(encode(baud_message(9600, true)) == hex("ff fa 2c 65 00 00 25 80 ff f0"));
  CHECK(encode(message(Command::set_control, control::dtr_on)) == hex("ff fa 2c 05 08 ff f0"));
  CHECK(encode(message(Command::set_control, control::rts_off)) == hex("ff fa 2c 05 0c ff f0"));
  CHECK(encode(message(Command::purge_data, purge::receive)) == hex("ff fa 2c 0c 01 ff f0"));
  const auto answer = decode_message(hex("65 00 01 c2 00"));
  REQUIRE(answer);
  CHECK(answer->by_server);
  CHECK(baud_of(*answer) == 115200);
  CHECK(!decode_message({}));
  CHECK(!decode_message(hex("0d 00")));
  CHECK(!baud_of(*decode_message(hex("01 00 01 c2"))));
}

TEST_CASE("negotiation comes to rest and refuses what it does not know") {
  Negotiator client;
  CHECK(client.open(true) == hex("ff fb 2c ff fb 00 ff fd 00 ff fb 03 ff fd 03"));
  CHECK(client.on({DO, com_port}).empty());
  CHECK(client.we_do(com_port));
  CHECK(client.on({DO, com_port}).empty());
  CHECK(client.on({WILL, 1}) == hex("ff fe 01"));  // ECHO
  CHECK(client.on({DO, 24}) == hex("ff fc 18"));   // TERMINAL-TYPE
  CHECK(client.on({WILL, com_port}) == hex("ff fd 2c"));
  CHECK(client.on({WILL, com_port}).empty());
  CHECK(client.on({DONT, com_port}) == hex("ff fc 2c"));
  CHECK(!client.we_do(com_port));
  CHECK(client.on({DONT, com_port}).empty());

  Negotiator refused;
  (void)refused.open(true);
  CHECK(refused.on({DONT, com_port}).empty());
  CHECK(refused.has_answer(com_port));
  CHECK(!refused.we_do(com_port));
}

TEST_CASE("the server's end, told what pySerial says when it opens a port") {
  Server server("aiot");
  CHECK(server.take_output() == hex("ff fd 2c ff fb 00 ff fd 00 ff fb 03 ff fd 03"));
  CHECK(server.on_bytes(hex("ff fd 01 ff fb 03 ff fd 03 ff fd 2c ff fb 2c")).empty());
  CHECK(server.take_output() == hex("ff fc 01 ff fb 2c ff fa 2c 6b 00 ff f0"));
  CHECK(server.on_bytes(hex("ff fb 00 ff fd 00")).empty());
  CHECK(server.take_output().empty());

  CHECK(text_of(server.on_bytes(hex("ff fa 2c 01 00 0e 10 00 ff f0 ff fa 2c 02 08 ff f0"
                                    "ff fa 2c 03 01 ff f0 ff fa 2c 04 01 ff f0"))) ==
        "baud 921600");
  CHECK(server.take_output() == hex("ff fa 2c 65 00 0e 10 00 ff f0 ff fa 2c 66 08 ff f0"
                                    "ff fa 2c 67 01 ff f0 ff fa 2c 68 01 ff f0"));
  CHECK(text_of(server.on_bytes(hex("ff fa 2c 05 01 ff f0 ff fa 2c 05 08 ff f0"
                                    "ff fa 2c 05 0b ff f0"))) == "dtr 1 rts 0 | dtr 1 rts 1");
  CHECK(server.take_output() ==
        hex("ff fa 2c 69 01 ff f0 ff fa 2c 69 08 ff f0 ff fa 2c 69 0b ff f0"));
  CHECK(text_of(server.on_bytes(hex("ff fa 2c 0c 01 ff f0 ff fa 2c 0c 02 ff f0"))) ==
        "purge rx | purge tx");
  CHECK(server.take_output() == hex("ff fa 2c 70 01 ff f0 ff fa 2c 70 02 ff f0"));
  CHECK(text_of(server.on_bytes(hex("01 ff ff 02 ff fa 2c 05 09 ff f0 03"))) ==
        "data 01ff02 | dtr 0 rts 1 | data 03");
}

TEST_CASE("the server's end answers questions and tells the modem state") {
  Server server("aiot", 74880);
  (void)server.take_output();
  (void)server.on_bytes(hex("ff fb 2c"));
  CHECK(server.take_output() == hex("ff fa 2c 6b 00 ff f0"));
  CHECK(server.on_bytes(hex("ff fa 2c 01 00 00 00 00 ff f0")).empty());
  CHECK(server.take_output() == hex("ff fa 2c 65 00 01 24 80 ff f0"));
  CHECK(server.on_bytes(hex("ff fa 2c 00 ff f0")).empty());
  CHECK(server.take_output() == hex("ff fa 2c 64 61 69 6f 74 ff f0"));
  (void)server.on_bytes(hex("ff fa 2c 05 07 ff f0 ff fa 2c 05 0a ff f0"));
  CHECK(server.take_output() == hex("ff fa 2c 69 09 ff f0 ff fa 2c 69 0c ff f0"));
  server.set_modem_state(0x90);
  CHECK(server.take_output() == hex("ff fa 2c 6b 99 ff f0"));
  server.set_modem_state(0x90);
  CHECK(server.take_output().empty());
  CHECK(!server.suspended());
  (void)server.on_bytes(hex("ff fa 2c 08 ff f0"));
  CHECK(server.suspended());
  (void)server.on_bytes(hex("ff fa 2c 09 ff f0"));
  CHECK(!server.suspended());
  server.send(hex("00 ff 01"));
  CHECK(server.take_output() == hex("00 ff ff 01"));
}
