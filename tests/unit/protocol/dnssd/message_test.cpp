#include "protocol/dnssd/message.hpp"

#include <doctest/doctest.h>

#include "captures.hpp"
#include "protocol/dnssd/service.hpp"
#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::dnssd;

namespace {

Bytes packet(std::string_view hex) { return *from_hex(hex); }
Message message(std::string_view hex) {
  Result<Message> out = decode(packet(hex));
  REQUIRE(out);
  return *std::move(out);
}
std::string failure(std::string_view hex) {
  Result<Message> out = decode(packet(hex));
  return out ? "none" : out.error().stable_code();
}

/// One answer named ".", with these type and data.
std::string answer(const std::string& type, const std::string& length, const std::string& data) {
  return "000084000000000100000000"
         "00" +
         type +
         "0001"
         "00000078" +
         length + data;
}

}  // namespace

TEST_CASE("avahi's announcement is read") {
  const Message got = message(capture::announcement);
  CHECK(got.response);
  CHECK(got.authoritative);
  CHECK(!got.truncated);
  CHECK(got.id == 0);
  CHECK(got.questions.empty());
  REQUIRE(got.answers.size() == 10);

  const Record& txt = got.answers[0];
  CHECK(txt.name.text() == "Bulb \xC3\xA9._hap._tcp.local");
  CHECK(txt.type == TXT);
  CHECK(txt.flush);
  CHECK(txt.ttl_s == 4500);
  const auto& strings = std::get<Strings>(txt.data);
  REQUIRE(strings.size() == 4);
  CHECK(to_string(strings[0]) == "id=AA:BB:CC:DD:EE:01");

  const Record& ptr = got.answers[1];
  CHECK(ptr.name == Name("_http._tcp.local"));
  CHECK(!ptr.flush);
  CHECK(std::get<Pointer>(ptr.data).target == Name("Lamp, kitchen._http._tcp.local"));

  const auto& location = std::get<Location>(got.answers[2].data);
  CHECK(location.port == 8080);
  CHECK(location.host.text() == "workshop.local");
  CHECK(got.answers[2].ttl_s == 120);
  CHECK(std::get<Ipv6>(got.answers[3].data)[0] == 0xFE);
  CHECK(std::get<Ipv4>(got.answers[4].data) == Ipv4{10, 77, 0, 1});
  CHECK(got.answers[6].name == enumeration_name());
}

TEST_CASE("avahi's packets come out of the encoder byte for byte") {
  for (const auto hex :
       {capture::announcement, capture::legacy_query, capture::legacy_answer, capture::probe}) {
    const Bytes bytes = packet(hex);
    Result<Message> got = decode(bytes);
    REQUIRE(got);
    CHECK(to_hex(encode(*got)) == to_hex(bytes));
  }
}

TEST_CASE("questions and the authority section are read") {
  const Message query = message(capture::legacy_query);
  CHECK(!query.response);
  CHECK(query.id == 0x1234);
  REQUIRE(query.questions.size() == 1);
  CHECK(query.questions[0].unicast);
  CHECK(query.questions[0].type == PTR);
  const Message probe = message(capture::probe);
  REQUIRE(probe.questions.size() == 2);
  CHECK(probe.questions[0].type == ANY);
  CHECK(probe.authorities.size() == 4);
}

TEST_CASE("every cut of a packet is an error, and no more") {
  for (const auto hex : {capture::announcement, capture::legacy_answer, capture::probe}) {
    const Bytes bytes = packet(hex);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
      CHECK(!decode(ByteSpan(bytes).first(length)));
    }
  }
  CHECK(failure("0000") == "dnssd.truncated");
  CHECK(failure("0000840000000000ffff0000") == "dnssd.truncated");
}

TEST_CASE("data that is not what its type says is kept as bytes") {
  const auto opaque = [](const std::string& hex) {
    const Message got = message(hex);
    return got.answers.size() == 1 && std::holds_alternative<Opaque>(got.answers[0].data);
  };
  CHECK(opaque(answer("0001", "0003", "0a4d00")));    // an IPv4 address of 3 bytes
  CHECK(opaque(answer("001c", "0004", "0a4d0001")));  // an IPv6 address of 4
  CHECK(opaque(answer("0010", "0003", "056162")));    // a string longer than its record
  CHECK(opaque(answer("000c", "0003", "016100")) == false);
  CHECK(opaque(answer("000c", "0004", "01610000")));    // bytes behind the name
  CHECK(opaque(answer("000c", "0002", "c017")));        // a pointer to itself
  CHECK(opaque(answer("0021", "0005", "0000000050")));  // SRV without a host
  CHECK(opaque(answer("002f", "0003", "c00c00")));      // NSEC is not looked at
  CHECK(opaque(answer("000c", "0003", "0161c0")));      // a name that its record cuts off
}

TEST_CASE("records of other classes are left out, a record's length is believed") {
  // CH TXT, then an empty A of class IN with the flush bit
  const Message got = message(
      "000084000000000200000000"
      "00"
      "0010"
      "0003"
      "00000000"
      "0002"
      "0161"
      "00"
      "0001"
      "8001"
      "00000078"
      "0004"
      "01020304");
  REQUIRE(got.answers.size() == 1);
  CHECK(got.answers[0].flush);
  CHECK(std::get<Ipv4>(got.answers[0].data) == Ipv4{1, 2, 3, 4});
  CHECK(failure("000084000000000100000000"
                "00"
                "0010"
                "0001"
                "00000000"
                "ffff"
                "0161") == "dnssd.truncated");
}

TEST_CASE("a packet has at most 9000 bytes") {
  Bytes large = packet("000084000000000000000000");
  large.resize(9000);
  CHECK(decode(large));
  large.resize(9001);
  CHECK(decode(large).error().stable_code() == "dnssd.too_large");
}

// RFC 6763 section 6.1: the single empty string of a TXT record without attributes.
TEST_CASE("a TXT record is never empty") {
  Message empty;
  empty.response = true;
  empty.answers.push_back(Record{Name(), TXT, false, 120, Strings()});
  CHECK(to_hex(encode(empty)) ==
        "000080000000000100000000"
        "00"
        "0010"
        "0001"
        "00000078"
        "0001"
        "00");
}

TEST_CASE("an announcement tells whole services") {
  const std::vector<Service> services = services_of(message(capture::announcement), 7);
  REQUIRE(services.size() == 2);
  const Service& bulb = services[0];
  CHECK(bulb.label() == "Bulb \xC3\xA9");
  CHECK(bulb.type() == "_hap._tcp");
  CHECK(bulb.host.text() == "workshop.local");
  CHECK(bulb.port == 5001);
  CHECK(*find_value(bulb.attributes, "sf") == "1");
  REQUIRE(bulb.addresses.size() == 2);
  CHECK(bulb.addresses[0].to_string() == "10.77.0.1");
  CHECK(bulb.addresses[1].to_v6().scope_id() == 7);
  CHECK(services[1].label() == "Lamp, kitchen");
  CHECK(services[1].port == 8080);
  CHECK(services_of(message(capture::probe), 7).empty());
}
