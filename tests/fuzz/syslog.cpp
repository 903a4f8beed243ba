// syslog: any bytes as a datagram and, in two pieces, as a connection. Messages are bounded, parts
// are parts of what came, and the pieces make no difference.
#include <cstdlib>
#include <vector>

#include "protocol/syslog/message.hpp"

using namespace aiot;

namespace {

std::vector<std::string> frames(ByteSpan all, std::size_t cut) {
  syslog::StreamDecoder decoder;
  std::vector<std::string> out;
  for (ByteSpan piece : {all.first(cut), all.subspan(cut)}) {
    while (auto frame = decoder.next(piece)) {
      if (frame->bytes.empty() || frame->bytes.size() > decoder.longest_bytes) std::abort();
      out.push_back(std::move(frame->bytes));
    }
    if (!piece.empty()) std::abort();
  }
  if (auto rest = decoder.finish()) out.push_back(std::move(rest->bytes));
  return out;
}

void look(std::string_view bytes) {
  const syslog::Message message = syslog::parse_message(bytes);
  if (message.severity.has_value() != message.facility.has_value()) std::abort();
  if (message.severity && (*message.severity > 7 || *message.facility > 23)) std::abort();
  if (message.text.size() > bytes.size() || bytes.find(message.text) == std::string_view::npos) {
    std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan all(data, size);
  look(to_string(all));
  const std::vector<std::string> whole = frames(all, 0);
  if (frames(all, size / 2) != whole) std::abort();
  for (const std::string& bytes : whole) look(bytes);
  return 0;
}
