#include "image/delta.hpp"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <random>

#include "core/file.hpp"
#include "delta_sample.hpp"
#include "image/delta_format.hpp"
#include "image/limits.hpp"
#include "temporary_folder.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

struct Applied {
  std::string code;  ///< "ok", or of the error
  Bytes bytes;
};

Applied patch(ByteSpan delta, ByteSpan source) {
  MemorySource delta_source(delta), old(source);
  Applied out;
  MemorySink sink(out.bytes);
  const auto result = apply_delta(delta_source, old, sink);
  out.code = result ? "ok" : result.error().stable_code();
  return out;
}

/// The size of the delta from `source` to `result`, which gives back the result.
std::size_t round_trip(ByteSpan source, ByteSpan result, std::optional<DeltaCode> code = {}) {
  const auto delta = make_delta(source, result, code);
  REQUIRE(delta.has_value());
  CHECK(delta->info.source_bytes == source.size());
  CHECK(delta->info.result_bytes == result.size());
  if (code) CHECK(delta->info.code == *code);
  const auto applied = patch(delta->file, source);
  CHECK(applied.code == "ok");
  CHECK(std::equal(applied.bytes.begin(), applied.bytes.end(), result.begin(), result.end()));
  return delta->file.size();
}

const Bytes small_source = {'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'};
const Bytes small_result = {'A', 'B', 'C', 'd', 'E', 'F', 'G', 'H', '!'};
/// After the table in delta_format.hpp; the hashes are sha256sum's.
const Bytes small_delta = *from_hex(
    "61696f742e64656c74612f31"  // "aiot.delta/1"
    "00000000"                  // no machine code
    "08000000"
    "09000000"                                                          // sizes
    "9ac2197d9258257b1ae8463e4214e4cd0a578bc1517f2415928b91be4283fc48"  // source
    "e684b18f965c728bafd07c3270d7fb1225f58e4cdbd3fe438f30d94240d79626"  // result
    "00000000"                                                          // no dictionary
    "000600000006000000"
    "000100000001000000"  // stored: control, gaps
    "000100000001000000"
    "000100000001000000"  // changes, added
    "000001000800"        // no segments, a copy of 8
    "03"
    "20"
    "21");  // 'D' + 0x20, "!"
constexpr std::size_t control_at = 128, gaps_at = 134, changes_at = 135, added_at = 136;

std::string changed(std::size_t at, std::uint8_t value) {
  auto delta = small_delta;
  delta.at(at) = value;
  return patch(delta, small_source).code;
}

/// small_delta with another control stream.
std::string with_control(const char* hex) {
  const auto control = *from_hex(hex);
  auto delta = small_delta;
  delta.erase(delta.begin() + control_at, delta.begin() + gaps_at);
  delta.insert(delta.begin() + control_at, control.begin(), control.end());
  store_le32(&delta[93], static_cast<std::uint32_t>(control.size()));
  store_le32(&delta[97], static_cast<std::uint32_t>(control.size()));
  return patch(delta, small_source).code;
}

}  // namespace

TEST_CASE("delta: a container, byte by byte") {
  const auto applied = patch(small_delta, small_source);
  CHECK(applied.code == "ok");
  CHECK(applied.bytes == small_result);
  const auto made = make_delta(small_source, small_result);
  REQUIRE(made.has_value());
  CHECK(made->file == small_delta);

  CHECK(is_delta(small_delta));
  CHECK_FALSE(is_delta(small_source));
  CHECK_FALSE(is_delta({}));
  const auto info = read_delta_info(ByteSpan(small_delta).first(delta_header_bytes));
  REQUIRE(info.has_value());
  CHECK(info->source_bytes == 8);
  CHECK(info->result_bytes == 9);
  CHECK(info->source_sha256 == crypto::sha256(small_source));
  CHECK(info->result_sha256 == crypto::sha256(small_result));
}

TEST_CASE("delta: empty, equal and unrelated files") {
  const auto some = test::random_bytes(10000, 1), other = test::random_bytes(12000, 2);
  CHECK(round_trip({}, {}) == delta_header_bytes + 3);
  round_trip(some, {});
  round_trip({}, some);
  CHECK(round_trip(some, some) < 180);
  // It does not pay, and is hardly more than the file.
  CHECK(round_trip(some, other) < other.size() + 200);
  const Bytes zeros(300000), ones(200000, 0xFF);
  CHECK(round_trip(zeros, ones) < 400);
  CHECK(round_trip(ones, zeros) < 400);
  CHECK(round_trip(zeros, Bytes(299999)) < 200);
}

TEST_CASE("delta: edits of random bytes, for every machine code") {
  std::mt19937 random(3);
  for (unsigned round = 0; round < 30; ++round) {
    const auto source = test::random_bytes(random() % 30000, round);
    auto result = source;
    for (unsigned edit = static_cast<unsigned>(random() % 20); edit > 0 && result.size() > 200;
         --edit) {
      const auto at = static_cast<std::ptrdiff_t>(random() % (result.size() - 150));
      const auto more = test::random_bytes(random() % 100, edit);
      if (random() % 2 == 0)
        result.insert(result.begin() + at, more.begin(), more.end());
      else
        result.erase(result.begin() + at, result.begin() + at + 100);
      result[random() % result.size()] ^= 1;
    }
    const auto code = static_cast<DeltaCode>(round % 5);
    CHECK(round_trip(source, result, code) < 4000);
  }
}

TEST_CASE("delta: branches and pointers that follow moved code cost next to nothing") {
  for (const auto code :
       {DeltaCode::arm_thumb, DeltaCode::xtensa, DeltaCode::riscv, DeltaCode::x86}) {
    CAPTURE(name_of(code));
    const auto [source, result] = test::moved_code(code, 60000);
    const auto delta = make_delta(source, result);
    REQUIRE(delta.has_value());
    CHECK(delta->info.code == code);  // found out
    CHECK(round_trip(source, result) < 900);
    CHECK(round_trip(source, result, DeltaCode::none) > 2400);
  }
}

TEST_CASE("delta: a file of zeros in another length takes no time without bound") {
  Bytes source(2000000), result(1900000);
  append(source, Bytes(500000, 0xFF));
  append(result, Bytes(700000, 0xFF));
  CHECK(round_trip(source, result) < 400);
}

TEST_CASE("delta: every byte of a container matters") {
  const auto source = test::random_bytes(3000, 5);
  auto result = source;
  const auto more = test::random_bytes(500, 6);
  result.insert(result.begin() + 1000, more.begin(), more.end());
  for (std::size_t i = 0; i < 3000; i += 50) result[i] ^= 1;
  const auto delta = make_delta(source, result)->file;
  for (std::size_t at = 0; at < delta.size(); ++at) {
    auto broken = delta;
    broken[at] ^= 0x10;
    const auto applied = patch(broken, source);
    CAPTURE(at);
    // The code may predict the same, and the dictionary's end may not be in use.
    if (applied.code == "ok") CHECK(applied.bytes == result);
    if (applied.code == "ok") CHECK((at == 12 || (at >= 88 && at < 92) || at >= 128));
    CHECK(applied.bytes.size() <= result.size());
  }
  for (std::size_t size = 0; size < delta.size(); ++size)
    CHECK(patch(ByteSpan(delta).first(size), source).code != "ok");
  auto longer = delta;
  longer.push_back(0);
  CHECK(patch(longer, source).code == "image.delta");
}

TEST_CASE("delta: nothing is written for another source") {
  auto other = small_source;
  other[0] ^= 1;
  CHECK(patch(small_delta, other).code == "image.source");
  CHECK(patch(small_delta, other).bytes.empty());
  CHECK(patch(small_delta, ByteSpan(small_source).first(7)).code == "image.source");
  // A slot may be larger than what is in it.
  auto slot = small_source;
  slot.resize(4096, 0xFF);
  CHECK(patch(small_delta, slot).code == "ok");
}

TEST_CASE("delta: headers that lie") {
  CHECK(changed(0, 'b') == "image.format");
  CHECK(changed(11, '2') == "image.format");
  CHECK(changed(12, 5) == "image.header");
  for (std::size_t reserved = 13; reserved < 16; ++reserved)
    CHECK(changed(reserved, 1) == "image.header");
  CHECK(changed(19, 0x05) == "image.large");   // 80 MiB of source
  CHECK(changed(23, 0x05) == "image.large");   // 80 MiB of result
  CHECK(changed(24, 0) == "image.source");     // its hash
  CHECK(changed(56, 0) == "image.hash");       // the result's hash
  CHECK(changed(88, 9) == "image.header");     // a dictionary beyond the source
  CHECK(changed(90, 0x09) == "image.header");  // a dictionary beyond the limit
  CHECK(changed(92, 3) == "image.header");     // a coding that there is not
  CHECK(changed(92, 1) == "image.delta");      // not LZMA2
  CHECK(changed(92, 2) == "image.delta");      // not zstd
  CHECK(changed(93, 7) == "image.header");     // stored in two sizes
  auto large = small_delta;
  store_le32(&large[93 + 18], 10);  // more changes than bytes
  store_le32(&large[97 + 18], 10);
  CHECK(patch(large, small_source).code == "image.header");
  CHECK(changed(20, 8) == "image.delta");   // a result that is shorter than what is made
  CHECK(changed(20, 10) == "image.delta");  // and a longer one
}

TEST_CASE("delta: streams that lie") {
  CHECK(with_control("000001000800") == "ok");
  CHECK(with_control("000001000900") == "image.delta");        // beyond the source
  CHECK(with_control("000001000802") == "image.delta");        // begins at 1: beyond the source
  CHECK(with_control("000001000801") == "image.delta");        // begins at -1
  CHECK(with_control("000002000800000210") == "image.delta");  // a copy backwards beyond the result
  CHECK(with_control("000001010800") == "image.hash");         // in another place
  CHECK(with_control("000001020800") == "image.delta");        // beyond the result
  CHECK(with_control("0000") == "image.delta");
  CHECK(with_control("00000100") == "image.delta");
  CHECK(with_control("00000100080000") == "image.delta");          // bytes behind the copies
  CHECK(with_control("0000ffffffff0f000800") == "image.delta");    // 2^32 - 1 copies
  CHECK(with_control("0000ffffffff1f000800") == "image.delta");    // a number beyond 32 bits
  CHECK(with_control("0000ffffffffff01000800") == "image.delta");  // and one that does not end
  CHECK(with_control("41000001000800") == "image.delta");          // 65 segments
  CHECK(with_control("010900000001000800") == "image.delta");      // a segment beyond the source
  CHECK(with_control("010000090001000800") == "image.delta");
  CHECK(with_control("010000080100000a01000800") == "image.delta");  // and beyond the result
  CHECK(with_control("010000080100000901000800") == "ok");
  CHECK(with_control("000001ffffffff0fffffffff0fffffffff0f") == "image.delta");

  CHECK(changed(gaps_at, 0x08) == "image.delta");  // a change behind the last copy
  CHECK(changed(gaps_at, 0x04) == "image.hash");
  CHECK(changed(changes_at, 0x21) == "image.hash");
  CHECK(changed(added_at, '?') == "image.hash");
}

TEST_CASE("delta: files beyond the limit are refused before work begins") {
  const Bytes large(limits::file_bytes + 1);
  const auto from = make_delta(large, small_result);
  REQUIRE_FALSE(from.has_value());
  CHECK(from.error().stable_code() == "image.large");
  CHECK_FALSE(make_delta(small_source, large).has_value());
}

TEST_CASE("delta: a source and a sink that fail stop it") {
  class Failing final : public ByteSource, public ByteSink {
   public:
    std::uint64_t size() const override { return small_source.size(); }
    Result<void> read(std::uint64_t, std::span<std::uint8_t>) override {
      return make_error(Errc::unreadable, "slot");
    }
    Result<void> write(ByteSpan) override { return make_error(Errc::unwritable, "slot"); }
  } failing;
  MemorySource delta(small_delta), source(small_source);
  Bytes out;
  MemorySink sink(out);
  const auto unread = apply_delta(delta, failing, sink);
  REQUIRE_FALSE(unread.has_value());
  CHECK(unread.error().stable_code() == "image.unreadable");
  const auto unwritten = apply_delta(delta, source, failing);
  REQUIRE_FALSE(unwritten.has_value());
  CHECK(unwritten.error().stable_code() == "image.unwritable");
}

TEST_CASE("delta: from an open file") {
  const test::TemporaryFolder folder;
  const file::Descriptor old(::open(folder.put("old", small_source).c_str(), O_RDONLY | O_CLOEXEC));
  REQUIRE(old.is_open());
  MemorySource delta(small_delta);
  FileSource source(old.get(), small_source.size()), longer(old.get(), small_source.size() + 1);
  Bytes out;
  MemorySink sink(out);
  CHECK(apply_delta(delta, source, sink).has_value());
  CHECK(out == small_result);
  Bytes nine(9);
  const auto cut = longer.read(0, nine);
  REQUIRE_FALSE(cut.has_value());
  CHECK(cut.error().stable_code() == "image.unreadable");
}
