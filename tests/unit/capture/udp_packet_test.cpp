#include "capture/packet.hpp"

#include "captures.hpp"

using namespace aiot;
using namespace aiot::capture;

namespace {

/// "192.168.1.11:43966 > 209.87.249.18:53 56 (00:11:…)" of the UDP packet, or "".
std::string udp_in(Link link, std::string_view hex) {
  const Bytes bytes = *from_hex(hex);
  Record record;
  record.link = link;
  record.bytes = bytes;
  const auto packet = parse_udp(record);
  if (!packet) return "";
  std::string out = packet->from.address_text() + ":" + std::to_string(packet->from.port) + " > " +
                    packet->to.address_text() + ":" + std::to_string(packet->to.port) + " " +
                    std::to_string(packet->payload.size());
  if (packet->from_mac) out += " " + to_hex(*packet->from_mac, ":");
  return out;
}

// The-tcpdump-group/tcpdump, tests/dns_udp_2.pcap (commit 39b50f7), the first packet.
const std::string ethernet =
    "00112233446600112233445508004500005459cd0000401194aec0a8010bd157f912"
    "abbe003500407824593401200001000000000001037777770774637064756d70"
    "036f72670000010001000029100000000000000c000a000842f5d00996f90b13";

const std::string ipv4 = ethernet.substr(28);
const std::string ipv6 =  // tests/LINKTYPE_IPV6.pcap
    "600000000025114020010db8000000000000000000000001262000fe000000000000000000000009"
    "30390035002598b3123401000001000000000000076578616d706c6503636f6d0000010001";

}  // namespace

TEST_CASE("UDP in Ethernet, behind VLANs, in cooked and raw captures") {
  const std::string v4 = "192.168.1.11:43966 > 209.87.249.18:53 56";
  CHECK(udp_in(Link::ethernet, ethernet) == v4 + " 00:11:22:33:44:55");
  const std::string macs = ethernet.substr(0, 24);
  CHECK(udp_in(Link::ethernet, macs + "8100 0064 0800" + ipv4) == v4 + " 00:11:22:33:44:55");
  CHECK(udp_in(Link::ethernet, macs + "88a8 0001 8100 0064 0800" + ipv4) ==
        v4 + " 00:11:22:33:44:55");
  // tcpdump.org/linktypes: LINUX_SLL and LINUX_SLL2.
  CHECK(udp_in(Link::linux_cooked, "0000 0001 0006 001122334455 0000 0800" + ipv4) ==
        v4 + " 00:11:22:33:44:55");
  CHECK(udp_in(Link::linux_cooked, "0000 0304 0006 000000000000 0000 0800" + ipv4) == v4);
  CHECK(udp_in(Link::linux_cooked_2, "0800 0000 00000002 0001 00 06 001122334455 0000" + ipv4) ==
        v4 + " 00:11:22:33:44:55");
  CHECK(udp_in(Link::raw_ip, ipv4) == v4);
  CHECK(udp_in(Link::null, "02000000" + ipv4) == v4);
  CHECK(udp_in(Link::loop, "00000002" + ipv4) == v4);
}

TEST_CASE("UDP in IPv6, behind headers that are passed over") {
  const std::string v6 = "2001:db8::1:12345 > 2620:fe::9:53 29";
  CHECK(udp_in(Link::ipv6, ipv6) == v6);
  CHECK(udp_in(Link::raw_ip, ipv6) == v6);
  CHECK(udp_in(Link::ethernet, "33330000000100112233445586dd" + ipv6) == v6 + " 00:11:22:33:44:55");
  std::string options = ipv6;  // hop-by-hop options of 8 bytes
  options.replace(12, 2, "00");
  CHECK(udp_in(Link::ipv6, options.substr(0, 80) + "1100010400000000" + options.substr(80)) == v6);
  std::string fragment = ipv6;
  fragment.replace(12, 2, "2c");
  CHECK(udp_in(Link::ipv6, fragment.substr(0, 80) + "1100000100000001" + fragment.substr(80)) ==
        "");
}

TEST_CASE("padding is not payload, and a short capture has what it has") {
  const std::string padded = ethernet + "00000000";
  CHECK(udp_in(Link::ethernet, padded) == udp_in(Link::ethernet, ethernet));
  CHECK(udp_in(Link::raw_ip, ipv4.substr(0, 64)) == "192.168.1.11:43966 > 209.87.249.18:53 4");
}

TEST_CASE("what is no whole UDP packet") {
  std::string tcp = ipv4;
  tcp.replace(18, 2, "06");
  CHECK(udp_in(Link::raw_ip, tcp) == "");
  std::string fragment = ipv4;
  fragment.replace(12, 4, "2000");  // more to come
  CHECK(udp_in(Link::raw_ip, fragment) == "");
  fragment.replace(12, 4, "0001");  // not the beginning
  CHECK(udp_in(Link::raw_ip, fragment) == "");
  std::string long_header = ipv4;
  long_header.replace(0, 2, "4f");
  CHECK(udp_in(Link::raw_ip, long_header.substr(0, 80)) == "");
  std::string short_udp = ipv4;
  short_udp.replace(48, 4, "0007");
  CHECK(udp_in(Link::raw_ip, short_udp) == "");
  CHECK(udp_in(Link::ble_link, ipv4) == "");
  CHECK(udp_in(Link::ethernet, ethernet.substr(0, 24) + "8100") == "");
  CHECK(udp_in(Link::ethernet, ethernet.substr(0, 24) + "0806" + ipv4) == "");
}

TEST_CASE("every cut is read without a crash") {
  for (const auto& [link, hex] :
       {std::pair(Link::ethernet, ethernet), std::pair(Link::ipv6, ipv6),
        std::pair(Link::linux_cooked, "00000001000600112233445500000800" + ipv4),
        std::pair(Link::linux_cooked_2,
                  "080000000000000200010006001122334455"
                  "0000" +
                      ipv4)}) {
    for (std::size_t size = 0; size < hex.size(); size += 2) udp_in(link, hex.substr(0, size));
  }
}
