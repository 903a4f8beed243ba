// Framing of streams: the first byte chooses it and where the pieces end. Nothing is lost but line
// ends, no message is beyond the bound, and pieces make no difference to lines.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "job/listen/framing.hpp"

using namespace aiot;
using listen::Framer;
using listen::Framing;

namespace {

std::vector<std::string> cut(Framing framing, ByteSpan all, std::size_t border) {
  Framer framer(framing);
  std::vector<std::string> out;
  const auto take = [&](const std::optional<listen::Frame>& frame) {
    if (!frame) return false;
    if (frame->bytes.size() > Framer::longest_bytes) std::abort();
    out.emplace_back(frame->bytes);
    return true;
  };
  for (const ByteSpan piece : {all.first(border), all.subspan(border)}) {
    framer.feed(piece);
    while (take(framer.next())) {
    }
  }
  take(framer.flush());
  if (framer.pending()) std::abort();
  return out;
}

/// Everything but line ends.
std::string kept(std::string text) {
  std::erase_if(text, [](char c) { return c == '\n' || c == '\r'; });
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto framing = static_cast<Framing>(data[0] % 3);
  const ByteSpan all(data + 1, size - 1);
  const std::vector<std::string> whole = cut(framing, all, 0);
  const std::vector<std::string> pieces = cut(framing, all, all.size() * (data[0] / 3) / 86);
  if (framing != Framing::none && pieces != whole) std::abort();
  std::string joined;
  for (const std::string& frame : pieces) joined += frame;
  if (kept(joined) != kept(to_string(all))) std::abort();
  return 0;
}
