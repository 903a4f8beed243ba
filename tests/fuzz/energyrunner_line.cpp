#include <cstddef>
#include <cstdint>

#include "protocol/energyrunner/message.hpp"

using namespace aiot;
using namespace aiot::energyrunner;

/// What a device says: cut into lines, each of them decoded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  LineReader lines;
  const std::size_t half = size / 2;
  lines.add(ByteSpan(data, half));
  lines.add(ByteSpan(data + half, size - half));
  lines.end_line();
  while (const auto line = lines.next()) {
    if (line->empty() || line->size() > LineReader::most_chars) __builtin_trap();
    const Result<Message> message = decode_line(*line);
    if (!message) continue;
    if (message->values.size() > most_results) __builtin_trap();
    if ((message->kind == Kind::results) == message->values.empty()) __builtin_trap();
  }
  return 0;
}
