// Improv on a serial port: a stream with frames in it, whole and byte by byte, and to a device.
#include <cstdlib>

#include "protocol/improv/serial_device.hpp"

using namespace aiot;
using namespace aiot::improv;

namespace {

/// What the frames of a stream say, in one text.
std::string read_all(ByteSpan bytes, std::size_t piece) {
  FrameReader reader;
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    reader.add(bytes.subspan(at, std::min(piece, bytes.size() - at)));
    while (const auto frame = reader.next()) {
      out += to_hex(encode_frame(frame->type, frame->data));
      decode_report(*frame);
      decode_command(frame->data);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 4096));
  const std::string found = read_all(bytes, bytes.size() + 1);
  if (found != read_all(bytes, 1)) std::abort();

  SerialDevice device(DeviceOptions{});
  const net::TimePoint now(std::chrono::hours(1));
  device.on_bytes(now, bytes);
  device.on_timer(now + std::chrono::seconds(10));
  FrameReader reader;
  reader.add(device.take_output(now));
  while (const auto frame = reader.next()) {
    if (!decode_report(*frame)) std::abort();
  }
  return 0;
}
