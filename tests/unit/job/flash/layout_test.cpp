#include <doctest/doctest.h>

#include "job/flash/error.hpp"
#include "job/flash/plan.hpp"

using namespace aiot;
using namespace aiot::flash;

TEST_CASE("a blob is rounded out to sectors, and what is around it is a gap") {
  const Bytes data(100, 0xAB);
  const auto extents = lay_out({{"a", 0x1010, data}}, 0x400000);
  REQUIRE(extents.has_value());
  REQUIRE(extents->size() == 1);
  const Extent& extent = extents->front();
  CHECK(extent.offset == 0x1000);
  CHECK(extent.data.size() == 0x1000);
  REQUIRE(extent.gaps.size() == 2);
  CHECK(extent.gaps[0].offset == 0x1000);
  CHECK(extent.gaps[0].size == 0x10);
  CHECK(extent.gaps[1].offset == 0x1010 + 100);
  CHECK(extent.gaps[1].size == 0x1000 - 0x10 - 100);
  CHECK(extent.data[0x0F] == 0xFF);
  CHECK(extent.data[0x10] == 0xAB);
  CHECK(extent.data[0x10 + 100] == 0xFF);
}

TEST_CASE("blobs that share a sector become one extent, with the gap between them") {
  const Bytes first(0x10, 1);
  const Bytes second(0x1000, 2);
  const auto extents = lay_out({{"b", 0x800, second}, {"a", 0x0, first}}, 0);
  REQUIRE(extents.has_value());
  REQUIRE(extents->size() == 1);
  const Extent& extent = extents->front();
  CHECK(extent.data.size() == 0x2000);
  REQUIRE(extent.gaps.size() == 2);
  CHECK(extent.gaps[0].offset == 0x10);
  CHECK(extent.gaps[0].size == 0x7F0);
  CHECK(extent.gaps[1].offset == 0x1800);
  CHECK(extent.gaps[1].size == 0x800);
}

TEST_CASE("whole sectors have no gaps, neighbours join, the distant stay apart") {
  const Bytes sector(0x1000, 3);
  const auto extents =
      lay_out({{"a", 0x0, sector}, {"b", 0x1000, sector}, {"c", 0x8000, sector}}, 0);
  REQUIRE(extents.has_value());
  REQUIRE(extents->size() == 2);
  CHECK((*extents)[0].data.size() == 0x2000);
  CHECK((*extents)[0].gaps.empty());
  CHECK((*extents)[1].offset == 0x8000);
  CHECK((*extents)[1].gaps.empty());
}

TEST_CASE("what reaches beyond the flash is refused") {
  const Bytes data(0x1000, 3);
  const auto extents = lay_out({{"app", 0x3FF001, data}}, 0x400000);
  REQUIRE_FALSE(extents.has_value());
  CHECK(extents.error().stable_code() == "flash.bad_region");
  CHECK(lay_out({{"app", 0x3FF000, data}}, 0x400000).has_value());
  CHECK_FALSE(lay_out({{"app", 0xFFFFF001, data}}, 0).has_value());
}

TEST_CASE("a gap keeps the device's bytes, and only its own sector leaves the shared plan") {
  const Bytes data(0x2100, 0x55);
  auto plan = std::make_shared<Plan>();
  plan->extents = *lay_out({{"a", 0x10000, data}}, 0);
  Content content(plan);
  const Extent& extent = plan->extents.front();
  REQUIRE(extent.gaps.size() == 1);
  const Bytes there(extent.gaps[0].size, 0x77);
  content.keep(extent, extent.gaps[0], there);

  Bytes expected = data;
  expected.resize(0x3000, 0x77);
  CHECK(content.md5(extent, 0x10000, 0x3000) == crypto::md5(expected));

  const auto segments = content.segments(extent, 0x10000, 0x3000);
  REQUIRE(segments.size() == 2);
  CHECK(segments[0].shared);
  CHECK(segments[0].data.size() == 0x2000);
  CHECK_FALSE(segments[1].shared);
  CHECK(segments[1].offset == 0x12000);
  CHECK(extent.data[0x2100] == 0xFF);
}

TEST_CASE("long ranges are cut into segments") {
  const Bytes data(5U << 20, 0x55);
  auto plan = std::make_shared<Plan>();
  plan->extents = *lay_out({{"a", 0, data}}, 0);
  const Content content(plan);
  const auto segments = content.segments(plan->extents.front(), 0, 5U << 20);
  REQUIRE(segments.size() == 3);
  CHECK(segments[0].data.size() == Content::max_segment);
  CHECK(segments[2].offset == 4U << 20);
  CHECK(segments[2].data.size() == 1U << 20);
}
