#include "job/listen/framing.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace aiot;
using listen::Framer;
using listen::Framing;

namespace {

/// Feeds `pieces` one after the other and lists every message, with "…" behind what goes on.
std::vector<std::string> frames(Framer& framer, const std::vector<std::string>& pieces) {
  std::vector<std::string> all;
  for (const std::string& piece : pieces) {
    framer.feed(as_bytes(piece));
    while (const auto frame = framer.next()) {
      all.push_back(std::string(frame->bytes) + (frame->truncated ? "…" : ""));
    }
  }
  return all;
}

std::vector<std::string> lines(const std::vector<std::string>& pieces) {
  Framer framer(Framing::line);
  return frames(framer, pieces);
}

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("lines end with LF, and the CRs before it are no part of them") {
  CHECK(lines({"one\ntwo\r\n\r\nthree\r\r\n"}) == Strings{"one", "two", "", "three"});
  CHECK(lines({"o", "n", "e\r", "\n", "t", "wo\n"}) == Strings{"one", "two"});
  CHECK(lines({"10%\r20%\r\n"}) == Strings{"10%\r20%"});
  CHECK(lines({std::string("a\0b\n", 4)}) == Strings{std::string("a\0b", 3)});
}

TEST_CASE("a rest is told when nothing follows, and its line end later is no line") {
  Framer framer(Framing::line);
  CHECK(frames(framer, {"ready\nesp> "}) == Strings{"ready"});
  CHECK(framer.pending());
  CHECK(framer.flush()->bytes == "esp> ");
  CHECK_FALSE(framer.pending());
  CHECK_FALSE(framer.flush().has_value());
  CHECK(frames(framer, {"\r\n", "\n", "next\n"}) == Strings{"", "next"});
}

TEST_CASE("a line beyond 64 KiB is told in pieces, each marked, and nothing is lost") {
  const std::string half(Framer::longest_bytes / 2, 'x');
  const auto all = lines({half, half + "y", half, "\nz\n"});
  REQUIRE(all.size() == 3);
  CHECK(all[0] == half + half + "…");
  CHECK(all[1] == "y" + half);
  CHECK(all[2] == "z");
  // Exactly at the bound, its end is not a line.
  CHECK(lines({half + half, "\nz\n"}) == Strings{half + half + "…", "z"});
}

TEST_CASE("idle framing keeps everything until nothing follows") {
  Framer framer(Framing::idle);
  CHECK(frames(framer, {"a\r\n", "b\n"}).empty());
  CHECK(framer.flush()->bytes == "a\r\nb\n");
  const std::string much(Framer::longest_bytes + 1, 'x');
  CHECK(frames(framer, {much}) == Strings{much.substr(1) + "…"});
  CHECK(framer.flush()->bytes == "x");
}

TEST_CASE("without framing every piece is a message") {
  Framer framer(Framing::none);
  CHECK(frames(framer, {"a\nb", "c"}) == Strings{"a\nb", "c"});
  CHECK_FALSE(framer.pending());
}
