#include "render/sanitize.hpp"

#include <doctest/doctest.h>

#include <vector>

using aiot::cli::render::hex_dump;
using aiot::cli::render::is_binary;
using aiot::cli::render::Raw;
using aiot::cli::render::Sanitizer;

namespace {

std::string shown(Raw raw, const std::vector<std::string>& pieces) {
  Sanitizer sanitizer(raw);
  std::string out;
  for (const std::string& piece : pieces) sanitizer.feed(piece, out);
  sanitizer.finish(out);
  return out;
}

}  // namespace

TEST_CASE("nothing passes: every control byte is written out") {
  CHECK(shown(Raw::none, {"plain\ttext\n"}) == "plain\ttext\n");
  CHECK(shown(Raw::none, {"\x1b[31mred\x07\x7f"}) == "\\x1b[31mred\\x07\\x7f");
  CHECK(shown(Raw::none, {"\xc2\x9b"
                          "2J"}) == "\\u{9b}2J");  // CSI as C1
  CHECK(shown(Raw::none, {"a\xe2\x80\xae"
                          "b"}) == "a\\u{202e}b");  // right-to-left override
  CHECK(shown(Raw::none, {"\xff\xc3", "x"}) == "\\xff\\xc3x");
  CHECK(shown(Raw::none, {"Gr\xc3\xbc\xc3\x9f"
                          "e \xf0\x9f\x98\x80"}) == "Grüße 😀");
}

TEST_CASE("colour passes, whatever else an escape can do does not") {
  CHECK(shown(Raw::colour, {"\x1b[1;31mred\x1b[0m"}) == "\x1b[1;31mred\x1b[0m");
  CHECK(shown(Raw::colour, {"\x1b[38:2::1:2:3mx\x1b[m"}) == "\x1b[38:2::1:2:3mx\x1b[m");
  // Clear, cursor, title, alternate screen, device report, a sequence with an intermediate byte.
  CHECK(shown(Raw::colour, {"\x1b[2J\x1b[H"}) == "\\x1b[2J\\x1b[H");
  CHECK(shown(Raw::colour, {"\x1b]0;title\x07"}) == "\\x1b]0;title\\x07");
  CHECK(shown(Raw::colour, {"\x1b[?1049h"}) == "\\x1b[?1049h");
  CHECK(shown(Raw::colour, {"\x1b[>4;1m\x1b[ m"}) == "\\x1b[>4;1m\\x1b[ m");
  CHECK(shown(Raw::colour, {"\x1b\x1b[31mx"}) == "\\x1b\x1b[31mx\x1b[0m");
}

TEST_CASE("split anywhere, it is the same") {
  const std::string text =
      "a\x1b[1;31mr\xc3\xa9"
      "d\x1b[0m\r\n\x1b[2Jb\r";
  for (const Raw raw : {Raw::none, Raw::colour}) {
    const std::string whole = shown(raw, {text});
    for (std::size_t i = 0; i <= text.size(); ++i) {
      for (std::size_t k = i; k <= text.size(); ++k) {
        CHECK(shown(raw, {text.substr(0, i), text.substr(i, k - i), text.substr(k)}) == whole);
      }
    }
  }
}

TEST_CASE("CR goes with the LF behind it; alone it is written out") {
  CHECK(shown(Raw::none, {"one\r\ntwo\rthree\r"}) == "one\ntwo\\x0dthree");
}

TEST_CASE("colour ends with the message, a sequence without an end is shown") {
  CHECK(shown(Raw::colour, {"\x1b[31mred"}) == "\x1b[31mred\x1b[0m");
  CHECK(shown(Raw::colour, {"x\x1b[31"}) == "x\\x1b[31");
  CHECK(shown(Raw::colour, {"\x1b[" + std::string(100, '1') + "m"}) ==
        "\\x1b[" + std::string(100, '1') + "m");
}

TEST_CASE("all is all") { CHECK(shown(Raw::all, {"\x1b[2J\xff"}) == "\x1b[2J\xff"); }

TEST_CASE("what is a dump's business") {
  CHECK(is_binary(std::string("a\0b", 3)));
  CHECK(is_binary("\xff\xfe\xfd"));
  CHECK_FALSE(is_binary("mostly text, one \xff"));
  CHECK_FALSE(is_binary("\x1b[31mÜberhitzt\x1b[0m"));
  CHECK_FALSE(is_binary(""));
  CHECK(hex_dump(std::string("\x00\x1b[A", 4)) ==
        "00000000  00 1b 5b 41                                      |..[A|\n");
  CHECK(hex_dump(std::string(17, 'x'))
            .ends_with("\n00000010  78                                               |x|\n"));
}
