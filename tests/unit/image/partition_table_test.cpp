#include "image/partition_table.hpp"

#include <doctest/doctest.h>

#include "files.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

// LONGER_BINARY_TABLE of ESP-IDF's components/partition_table/test_gen_esp32part_host.
const char* const idf_table =
    "aa500000 00000100 00001000 666163746f727900 0000000000000000 00000000"
    "aa500120 00001100 00020000 6461746100000000 0000000000000000 00000000"
    "aa501000 00001500 00100000 7365636f6e640000 0000000000000000 00000000"
    "ebebffff ffffffffffffffffffffffff f9bd061b45686f86571a2cd52a1da65b"
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

std::string code(const Error& error) { return error.stable_code(); }

Error csv_error(std::string_view text) { return parse_partition_csv(text).error(); }

}  // namespace

TEST_CASE("ESP-IDF's own test table, both ways") {
  const Bytes bytes = *from_hex(idf_table);
  const auto table = parse_partition_table(bytes);
  REQUIRE(table.has_value());
  CHECK(table->has_md5);
  REQUIRE(table->partitions.size() == 3);
  CHECK(table->partitions[0] == Partition{"factory", 0, 0, 0x10000, 0x100000, 0});
  CHECK(table->partitions[1] == Partition{"data", 1, 0x20, 0x110000, 0x200, 0});
  CHECK(table->partitions[2] == Partition{"second", 0x10, 0, 0x150000, 0x1000, 0});
  CHECK(table->application() == &table->partitions[0]);
  CHECK(table->find("second") == &table->partitions[2]);
  CHECK(table->find("third") == nullptr);
  const auto again = encode_partition_table(*table);
  REQUIRE(again.has_value());
  CHECK(again->size() == 0xC00);
  CHECK(Bytes(again->begin(), again->begin() + static_cast<long>(bytes.size())) == bytes);
  CHECK(parse_partition_csv(to_csv(*table))->partitions == table->partitions);
}

TEST_CASE("a real table without MD5") {
  const auto file = test::real_image("partitions_singleapp.bin");
  if (!file) return;
  const auto table = parse_partition_table(*file);
  REQUIRE(table.has_value());
  CHECK_FALSE(table->has_md5);
  REQUIRE(table->partitions.size() == 3);
  CHECK(table->partitions[0] == Partition{"factory", 0, 0, 0x10000, 0x100000, 0});
  CHECK(table->partitions[1] == Partition{"rfdata", 1, 1, 0x110000, 0x40000, 0});
  CHECK(table->partitions[2] == Partition{"wifidata", 1, 2, 0x150000, 0x40000, 0});
}

TEST_CASE("what is wrong with a table is said") {
  Bytes bytes = *from_hex(idf_table);
  for (std::size_t at = 0; at < 96; ++at) {
    Bytes bad = bytes;
    bad[at] ^= 1;
    CAPTURE(at);
    CHECK(code(parse_partition_table(bad).error()) == "image.table");
  }
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    const auto table = parse_partition_table(ByteSpan(bytes).first(size));
    // The table ends with its MD5 entry, or with the file.
    CHECK(table.has_value() == (size >= 128 || (size > 0 && size % 32 == 0)));
  }
  CHECK(code(parse_partition_table(Bytes(64, 0xFF)).error()) == "image.table");
  CHECK(code(parse_partition_table(as_bytes("OHAI")).error()) == "image.truncated");
}

// The cases of ESP-IDF's gen_esp32part_tests.py.
TEST_CASE("CSV: offsets are filled in") {
  const auto table = parse_partition_csv(
      "# Name, Type, Subtype, Offset, Size\n"
      "first, app, factory,, 1M\n"
      "second, data, 0x15,, 1M\n"
      "minidata, data, 0x40,, 32K\n"
      "otherapp, app, factory,, 1M\n");
  REQUIRE(table.has_value());
  CHECK(table->partitions[0].offset == 0x10000);
  CHECK(table->partitions[1].offset == 0x110000);
  CHECK(table->partitions[2].offset == 0x210000);
  CHECK(table->partitions[3].offset == 0x220000);
}

TEST_CASE("CSV: names, numbers, units, flags") {
  const auto named = parse_partition_csv(
      "myapp, app, factory,, 0x100000\r\nmyota_0, app, ota_0,, 0x100000\n"
      "myota_15, app, ota_15,, 0x100000\nmytest, app, test,, 0x100000\n"
      "myota_status, data, ota,, 0x100000\n");
  const auto numbered = parse_partition_csv(
      "myapp, 0, 0,, 0x100000\nmyota_0, 0, 0x10,, 0x100000\nmyota_15, 0, 0x1f,, 0x100000\n"
      "mytest, 0, 0x20,, 0x100000\nmyota_status, 1, 0,, 0x100000");
  REQUIRE(named.has_value());
  CHECK(named->partitions == numbered->partitions);
  const auto sized = parse_partition_csv("one_megabyte, app, factory, 64k, 1M, encrypted:readonly");
  CHECK(sized->partitions[0] == Partition{"one_megabyte", 0, 0, 0x10000, 0x100000, 3});
  const auto up_to =
      parse_partition_csv("first, app, factory, 0x10000, -2M\nnext, data, 0x15,, 1M");
  CHECK(up_to->partitions[0].size_bytes == 0x1F0000);
  CHECK(up_to->partitions[1].offset == 0x200000);
}

TEST_CASE("CSV to binary: the MD5 of ESP-IDF") {
  const auto table = parse_partition_csv("\nfirst, 0x30, 0xEE, 0x100400, 0x300000\n");
  const auto bytes = encode_partition_table(*table);
  CHECK(to_hex(ByteSpan(*bytes).first(96)) ==
        "aa5030ee00041000000030006669727374000000000000000000000000000000"
        "ebebffffffffffffffffffffffffffff43033f334087575169839b4061b12726"
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
}

TEST_CASE("CSV: mistakes name their line") {
  CHECK(csv_error("# x\nihavenotype,\n").message().find("line 2") != std::string::npos);
  CHECK(code(csv_error("a, app, factory, 0x100000, 2M\nb, app, ota_0, 0x200000, 1M")) ==
        "image.csv");
  CHECK(code(csv_error("a, app, nothing,, 1M")) == "image.csv");
  CHECK(code(csv_error(std::string_view("a\0b, app, factory,, 1M", 22))) == "image.csv");
  CHECK(code(csv_error("a, app, ota_16,, 1M")) == "image.csv");
  CHECK(code(csv_error("a, app, factory,,")) == "image.csv");
  CHECK(code(csv_error("a, app, factory,, 1G")) == "image.csv");
  CHECK(code(csv_error("a, app, factory, 0x10000, -32K")) == "image.csv");
  CHECK(code(csv_error("a, app, factory,, 1M, secret")) == "image.csv");
  CHECK(code(csv_error("a_name_of_17_char, app, factory,, 1M")) == "image.csv");
  CHECK(code(csv_error("a, app, factory, 0x1000, 1M")) == "image.csv");
  CHECK(code(csv_error("# nothing\n")) == "image.csv");
}

TEST_CASE("a table is held against the flash") {
  const auto check = [](std::string_view csv, std::uint64_t flash) {
    const auto result = check_partition_table(*parse_partition_csv(csv), flash);
    return result ? std::string("ok") : code(result.error());
  };
  CHECK(check("a, app, factory,, 1M", 2 << 20) == "ok");
  CHECK(check("a, app, factory,, 1M", 0) == "ok");
  CHECK(check("a, app, factory,, 2M", 2 << 20) == "image.size");
  CHECK(check("a, app, factory, 0x11000, 1M", 0) == "image.table");
  CHECK(check("a, app, factory,, 1M\na, app, ota_0,, 1M", 0) == "image.table");
  PartitionTable table;
  table.partitions = {{"a", 1, 2, 0x9000, 0x2000, 0}, {"b", 1, 2, 0xA000, 0x1000, 0}};
  CHECK(code(check_partition_table(table, 0).error()) == "image.table");
}

TEST_CASE("where an application goes") {
  const auto ota = parse_partition_csv("b, app, ota_1,, 1M\na, app, ota_0,, 1M\nt, app, test,, 1M");
  CHECK(ota->application()->name == "a");
  CHECK(parse_partition_csv("n, data, nvs,, 16K")->application() == nullptr);
}
