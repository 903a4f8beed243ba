// A protocol in a folder of its own, and two lines in protocols.cpp, is all that discover needs.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "aiot/discover.hpp"
#include "job/discover/source.hpp"

using namespace aiot;

namespace {

void put_be16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

/// A capture of one UDP packet from 192.0.2.7, as tcpdump writes it (LINKTYPE_RAW: IP alone).
Bytes capture_of(std::uint16_t from_port, std::string_view payload) {
  Bytes packet = {0x45, 0};
  put_be16(packet, 28 + payload.size());
  append(packet, Bytes{0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 7, 192, 0, 2, 1});
  put_be16(packet, from_port);
  put_be16(packet, 40000);
  put_be16(packet, 8 + payload.size());
  append(packet, Bytes{0, 0});
  append(packet, as_bytes(payload));
  Bytes file;
  for (const std::uint32_t word : {0xA1B2C3D4U, 0x00040002U, 0U, 0U, 65535U, 101U, 0U, 0U}) {
    append_le32(file, word);
  }
  for (int i = 0; i < 2; ++i) append_le32(file, static_cast<std::uint32_t>(packet.size()));
  append(file, packet);
  return file;
}

}  // namespace

TEST_CASE("a protocol in one file and two lines is a source, and found in a capture") {
  const std::vector<discover::SourceInfo> all = discover::sources();
  CHECK(std::ranges::count(all, "toy", &discover::SourceInfo::name) == 1);

  std::string folder = (std::filesystem::temp_directory_path() / "aiot-toy-XXXXXX").string();
  REQUIRE(mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/toy.pcap";
  const Bytes bytes = capture_of(7007, "TOY bear");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  discover::Request request;
  request.pcap_file = path;
  const Result<discover::Report> report = discover::run(request, null_sink(), {});
  std::filesystem::remove_all(folder);
  REQUIRE(report.has_value());
  REQUIRE(report->devices.size() == 1);
  CHECK(report->devices[0].name == "bear");
  CHECK(report->devices[0].sources == std::vector<std::string>{"toy"});
  CHECK(report->devices[0].ips == std::vector<std::string>{"192.0.2.7"});
}
