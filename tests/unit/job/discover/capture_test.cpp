#include "job/discover/capture.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

#include "aiot/discover.hpp"
#include "seen.hpp"
#include "paths.hpp"

using namespace aiot;
using namespace aiot::discover;

namespace {

namespace capture = capture;

/// The bytes of tests/vectors/capture/NAME, which holds them in hex.
Bytes vector_bytes(const std::string& name) {
  std::ifstream file(tests::source_dir() + "/tests/vectors/capture/" + name);
  std::string hex;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && line[0] != '#') hex += line;
  }
  REQUIRE_FALSE(hex.empty());
  return *from_hex(hex);
}

/// A file, gone with the object.
struct File {
  std::filesystem::path folder;
  explicit File(const Bytes& bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "aiot-capture-XXXXXX").string();
    folder = mkdtemp(name.data());
    std::ofstream(path(), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
  }
  ~File() { std::filesystem::remove_all(folder); }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  std::string path() const { return (folder / "capture").string(); }
};

std::vector<std::string> heard;
std::vector<Observation> hear(const Packet& packet) {
  heard.push_back(packet.from_address + ":" + std::to_string(packet.from_port) + " " +
                  packet.from_mac + " " + std::to_string(packet.payload.size()));
  Observation seen;
  seen.source = "test";
  return {seen};
}

std::string device_text(const Report& report, std::size_t index, std::string_view name) {
  REQUIRE(index < report.devices.size());
  const Object fields = fields_of(report.devices[index]);
  const Value* value = fields.find(name);
  if (value == nullptr || value->string() == nullptr) return "none";
  return *value->string();
}

std::size_t device_count(const Report& report) { return report.devices.size(); }

}  // namespace

TEST_CASE("packets go to the decoders of their ports, at either end") {
  // The-tcpdump-group/tcpdump, tests/dns_udp_2.pcap (commit 39b50f7), the first packet.
  const Bytes bytes = *from_hex(
      "00112233446600112233445508004500005459cd0000401194aec0a8010bd157f912abbe00350040782459340120"
      "00"
      "01000000000001037777770774637064756d70036f72670000010001000029100000000000000c000a000842f5d0"
      "09"
      "96f90b13");
  capture::Record record;
  record.link = capture::Link::ethernet;
  record.bytes = bytes;
  constexpr std::array<std::uint16_t, 1> dns = {53};
  constexpr std::array<std::uint16_t, 1> mdns = {5353};
  constexpr std::array<std::uint16_t, 1> client = {43966};
  const net::UdpProtocol wires[] = {{"dns", dns}, {"mdns", mdns}, {"client", client}};
  std::vector<Protocol> decoders;
  for (const net::UdpProtocol& wire : wires) decoders.push_back({nullptr, &wire, hear});
  BleObserver ble;
  CaptureFeed feed(ble, decoders);
  heard.clear();
  std::size_t told = 0;
  feed.take(record, [&](const Observation&) { ++told; });
  CHECK(heard == std::vector<std::string>(2, "192.168.1.11:43966 00:11:22:33:44:55 56"));
  CHECK(told == 2);
  CHECK(feed.counts().records == 1);
  CHECK(feed.counts().udp_packets == 1);
  CHECK(feed.counts().adverts == 0);
}

TEST_CASE("a phone's log, replayed: the devices it heard") {
  const File file(vector_bytes("btsnoop_android.txt"));
  Request request;
  request.btsnoop_file = file.path();
  const auto result = run(request, null_sink(), {});
  REQUIRE(result.has_value());
  REQUIRE(device_count(*result) == 3);
  std::string vendors;
  for (std::size_t i = 0; i < 3; ++i) vendors += device_text(*result, i, "vendor") + ";";
  // A telephone, a television, and a bulb, whose maker only the IEEE's list knows where it is
  // there.
  CHECK(vendors.find("Apple") != std::string::npos);
  CHECK(vendors.find("Samsung") != std::string::npos);
  const SourceReport& source = result->sources[0];
  CHECK(source.name == "capture");
  CHECK(source.state == SourceState::ran);
  CHECK(source.detail == "5 records, 0 UDP packets, 3 adverts");
}

// HCI events of ble_monitor's tests (commit 5690220: test_xiaomi_parser.py, test_bthome_v2.py), in
// the records of a Linux monitor's btsnoop.
TEST_CASE("thermometers in a capture, opened with their keys") {
  const char* events[] = {
      "3e2502010000219335342d5819020106151695fe5020aa01da219335342d580d1004fe004802c4",
      "3e2a02010000892012342d581e0201061a1695fe58586f0607892012342d585f176dd54f0200002fa453faaf",
      "3e2202010000a5808fe64854160201061216d2fc41a47266c95f730011223378237214cc",
      "3e1a02010000a5808fe648540e0201060a16d2fc4002ca0903bf13cc"};
  Bytes bytes = *from_hex("6274736e6f6f7000 00000001 000007d1");
  for (const char* hex : events) {
    const Bytes event = *from_hex(hex);
    for (int i = 0; i < 2; ++i) {
      append(bytes, *from_hex("000000"));
      bytes.push_back(static_cast<std::uint8_t>(event.size()));
    }
    append(bytes, *from_hex("00000003 00000000 00e23b6bab4d7dae"));  // an event, when
    append(bytes, event);
  }
  const File file(bytes);
  const std::string keys =
      "58:2D:34:12:20:89: a3bfe9853dd85a620debe3620caaa351\n"
      "54:48:E6:8F:80:A5: 231d39c1d7cc1ab1aee224cd096db932\n";
  const File key_file(Bytes(keys.begin(), keys.end()));
  ::chmod(key_file.path().c_str(), 0600);
  Request request;
  request.btsnoop_file = file.path();
  request.keys_file = key_file.path();
  const auto result = run(request, null_sink(), {});
  REQUIRE(result.has_value());
  REQUIRE(device_count(*result) == 3);
  std::vector<std::string> told;
  for (std::size_t i = 0; i < 3; ++i) {
    told.push_back(device_text(*result, i, "ecosystem") + " " + device_text(*result, i, "model"));
  }
  std::sort(told.begin(), told.end());
  CHECK(told ==
        std::vector<std::string>{"BTHome none", "Xiaomi Mi Home CGDK2", "Xiaomi Mi Home LYWSDCGQ"});
  const SourceReport& source = result->sources[0];
  CHECK(source.detail ==
        "4 records, 0 UDP packets, 4 adverts; 54:48:E6:8F:80:A5: downgraded");
}

TEST_CASE("a capture that breaks off tells what came before, and that it did") {
  Bytes bytes = vector_bytes("btsnoop_android.txt");
  bytes.resize(bytes.size() - 3);
  const File file(bytes);
  Request request;
  request.btsnoop_file = file.path();
  const auto result = run(request, null_sink(), {});
  REQUIRE(result.has_value());
  CHECK(device_count(*result) == 2);
  const SourceReport& source = result->sources[0];
  CHECK(source.hint.find("middle of a record") != std::string::npos);
}

TEST_CASE("files that are none are refused before the search") {
  Request request;
  request.pcap_file = "/nonexistent/file.pcap";
  CHECK(run(request, null_sink(), {}).error().stable_code() == "capture.unreadable");
  const File noise({1, 2, 3, 4});
  request.pcap_file = noise.path();
  const auto refused = run(request, null_sink(), {});
  CHECK(refused.error().stable_code() == "capture.format");
  CHECK(refused.error().condition() == Condition::invalid_input);
  request.pcap_file.clear();
  request.keys_file = noise.path();
  ::chmod(noise.path().c_str(), 0644);
  CHECK(run(request, null_sink(), {}).error().stable_code() == "config.permissions");
}

TEST_CASE("only and except choose among what the capture tells") {
  const File file(vector_bytes("btsnoop_android.txt"));
  Request request;
  request.btsnoop_file = file.path();
  request.only = {"mdns"};
  auto result = run(request, null_sink(), {});
  REQUIRE(result.has_value());
  CHECK(device_count(*result) == 0);
  request.only = {"mdsn"};
  CHECK(run(request, null_sink(), {}).error().stable_code() == "discover.unknown_source");
}
