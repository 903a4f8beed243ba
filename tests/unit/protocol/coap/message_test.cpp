#include "protocol/coap/message.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::coap;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

std::string error_of(std::string_view text) {
  const Bytes bytes = hex(text);
  const Result<MessageView> message = decode(bytes);
  return message ? "" : message.error().context;
}

}  // namespace

// RFC 7252, appendix A: the fields of figures 16 and 17 as they lie on the wire.
TEST_CASE("the examples of RFC 7252, appendix A") {
  SUBCASE("figure 16: confirmable, the response piggybacked") {
    const Bytes request = hex("40017d34 bb 74656d7065726174757265");
    const Result<MessageView> asked = decode(request);
    REQUIRE(asked);
    CHECK(asked->type == Type::confirmable);
    CHECK(asked->code == Code::get);
    CHECK(asked->id == 0x7D34);
    CHECK(asked->token.empty());
    CHECK(asked->options.path() == "/temperature");
    const Bytes response = hex("60457d34 ff 32322e332043");
    const Result<MessageView> answered = decode(response);
    REQUIRE(answered);
    CHECK(answered->type == Type::acknowledgement);
    CHECK(code_text(answered->code) == "2.05");
    CHECK(to_string(answered->payload) == "22.3 C");

    Message message;
    message.code = Code::get;
    message.id = 0x7D34;
    message.add_path("/temperature");
    CHECK(to_hex(encode(message)) == to_hex(request));
  }
  SUBCASE("figure 17: with a token") {
    const Bytes request = hex("41017d35 20 bb 74656d7065726174757265");
    const Result<MessageView> asked = decode(request);
    REQUIRE(asked);
    CHECK(to_hex(asked->token) == "20");
    CHECK(asked->options.path() == "/temperature");
    Message message;
    message.code = Code::get;
    message.id = 0x7D35;
    message.token = {0x20};
    message.add_path("/temperature");
    CHECK(to_hex(encode(message)) == to_hex(request));
  }
  SUBCASE("figure 20: an empty acknowledgement, then the response") {
    const Bytes acknowledgement = hex("60007d38");
    REQUIRE(decode(acknowledgement));
    CHECK(decode(acknowledgement)->code == Code::empty);
    const Bytes response = hex("4145ad7b 53 ff 32322e332043");
    REQUIRE(decode(response));
    CHECK(decode(response)->type == Type::confirmable);
    CHECK(to_hex(decode(response)->token) == "53");
  }
}

// The registration and the notification of RFC 7641, figure 3.
TEST_CASE("the observe option of RFC 7641, appendix A") {
  const Bytes request = hex("41011633 4a 60 5b 74656d7065726174757265");
  const Result<MessageView> asked = decode(request);
  REQUIRE(asked);
  CHECK(asked->options.find_uint(option::observe) == 0);
  CHECK(asked->options.path() == "/temperature");
  Message message;
  message.code = Code::get;
  message.id = 0x1633;
  message.token = {0x4A};
  message.add_path("temperature").add_uint(option::observe, 0);
  CHECK(to_hex(encode(message)) == to_hex(request));

  const Bytes response = hex("51457b50 4a 6110 810f ff 31392e322043656c");
  const Result<MessageView> told = decode(response);
  REQUIRE(told);
  CHECK(told->type == Type::non_confirmable);
  CHECK(told->options.find_uint(option::observe) == 16);
  CHECK(told->options.find_uint(option::max_age) == 15);
  CHECK(to_string(told->payload) == "19.2 Cel");
}

TEST_CASE("extended deltas and lengths: 12, 13, 268, 269 and beyond") {
  for (const std::size_t size : {0U, 12U, 13U, 268U, 269U, 1000U}) {
    for (const int wanted : {12, 13, 268, 269, 65535}) {
      const auto number = static_cast<std::uint16_t>(wanted);
      Message message;
      message.code = Code::get;
      message.add(number, Bytes(size, 0x61));
      const Bytes bytes = encode(message);
      const Result<MessageView> decoded = decode(bytes);
      REQUIRE(decoded);
      REQUIRE(decoded->options.find(number));
      CHECK(decoded->options.find(number)->size() == size);
    }
  }
  // RFC 7252, figure 8, by hand: delta 13 + 35 - 13 = 35 (Proxy-Uri) of 14 bytes.
  const Bytes proxy = hex("40010001 dd 16 01 636f61703a2f2f686f73742f7878");
  REQUIRE(decode(proxy));
  CHECK(to_string(*decode(proxy)->options.find(option::proxy_uri)) == "coap://host/xx");
  const Bytes far = hex("40010001 e1 fef2 07");  // delta 269 + 0xFEF2 = 65535
  REQUIRE(decode(far));
  CHECK(decode(far)->options.find_uint(65535) == 7);
}

TEST_CASE("options come in the order of their numbers, repeated ones in theirs") {
  Message message;
  message.code = Code::get;
  message.add(option::uri_query, "a=1").add_path("/x/y/").add(option::uri_query, "b");
  const Bytes bytes = encode(message);
  const Result<MessageView> decoded = decode(bytes);
  REQUIRE(decoded);
  CHECK(decoded->options.path() == "/x/y/");
  CHECK(decoded->options.query() == "a=1&b");
  std::vector<int> numbers;
  for (const Option& o : decoded->options) numbers.push_back(o.number);
  CHECK(numbers == std::vector<int>{11, 11, 11, 15, 15});
}

// RFC 7252, section 3: what is a message format error.
TEST_CASE("what is no message") {
  CHECK(error_of("40017d") == "shorter than a header");
  CHECK(error_of("80017d34") == "not version 1");
  CHECK(error_of("49017d34 000000000000000000") == "bad token");
  CHECK(error_of("44017d34 0000") == "bad token");
  CHECK(error_of("41007d34 20") == "an empty message that is not empty");
  CHECK(error_of("40007d34 ff 00") == "an empty message that is not empty");
  CHECK(error_of("40217d34") == "reserved code");
  CHECK(error_of("40e17d34") == "reserved code");
  CHECK(error_of("40457d34 ff") == "a payload of no bytes");
  CHECK(error_of("40017d34 bb 7465") == "bad option");
  CHECK(error_of("40017d34 f0 00") == "bad option");
  CHECK(error_of("40017d34 0f 00") == "bad option");
  CHECK(error_of("40017d34 d0") == "bad option");
  CHECK(error_of("40017d34 e0 ff") == "bad option");
  CHECK(error_of("40017d34 e0 fef3") == "bad option");  // 65536
}

TEST_CASE("numbers take as few bytes as they can") {
  CHECK(uint_bytes(0).empty());
  CHECK(to_hex(uint_bytes(60)) == "3c");
  CHECK(to_hex(uint_bytes(256)) == "0100");
  CHECK(to_hex(uint_bytes(0xFFFFFFFF)) == "ffffffff");
  CHECK(parse_uint(hex("0000000102")) == std::nullopt);
  CHECK(parse_uint(hex("00000102")) == 258);
}

// RFC 7959, section 2.2.
TEST_CASE("block options") {
  CHECK(parse_block({})->size_bytes() == 16);
  const std::optional<Block> block = parse_block(hex("1e"));
  REQUIRE(block);
  CHECK(block->number == 1);
  CHECK(block->more);
  CHECK(block->size_bytes() == 1024);
  CHECK(block->offset_bytes() == 1024);
  CHECK(block->value() == 0x1E);
  CHECK(!parse_block(hex("07")));
  CHECK(!parse_block(hex("00000001")));
}
