// Bluetooth captures, and the advertisements in their HCI events.
#include "capture_input.hpp"
#include "capture/packet.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  capture::HciAdverts adverts;
  read_capture({data, size}, [&](const capture::Record& record) {
    for (const auto& report : adverts.take(record)) {
      if (report.data.size() > 1650) std::abort();
    }
  });
  return 0;
}
