#include "capture/file.hpp"

#include "captures.hpp"

using namespace aiot;
using namespace aiot::capture;
using test::read_all;

namespace {

// The-tcpdump-group/tcpdump, tests/LINKTYPE_IPV6.pcap (commit 39b50f7), byte for byte.
constexpr const char* ipv6_pcap =
    "d4c3b2a1020004000000000000000000ffff0000e5000000"
    "7e5c6d68a21e03004d0000004d000000"
    "600000000025114020010db8000000000000000000000001262000fe000000000000000000000009"
    "30390035002598b3123401000001000000000000076578616d706c6503636f6d0000010001";

Bytes bytes_of(std::string_view hex) { return *from_hex(hex); }

std::int64_t nanoseconds_of(const test::Contents& contents) {
  REQUIRE(contents.records.size() == 1);
  return contents.records[0].record.time.count();
}

}  // namespace

TEST_CASE("pcap: a file of tcpdump's") {
  const auto contents = read_all(ipv6_pcap);
  CHECK(contents.error == "");
  REQUIRE(contents.records.size() == 1);
  CHECK(contents.records[0].record.link == Link::ipv6);
  CHECK(contents.records[0].bytes.size() == 77);
  CHECK(contents.records[0].record.time == std::chrono::microseconds(1751997566204450));
}

// The magic numbers of draft-ietf-opsawg-pcap-04, section 4; the rest as above.
TEST_CASE("pcap: both byte orders and both units of time") {
  CHECK(nanoseconds_of(read_all("a1b2c3d4 0002 0004 00000000 00000000 0000ffff 00000001"
                                "00000001 00000002 00000001 00000001 aa")) == 1'000'002'000);
  CHECK(nanoseconds_of(read_all("a1b23c4d 0002 0004 00000000 00000000 0000ffff 00000001"
                                "00000001 00000002 00000001 00000001 aa")) == 1'000'000'002);
  CHECK(nanoseconds_of(read_all("4d3cb2a1 0200 0400 00000000 00000000 ffff0000 01000000"
                                "01000000 02000000 01000000 01000000 aa")) == 1'000'000'002);
}

TEST_CASE("pcapng: a file of tcpdump's on macOS") {
  const auto contents = read_all(test::input_of(test::capture_vector("pcapng_macos.txt")));
  CHECK(contents.error == "");
  REQUIRE(contents.records.size() == 1);
  CHECK(contents.records[0].record.link == Link::ethernet);
  CHECK(contents.records[0].bytes.size() == 0x215);
}

// Blocks as draft-ietf-opsawg-pcapng-02 draws them (sections 4.1 to 4.4 and appendix A).
TEST_CASE("pcapng: byte order, resolution, and the kinds of packet") {
  const std::string section = "0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c";
  // Nanoseconds (option 9), an offset of 10 s (option 14), at most 2 bytes of each packet.
  const std::string interface =
      "00000001 0000002c 0001 0000 00000002 0009 0001 09000000 000e 0008 000000000000000a"
      "00000000 0000002c";
  const std::string enhanced =
      "00000006 00000024 00000000 00000000 00000005 00000002 00000040 aabb0000 00000024";
  CHECK(nanoseconds_of(read_all(section + interface + enhanced)) == 10'000'000'005);

  const std::string obsolete =
      "00000002 00000024 0000 0000 00000000 00000007 00000002 00000040 aabb0000 00000024";
  CHECK(nanoseconds_of(read_all(section + interface + obsolete)) == 10'000'000'007);

  const auto simple =
      read_all(section + interface + "00000003 00000014 00000040 aabb0000 00000014");
  REQUIRE(simple.records.size() == 1);
  CHECK(to_hex(simple.records[0].bytes) == "aabb");

  // A block of names, then a second section in the other byte order.
  const auto both =
      read_all(section + interface + "00000004 00000010 00000000 00000010" + enhanced +
               "0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000"
               "01000000 14000000 6500 0000 00000000 14000000"
               "06000000 24000000 00000000 00000000 01000000 01000000 01000000"
               "45000000 24000000");
  CHECK(both.error == "");
  REQUIRE(both.records.size() == 2);
  CHECK(both.records[1].record.link == Link::raw_ip);
  CHECK(both.records[1].record.time == std::chrono::microseconds(1));
}

TEST_CASE("pcapng: what cannot be true") {
  const std::string section = "0a0d0d0a 0000001c 1a2b3c4d 00010000 ffffffffffffffff 0000001c";
  const std::string interface = "00000001 00000014 0001 0000 00000000 00000014";
  const std::string packet =
      "00000006 00000024 00000000 00000000 00000005 00000002 00000040 aabb0000 00000024";
  const std::pair<std::string, const char*> cases[] = {
      {section + packet, "capture.damaged"},  // of no interface
      {"0a0d0d0a 0000001c 11111111", "capture.damaged"},
      {section + "00000001 00000008", "capture.damaged"},
      {section + "00000001 0000000d", "capture.damaged"},
      {section + "00000001 fffffffc 0001", "capture.damaged"},
      {section + "00000001 00000014 0001 0000 00000000 00000018", "capture.damaged"},
      {section + interface +
           "00000006 00000024 00000000 00000000 00000005 00000005 00000040 aabb0000 00000024",
       "capture.damaged"},
      {section + interface + "00000006 00000010 00000000 00000010", "capture.damaged"},
      // 10^127 ticks in a second.
      {section + "00000001 0000001c 0001 0000 00000000 0009 0001 7f000000 0000001c",
       "capture.damaged"},
      {section + "00000001 00000014", "capture.truncated"},
      {"0a0d0d0a 0000", "capture.truncated"},
      {section + "00000009 7ffffffc 00", "capture.truncated"},  // a long block that is passed over
  };
  for (const auto& [hex, code] : cases) {
    CAPTURE(hex);
    CHECK(read_all(hex).error == code);
  }
}

TEST_CASE("btsnoop: a phone's log") {
  const auto contents = read_all(test::input_of(test::capture_vector("btsnoop_android.txt")));
  CHECK(contents.error == "");
  REQUIRE(contents.records.size() == 5);
  CHECK(contents.records[0].record.link == Link::hci_h4);
  CHECK(to_hex(contents.records[0].bytes) == "01030c00");  // reset
  CHECK(contents.records[0].record.flags == 2);
  CHECK(contents.records[2].record.flags == 3);
  using namespace std::chrono;
  const auto day = floor<days>(sys_time<nanoseconds>(contents.records[0].record.time));
  CHECK(year_month_day(day).year() >= year(2015));
  CHECK(year_month_day(day).year() <= year(2022));
}

TEST_CASE("what is no capture, or of another kind") {
  CHECK(read_all("").error == "capture.format");
  CHECK(read_all("504b0304").error == "capture.format");
  CHECK(read_all("d4c3").error == "capture.format");
  CHECK(read_all("d4c3b2a10200").error == "capture.truncated");
  CHECK(read_all("d4c3b2a1030004000000000000000000ffff000001000000").error ==
        "capture.unsupported");
  CHECK(read_all("6274736e6f6f7000 00000002 000003ea").error == "capture.unsupported");
  CHECK(read_all("6274736e6f6f7000 00000001 000003eb").error == "capture.unsupported");
  CHECK(open_capture("/nonexistent/file.pcap").error().stable_code() == "capture.unreadable");
  CHECK(open_capture("/tmp").error().stable_code() == "capture.unreadable");
  // A record of four gigabytes.
  CHECK(read_all("d4c3b2a1020004000000000000000000ffff000001000000"
                 "0000000000000000ffffffffffffffff")
            .error == "capture.damaged");
}

TEST_CASE("a capture that breaks off gives what came before") {
  for (const Bytes& whole : {bytes_of(ipv6_pcap), test::capture_vector("pcapng_macos.txt"),
                             test::capture_vector("btsnoop_android.txt")}) {
    const auto count = read_all(test::input_of(whole)).records.size();
    for (std::size_t size = 0; size < whole.size(); ++size) {
      CAPTURE(size);
      const auto cut = read_all(
          test::input_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size))));
      CHECK(cut.records.size() < count + 1);
      if (cut.error == "") CHECK(cut.records.size() < count);
    }
  }
}

TEST_CASE("bytes that come one by one are the same capture") {
  const Bytes whole = test::capture_vector("btsnoop_android.txt");
  const auto at_once = read_all(test::input_of(whole));
  const auto one_by_one = read_all(test::input_of(whole, 1));
  REQUIRE(one_by_one.records.size() == at_once.records.size());
  for (std::size_t i = 0; i < at_once.records.size(); ++i) {
    CHECK(one_by_one.records[i].bytes == at_once.records[i].bytes);
  }
}
