#include "protocol/dnssd/message.hpp"

#include <doctest/doctest.h>

#include "unit/net/show.hpp"

using namespace aiot;
using namespace aiot::dnssd;

namespace {

/// The text of the name at `offset`, or the error's code.
std::string read(const std::string& hex, std::size_t offset, std::size_t* behind = nullptr) {
  const Bytes packet = *from_hex(hex);
  Result<Name> name = read_name(packet, offset);
  if (behind != nullptr) *behind = offset;
  return name ? name->text() : name.error().stable_code();
}

std::string label_hex(int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += "0161";
  return out;
}

}  // namespace

// RFC 1035 section 4.1.4: F.ISI.ARPA at 20, FOO.F.ISI.ARPA at 40, ARPA at 64, the root at 92.
TEST_CASE("names are compressed as RFC 1035 shows it") {
  std::string packet(2 * 20, '0');
  packet +=
      "0146034953490441525041"
      "00";
  packet += std::string(2 * 8, '0');
  packet += "03464f4fc014";
  packet += std::string(2 * 18, '0');
  packet += "c01a";
  packet += std::string(2 * 26, '0');
  packet += "00";
  std::size_t behind = 0;
  CHECK(read(packet, 20, &behind) == "F.ISI.ARPA");
  CHECK(behind == 32);
  CHECK(read(packet, 40, &behind) == "FOO.F.ISI.ARPA");
  CHECK(behind == 46);
  CHECK(read(packet, 64, &behind) == "ARPA");
  CHECK(behind == 66);
  CHECK(read(packet, 92, &behind).empty());
  CHECK(behind == 93);
}

TEST_CASE("a pointer leads backwards, or the name is refused") {
  CHECK(read("c000", 0) == "dnssd.bad_name");          // to itself
  CHECK(read("c002c000", 0) == "dnssd.bad_name");      // forwards
  CHECK(read("0161c000", 2) == "dnssd.bad_name");      // into a name that ends in this pointer
  CHECK(read("0161c004c000", 4) == "dnssd.bad_name");  // two that lead to each other
  CHECK(read("016100c0000162c003", 5) == "b.a");       // two steps back
  CHECK(read("c0ff", 0) == "dnssd.bad_name");          // behind the packet
}

TEST_CASE("a name that does not end, or has labels of another kind, is refused") {
  CHECK(read("", 0) == "dnssd.truncated");
  CHECK(read("0561", 0) == "dnssd.truncated");
  CHECK(read("0161", 0) == "dnssd.truncated");
  CHECK(read("c0", 0) == "dnssd.truncated");
  CHECK(read("4161", 0) == "dnssd.bad_name");
  CHECK(read("8161", 0) == "dnssd.bad_name");
}

TEST_CASE("a name has at most 255 bytes, also when pointers make it") {
  CHECK(read(label_hex(127) + "00", 0).size() == 253);
  CHECK(read(label_hex(128) + "00", 0) == "dnssd.bad_name");
  // 64 labels, and a pointer from 64 more
  std::size_t second = 2 * 64 + 1;
  CHECK(read(label_hex(64) + "00" + label_hex(64) + "c000", second) == "dnssd.bad_name");
  // a chain of pointers, each to the one before
  std::string chain = "00";
  for (int i = 0; i < 200; ++i) {
    const int target = i == 0 ? 0 : 1 + 2 * (i - 1);
    chain += to_hex(
        Bytes{static_cast<std::uint8_t>(0xC0 | target >> 8), static_cast<std::uint8_t>(target)});
  }
  CHECK(read(chain, 1 + 2 * 100).empty());
  CHECK(read(chain, 1 + 2 * 150) == "dnssd.bad_name");
}

// RFC 6763 section 4.3: the instance part may hold dots and any other text.
TEST_CASE("dots and backslashes inside a label are escaped, other bytes are kept") {
  const Name name(std::vector<std::string>{"Dr. Pepper\\1", "_http", "_tcp", "local"});
  CHECK(name.text() == "Dr\\. Pepper\\\\1._http._tcp.local");
  CHECK(*Name::parse(name.text()) == name);
  CHECK(Name::parse("a\\032b\\.c.local")->labels().front() == "a b.c");
  CHECK(Name::parse("local.")->labels().size() == 1);
  CHECK(Name::parse("")->empty());
  const Name hostile(std::vector<std::string>{std::string("\x1b[2J\0", 5), "local"});
  CHECK(*Name::parse(hostile.text()) == hostile);
  for (const char* bad : {"a..b", ".a", "a\\", "a\\300"}) CHECK(!Name::parse(bad));
  CHECK(Name::parse(std::string(63, 'x')));
  CHECK(!Name::parse(std::string(64, 'x')));
}

TEST_CASE("names are equal whatever the case of their ASCII letters") {
  CHECK(Name("Lamp._HAP._tcp.LOCAL") == Name("lamp._hap._TCP.local"));
  CHECK(!(Name("a.bc") == Name("ab.c")));
  CHECK(!(Name(std::vector<std::string>{"a.b"}) == Name("a.b")));
  CHECK(!(Name("\xC3\x84") == Name("\xC3\xA4")));
  CHECK(Name("lamp._hap._tcp.local").ends_with(Name("_HAP._tcp.local")));
  CHECK(!Name("_tcp.local").ends_with(Name("_hap._tcp.local")));
  CHECK(Name("lamp.local").parent() == Name("local"));
  CHECK(Name("local").with("lamp")->text() == "lamp.local");
  CHECK(!Name("local").with(std::string(64, 'x')));
}
