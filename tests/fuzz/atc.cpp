// Service data of ATC thermometers: taken apart, opened with a key, and read.
#include <algorithm>
#include <cstdlib>

#include "protocol/ble/atc.hpp"

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ble::DeviceAddress sender = {0xA4, 0xC1, 0x38, 0x8D, 0x18, 0xB2};
  const ByteSpan input(data, size);
  if (size >= sender.size() && data[0] != 0xA4) std::copy_n(data, sender.size(), sender.begin());
  const auto frame = ble::atc::parse_frame(input, sender, true);
  if (!frame) return 0;
  if (frame->payload.size() + frame->tag.size() > size) std::abort();
  const auto readings = ble::atc::readings(frame->form, frame->payload);
  if (readings.empty()) std::abort();  // each form is as long as its values
  if (frame->encrypted()) {
    const auto opened = open(*frame, sender, Bytes(16, 0x11));
    if (opened) std::abort();  // no such key was ever used
  }
  return 0;
}
