// A stream to both parsers of HTTP: how it is cut must not matter, and what is read and written
// again reads the same.
#include "net/http_message.hpp"

#include <algorithm>
#include <cstdlib>

using namespace aiot;
using namespace aiot::net;

namespace {

constexpr std::size_t limit = 2000;

struct Outcome {
  std::vector<HttpMessage> messages;
  bool refused = false;
};

Outcome read(HttpParser::Kind kind, ByteSpan stream, std::size_t piece) {
  HttpParser parser(kind, limit);
  Outcome out;
  while (!stream.empty()) {
    const ByteSpan given = stream.first(std::min(piece, stream.size()));
    const Result<std::size_t> taken = parser.feed(given);
    if (!taken) {
      out.refused = true;
      return out;
    }
    if (*taken > given.size() || (*taken == 0 && !parser.done())) std::abort();
    stream = stream.subspan(*taken);
    if (!parser.done()) continue;
    out.messages.push_back(parser.take());
    if (out.messages.back().body.size() > limit) std::abort();
  }
  if (parser.begun() && parser.finish()) out.messages.push_back(parser.take());
  return out;
}

bool same(const HttpMessage& a, const HttpMessage& b) {
  return a.method == b.method && a.target == b.target && a.status == b.status && a.body == b.body;
}

void check(HttpParser::Kind kind, ByteSpan stream) {
  const Outcome whole = read(kind, stream, stream.size() + 1);
  const Outcome cut = read(kind, stream, 7);
  if (!std::ranges::equal(whole.messages, cut.messages, same)) std::abort();
  for (const HttpMessage& message : whole.messages) {
    const Outcome again = read(kind, write_http(message), 1000000);
    // A response to HEAD cannot be told from another; the few without a body lose theirs.
    if (message.body.empty() || message.target.empty() != (kind == HttpParser::Kind::response))
      continue;
    if (again.messages.size() == 1 && !same(again.messages[0], message)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, std::min<std::size_t>(size, 20000));
  check(HttpParser::Kind::request, bytes);
  check(HttpParser::Kind::response, bytes);
  return 0;
}
