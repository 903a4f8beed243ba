#include "captures.hpp"
#include "capture/packet.hpp"

using namespace aiot;
using namespace aiot::capture;

namespace {

std::string show(const net::ScannedAdvert& report) {
  std::string out = to_hex(report.address, ":");
  out += report.random_address ? " random" : " public";
  if (report.connectable) out += " connectable";
  if (report.rssi_dbm) out += " " + std::to_string(*report.rssi_dbm) + " dBm";
  if (report.tx_power_dbm) out += " sent at " + std::to_string(*report.tx_power_dbm);
  if (!report.complete) out += " cut";
  return out + " " + to_hex(report.data);
}

std::string adverts_in(HciAdverts& adverts, Link link, std::string_view hex,
                       std::uint32_t flags = 0) {
  const Bytes bytes = *from_hex(hex);
  Record record;
  record.link = link;
  record.flags = flags;
  record.bytes = bytes;
  std::string out;
  for (const net::ScannedAdvert& report : adverts.take(record)) out += show(report) + "\n";
  return out;
}

std::string adverts_in(Link link, std::string_view hex, std::uint32_t flags = 0) {
  HciAdverts adverts;
  return adverts_in(adverts, link, hex, flags);
}

std::string link_advert(Link link, std::string_view hex) {
  const Bytes bytes = *from_hex(hex);
  Record record;
  record.link = link;
  record.bytes = bytes;
  const auto report = parse_ble_link(record);
  return report ? show(*report) : "";
}

// bleson, tests/test_hci.py: an Eddystone beacon as hcidump saw it, -68 dBm.
const std::string eddystone =
    "3e 21 02 01 00 00 1e ac e7 eb 27 b8 15 02 01 1a 03 03 aa fe 0d 16 aa fe 10 ed 00 67 6f 6f 67"
    " 6c 65 00 bc";
const std::string eddystone_report =
    "b8:27:eb:e7:ac:1e public connectable -68 dBm 02011a0303aafe0d16aafe10ed00676f6f676c6500\n";

// ble_monitor, tests of batched reports: two thermometers, extended.
const std::string extended_atc =
    "1300004E7CBC38C1A40100FF7FB90000000000000000001110161A18A4C138BC7C4E0102284F0B6720";
const std::string extended_custom =
    "1300008B376338C1A40100FF7FBA0000000000000000001602010612161A188B376338C1A4CE0913107F0B521204";

}  // namespace

TEST_CASE("a phone's log: the advertisements that tshark finds in it") {
  HciAdverts adverts;
  std::vector<std::string> seen;
  for (auto& own :
       test::read_all(test::input_of(test::capture_vector("btsnoop_android.txt"))).records) {
    own.record.bytes = own.bytes;
    for (const net::ScannedAdvert& report : adverts.take(own.record)) seen.push_back(show(report));
  }
  CHECK(seen == std::vector<std::string>{
                    "14:bb:6e:ac:8b:ab public -98 dBm "
                    "1bff7500420401802014bb6eac8bab16bb6eac8baa01000000000000",
                    "f4:4e:fd:a7:8e:19 public connectable -63 dBm "
                    "02010a030366660319d00709ffee03198ea7fd4ef4",
                    "49:34:21:77:c2:21 random connectable -100 dBm 02011a0aff4c0010050a10110aa9"});
}

TEST_CASE("legacy reports, in each way that HCI is captured") {
  CHECK(adverts_in(Link::hci_h4, "04" + eddystone) == eddystone_report);
  CHECK(adverts_in(Link::hci_h4, "02" + eddystone) == "");  // not an event
  CHECK(adverts_in(Link::hci_h4_with_direction, "00000001 04" + eddystone) == eddystone_report);
  CHECK(adverts_in(Link::hci_without_type, eddystone, 3) == eddystone_report);
  CHECK(adverts_in(Link::hci_without_type, eddystone, 1) == "");  // data
  CHECK(adverts_in(Link::linux_monitor, "0000 0003" + eddystone) == eddystone_report);
  CHECK(adverts_in(Link::linux_monitor, "0000 0002" + eddystone) == "");
  CHECK(adverts_in(Link::linux_monitor_in_flags, eddystone, 0x00010003) == eddystone_report);
  CHECK(adverts_in(Link::linux_monitor_in_flags, eddystone, 0x00010005) == "");
  CHECK(adverts_in(Link::ethernet, "04" + eddystone) == "");
}

TEST_CASE("extended reports, one and several in an event") {
  CHECK(adverts_in(Link::hci_h4, "04 3E 2B 0D 01" + extended_atc) ==
        "a4:c1:38:bc:7c:4e public connectable -71 dBm 10161a18a4c138bc7c4e0102284f0b6720\n");
  CHECK(adverts_in(Link::hci_h4, "04 3E 59 0D 02" + extended_atc + extended_custom) ==
        "a4:c1:38:bc:7c:4e public connectable -71 dBm 10161a18a4c138bc7c4e0102284f0b6720\n"
        "a4:c1:38:63:37:8b public connectable -70 dBm "
        "02010612161a188b376338c1a4ce0913107f0b521204\n");
  // The second is cut: the first stays.
  CHECK(adverts_in(Link::hci_h4, "04 3E 59 0D 02" + extended_atc + extended_custom.substr(0, 60)) ==
        "a4:c1:38:bc:7c:4e public connectable -71 dBm 10161a18a4c138bc7c4e0102284f0b6720\n");
  // scapy, test/scapy/layers/bluetooth.uts: an event whose end is missing.
  CHECK(adverts_in(
            Link::hci_h4,
            "043e390d01100001AABBCCDDEEFF0100ff7fa60000000000000000001f1eff06000100000031") == "");
}

// Data status in bits 5 and 6 of the event type (volume 4, part E, 7.7.65.13): 01 more to come, 10
// cut by the controller.
TEST_CASE("an advertisement in pieces is put together") {
  const std::string head = "00 4E7CBC38C1A4 0100";
  const std::string rest = "7FB9 0000 00 000000000000";
  HciAdverts adverts;
  const auto piece = [&](const std::string& type, const std::string& set, const std::string& data) {
    const std::string report = type + head + set + rest + data;
    return adverts_in(adverts, Link::hci_h4, "04 3E 40 0D 01" + report);
  };
  CHECK(piece("2100", "05", "02 0201") == "");
  CHECK(piece("2100", "06", "01 ff") == "");  // another set of the same device
  CHECK(piece("2100", "05", "01 06") == "");
  CHECK(piece("0100", "05", "03 020a04") ==
        "a4:c1:38:bc:7c:4e public connectable -71 dBm 020106020a04\n");
  CHECK(piece("4100", "06", "01 ee") == "a4:c1:38:bc:7c:4e public connectable -71 dBm cut ffee\n");
  CHECK(piece("0100", "05", "01 aa") == "a4:c1:38:bc:7c:4e public connectable -71 dBm aa\n");
}

TEST_CASE("pieces that never end take no more than their bound") {
  HciAdverts adverts;
  const std::string data(2 * 200, 'a');
  std::string seen;
  for (int i = 0; i < 20; ++i) {
    seen += adverts_in(
        adverts, Link::hci_h4,
        "04 3E FF 0D 01 2100 00 4E7CBC38C1A4 0100 05 7FB9 0000 00 000000000000 c8" + data);
  }
  CHECK(seen == "");
}

TEST_CASE("events that are cut, or of another kind") {
  CHECK(adverts_in(Link::hci_h4, "043e") == "");
  CHECK(adverts_in(Link::hci_h4, "040e0401030c00") == "");
  CHECK(adverts_in(Link::hci_h4, "043e0102") == "");
  CHECK(adverts_in(Link::hci_h4, "043e020201") == "");
  const Bytes whole = *from_hex("04" + eddystone);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(adverts_in(Link::hci_h4, to_hex(ByteSpan(whole).first(size))) == "");
  }
}

// scapy, test/scapy/layers/bluetooth.uts and test/contrib/ibeacon.uts: packets from the air.
TEST_CASE("advertisements of a sniffer") {
  CHECK(link_advert(Link::ble_link,
                    "d6be898e201660d4d3cebffb0201050319420c0303e7fe040948393850c27c") ==
        "fb:bf:ce:d3:d4:60 public connectable 0201050319420c0303e7fe0409483938");
  CHECK(link_advert(Link::ble_link,
                    "D6BE898E4024320CFB574D5A02011A1AFF4C000C0E009C6B8F40440F1583EC895148B410050318"
                    "C0B525B8F7D4") ==
        "5a:4d:57:fb:0c:32 random connectable "
        "02011a1aff4c000c0e009c6b8f40440f1583ec895148b410050318c0b525");
  // A pseudo-header in front (github.com/potto216/wireless-games, its README): -93 dBm, checksum
  // good.
  CHECK(link_advert(Link::ble_link_with_header,
                    "00a30000000000000b0cd6be898e4225609b10c6bb291eff060001092022a65a9e31398be69935"
                    "32914f28c5287c8e9e5f9c0b4059944f93") ==
        "29:bb:c6:10:9b:60 random -93 dBm "
        "1eff060001092022a65a9e31398be6993532914f28c5287c8e9e5f9c0b4059");
  // The same with a checksum that is known to be wrong.
  CHECK(
      link_advert(Link::ble_link_with_header,
                  "00a300000000000003 04d6be898e4225609b10c6bb291eff060001092022a65a9e31398be69935"
                  "32914f28c5287c8e9e5f9c0b4059944f93") == "");
}

// LINKTYPE_NORDIC_BLE: a beacon on channel 38 that nRF Sniffer heard at -27 dBm (BLE-Paketanalyse,
// a published walk through each of these bytes).
TEST_CASE("an advertisement that Nordic's sniffer heard") {
  const std::string packet =
      "461e23a29b6a692b0201040e094e6f726469635f426561636f6e05ff59000900d1ea17";
  CHECK(link_advert(Link::nordic_sniffer, "0e310003b933020a01261b0000e8152b11d6be898e" + packet) ==
        "2b:69:6a:9b:a2:23 random -27 dBm "
        "0201040e094e6f726469635f426561636f6e05ff59000900");
  // A wrong checksum, the coded PHY, another version, a header that is longer than all.
  for (const char* head :
       {"0e310003b933020a00261b0000e8152b11", "0e310003b933020a21261b0000e8152b11",
        "0e310001b933020a01261b0000e8152b11", "0e310003b93302ff01261b0000e8152b11",
        "0e310003b9330203"}) {
    CAPTURE(head);
    CHECK(link_advert(Link::nordic_sniffer, head + std::string("d6be898e") + packet) == "");
  }
}

// Volume 6, part B, figure 2.7: length and mode, flags, sender, power, then the data.
TEST_CASE("extended advertisements of a sniffer") {
  CHECK(link_advert(Link::ble_link, "d6be898e 47 0c 08 41 665544332211 f4 020106 000000") ==
        "11:22:33:44:55:66 random sent at -12 020106");
  CHECK(link_advert(Link::ble_link, "d6be898e 47 0d 49 09 665544332211 1234 020106 000000") ==
        "11:22:33:44:55:66 random connectable 020106");
  CHECK(link_advert(Link::ble_link, "d6be898e 47 07 06 18 1234 567800 000000") == "");  // no sender
}

TEST_CASE("packets of a sniffer that are no whole advertisement") {
  CHECK(link_advert(Link::ble_link, "") == "");
  CHECK(link_advert(Link::ble_link, "11223344 4006 665544332211 000000") == "");  // a connection
  CHECK(link_advert(Link::ble_link, "d6be898e 4306 665544332211 000000") == "");  // a request
  CHECK(link_advert(Link::ble_link, "d6be898e 4005 6655443322 000000") == "");
  const Bytes whole = *from_hex("d6be898e470c0841665544332211f4020106000000");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(link_advert(Link::ble_link, to_hex(ByteSpan(whole).first(size))) == "");
  }
}
