#include "protocol/syslog/message.hpp"

#include <doctest/doctest.h>

#include <vector>

using aiot::as_bytes;
using aiot::ByteSpan;
using aiot::syslog::StreamDecoder;
using Strings = std::vector<std::string>;

namespace {

Strings frames(StreamDecoder& decoder, const Strings& pieces) {
  Strings all;
  for (const std::string& piece : pieces) {
    ByteSpan bytes = as_bytes(piece);
    while (const auto frame = decoder.next(bytes)) {
      all.push_back(frame->bytes + (frame->truncated ? "…" : ""));
    }
  }
  if (const auto rest = decoder.finish()) {
    all.push_back(rest->bytes + (rest->truncated ? "…" : ""));
  }
  return all;
}
Strings frames(const Strings& pieces) {
  StreamDecoder decoder;
  return frames(decoder, pieces);
}

}  // namespace

TEST_CASE("counted (RFC 6587 section 3.4.1) and by line (3.4.2), one behind the other") {
  CHECK(frames({"5 <1>ab7 <1>a\nb ", "<1>line\n<2>next\n"}) ==
        Strings{"<1>ab", "<1>a\nb ", "<1>line", "<2>next"});
  CHECK(frames({std::string("<1>a\0<1>b\0", 10)}) == Strings{"<1>a", "<1>b"});
}

TEST_CASE("in pieces") {
  CHECK(frames({"1", "0", " 0123", "456789", "<", "1>x", "\n"}) == Strings{"0123456789", "<1>x"});
}

TEST_CASE("a number that is no length begins a line") {
  CHECK(frames({"1990 is a year"}) == Strings{"is a year…"});  // as it says: 1990 bytes
  CHECK(frames({"12:30 noon\n"}) == Strings{"12:30 noon"});
  CHECK(frames({"99999999999999999999 x\n"}) == Strings{"99999999999999999999 x"});
}

TEST_CASE("bounds: what is too long is cut, marked, and skipped") {
  const std::string long_text(StreamDecoder::longest_bytes + 100, 'x');
  const std::string kept(StreamDecoder::longest_bytes, 'x');
  CHECK(frames({long_text + "\n<1>b\n"}) == Strings{kept + "…", "<1>b"});
  CHECK(frames({std::to_string(long_text.size()) + " " + long_text + "5 <1>bc"}) ==
        Strings{kept + "…", "<1>bc"});
}

TEST_CASE("what a connection leaves behind") {
  CHECK(frames({"<1>rest"}) == Strings{"<1>rest"});
  CHECK(frames({"20 <1>half"}) == Strings{"<1>half…"});
  CHECK(frames({"\n\n"}).empty());
}
