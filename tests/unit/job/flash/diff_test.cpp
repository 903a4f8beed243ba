#include "job/flash/diff.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace aiot::flash;

namespace {

struct Outcome {
  std::vector<SectorRange> changed;
  double seconds = 0;
  int queries = 0;
};

/// Plays a device whose `dirty` sectors differ, and adds up what the questions cost it.
Outcome play(std::uint32_t sectors, const std::set<std::uint32_t>& dirty) {
  const DiffCost cost{0.00175, 0.0016, 0.06};
  DiffScan scan(sectors, cost);
  Outcome out;
  while (const auto range = scan.next()) {
    REQUIRE(range->count > 0);
    REQUIRE(range->first + range->count <= sectors);
    const auto it = dirty.lower_bound(range->first);
    scan.answer(it == dirty.end() || *it >= range->first + range->count);
    out.seconds += cost.command + range->count * cost.hash_sector;
    REQUIRE(++out.queries < 10000);
  }
  out.changed = scan.changed();
  return out;
}

bool covers(const std::vector<SectorRange>& runs, std::uint32_t sector) {
  for (const auto& run : runs) {
    if (sector >= run.first && sector < run.first + run.count) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("an empty extent asks nothing") { CHECK(play(0, {}).queries == 0); }

TEST_CASE("an equal device is hashed once and not written") {
  const Outcome out = play(1024, {});
  CHECK(out.changed.empty());
  CHECK(out.seconds < 1024 * 0.0016 * 1.1);
}

TEST_CASE("four changed sectors of 4 MiB are found in little more than one pass") {
  const Outcome out = play(1024, {3, 300, 301, 900});
  CHECK(out.changed == std::vector<SectorRange>{{3, 1}, {300, 2}, {900, 1}});
  CHECK(out.seconds < 2.4);
}

TEST_CASE("a fresh device is probed, not hashed") {
  std::set<std::uint32_t> all;
  for (std::uint32_t i = 0; i < 256; ++i) all.insert(i);
  const Outcome out = play(256, all);
  CHECK(out.changed == std::vector<SectorRange>{{0, 256}});
  CHECK(out.seconds < 0.03);
}

TEST_CASE("a small extent is one question when equal") {
  CHECK(play(5, {}).queries == 1);
  const Outcome out = play(5, {4});
  CHECK(out.changed == std::vector<SectorRange>{{4, 1}});
}

TEST_CASE("no changed sector is ever missed") {
  std::uint32_t random = 1;
  const auto next = [&] { return random = random * 1664525U + 1013904223U, random >> 8; };
  for (int round = 0; round < 300; ++round) {
    const std::uint32_t sectors = 1 + next() % 700;
    std::set<std::uint32_t> dirty;
    const std::uint32_t changes = next() % (round % 3 == 0 ? sectors : 9);
    for (std::uint32_t i = 0; i < changes; ++i) dirty.insert(next() % sectors);
    const Outcome out = play(sectors, dirty);
    for (std::uint32_t sector : dirty) CHECK(covers(out.changed, sector));
  }
}
