// pcap and pcapng, the UDP packets in them and what sniffers heard.
#include "capture_input.hpp"
#include "capture/packet.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  read_capture({data, size}, [](const capture::Record& record) {
    if (const auto packet = capture::parse_udp(record)) {
      if (packet->payload.size() > record.bytes.size()) std::abort();
      if (packet->from.address_text().empty()) std::abort();
    }
    if (const auto report = capture::parse_ble_link(record)) {
      if (report->data.size() > record.bytes.size()) std::abort();
    }
  });
  return 0;
}
