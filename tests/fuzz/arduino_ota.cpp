// What an ArduinoOTA device gets and says: datagrams and data.
#include <cstdlib>

#include "protocol/arduino_ota/device.hpp"

using namespace aiot;
using namespace aiot::arduino;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  const std::string text = to_string(bytes);
  const Answer answer = parse_answer(text);
  if (answer.kind == Answer::Kind::challenge && answer.nonce.size() != 32 &&
      answer.nonce.size() != 64) {
    std::abort();
  }
  if (const std::optional<Invitation> invitation = parse_invitation(text)) {
    const std::optional<Invitation> again = parse_invitation(write(*invitation));
    if (!again || again->port != invitation->port || again->md5 != invitation->md5) std::abort();
  }
  DeviceOptions options;
  options.partition_bytes = 4096;
  Device device(options);
  device.on_datagram(text);
  if (device.take_connection()) {
    device.on_data(bytes);
    if (device.firmware().size() > options.partition_bytes) std::abort();
  }
  return 0;
}
