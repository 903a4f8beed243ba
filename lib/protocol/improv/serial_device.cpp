#include "protocol/improv/serial_device.hpp"

#include <fmt/format.h>

namespace aiot::improv {

void SerialDevice::on_bytes(net::TimePoint now, ByteSpan bytes) {
  reader_.add(bytes);
  while (const std::optional<Frame> frame = reader_.next()) {
    if (frame->type == FrameType::command) device_.on_call(now, decode_command(frame->data));
  }
}

Bytes SerialDevice::take_output(net::TimePoint) {
  Bytes out;
  while (const auto next = device_.take_output()) {
    if (next->noise) {
      // The beginning of a frame that does not end.
      append(out, as_bytes("IMPROV\x01\x04\xF0\x03 Guru Meditation\n"));
      continue;
    }
    const Frame frame = encode_report(next->report);
    const std::string line =
        fmt::format("[I][improv:042]: IMPROV report {}\n", static_cast<unsigned>(frame.type));
    append(out, as_bytes(line));
    append(out, encode_frame(frame.type, frame.data));
  }
  return out;
}

}  // namespace aiot::improv
