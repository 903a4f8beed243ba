// What a request may name, and which part of a file it gets (RFC 9110, 14).
#include <doctest/doctest.h>

#include "job/ota/serve/files.hpp"

using namespace aiot;
using namespace aiot::ota;

TEST_CASE("paths below the folder") {
  CHECK(safe_path("/a") == "a");
  CHECK(safe_path("/a/b.bin?x=../..") == "a/b.bin");
  CHECK(safe_path("/a%20b/%63") == "a b/c");
  CHECK(safe_path("/a..b/c~") == "a..b/c~");
  for (const std::string_view target :
       {"", "/", "a", "//a", "/a/", "/..", "/a/../b", "/%2e%2e/b", "/a/%2E./b", "/.a", "/a/.b",
        "/a%2f%2e%2e%2fb", "/a%2F", "/%00", "/a%", "/a%2", "/a%zz", "http://h/a", "*"}) {
    CAPTURE(target);
    CHECK_FALSE(safe_path(target));
  }
}

TEST_CASE("ranges of a file of ten bytes") {
  struct Row {
    std::string_view header;
    RangeKind kind;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
  };
  for (const Row& row : std::initializer_list<Row>{
           {"bytes=0-0", RangeKind::part, 0, 1},
           {"bytes=9-", RangeKind::part, 9, 10},
           {"bytes=3-5", RangeKind::part, 3, 6},
           {"bytes=3-10", RangeKind::part, 3, 10},  // esp_https_ota's last piece ends at the size
           {"bytes=0-18446744073709551615", RangeKind::part, 0, 10},
           {"bytes=-3", RangeKind::part, 7, 10},
           {"bytes=-99", RangeKind::part, 0, 10},
           {"bytes=10-", RangeKind::unsatisfiable},
           {"bytes=-0", RangeKind::unsatisfiable},
           {"bytes=18446744073709551616-", RangeKind::none},
           {"bytes=5-3", RangeKind::none},
           {"bytes=0-1,3-4", RangeKind::none},
           {"bytes=", RangeKind::none},
           {"bytes=-", RangeKind::none},
           {"bytes=a-b", RangeKind::none},
           {"bytes= 1-2", RangeKind::none},
           {"items=1-2", RangeKind::none},
           {"", RangeKind::none}}) {
    CAPTURE(row.header);
    ByteRange range;
    REQUIRE(parse_range(row.header, 10, range) == row.kind);
    if (row.kind != RangeKind::part) continue;
    CHECK(range.first == row.first);
    CHECK(range.end == row.end);
  }
  ByteRange range;
  CHECK(parse_range("bytes=0-", 0, range) == RangeKind::unsatisfiable);
  CHECK(parse_range("bytes=-5", 0, range) == RangeKind::unsatisfiable);
}
