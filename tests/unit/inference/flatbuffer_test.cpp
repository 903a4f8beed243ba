#include "inference/model/flatbuffer.hpp"

#include <doctest/doctest.h>

#include "inference/error.hpp"

namespace aiot::inference::flatbuffer {
namespace {

/// monsterdata-like layout written by hand after "FlatBuffer internals" (flatbuffers.dev): a root
/// offset, a vtable of two fields, the table, and a vector of three bytes.
const Bytes small = {
    0x10, 0, 0,  0,              // the table is at 16
    0,    0, 0,  0,              //
    8,    0, 12, 0, 4, 0, 8, 0,  // vtable: 8 bytes, a table of 12, fields at +4 and +8
    8,    0, 0,  0,              // the table: its vtable is 8 bytes before it
    0x2a, 0, 0,  0,              // field 0: 42
    4,    0, 0,  0,              // field 1: a vector 4 bytes from here
    3,    0, 0,  0, 7, 8, 9,     // three values
};

}  // namespace

TEST_CASE("flatbuffer: a table's fields") {
  Document document(small);
  const auto root = document.root();
  CHECK(root.scalar<std::int32_t>(0, 0) == 42);
  CHECK(root.vector<std::uint8_t>(1, 3) == std::vector<std::uint8_t>{7, 8, 9});
  CHECK(root.scalar<std::int32_t>(2, -5) == -5);
  CHECK_FALSE(root.table(2));
  CHECK_FALSE(document.failed());
}

TEST_CASE("flatbuffer: nothing beyond the file is read") {
  for (std::size_t size = 0; size < small.size(); ++size) {
    CAPTURE(size);
    const Bytes part(small.begin(), small.begin() + static_cast<std::ptrdiff_t>(size));
    Document document(part);
    const auto root = document.root();
    (void)root.scalar<std::int32_t>(0, 0);
    (void)root.vector<std::uint8_t>(1, 3);
    REQUIRE(document.failed());
    CHECK(document.error().code == Errc::truncated);
  }
}

TEST_CASE("flatbuffer: a vector longer than is taken") {
  Document document(small);
  CHECK(document.root().vector<std::uint8_t>(1, 2).empty());
  REQUIRE(document.failed());
  CHECK(document.error().code == Errc::too_large);
}

TEST_CASE("flatbuffer: a vtable before the start of the file") {
  Bytes bytes = small;
  bytes[16] = 0x40;
  Document document(bytes);
  CHECK_FALSE(document.root());
  CHECK(document.failed());
}

}  // namespace aiot::inference::flatbuffer
