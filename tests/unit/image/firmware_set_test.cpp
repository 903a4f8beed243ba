#include "image/firmware_set.hpp"

#include <doctest/doctest.h>

#include "elf_builder.hpp"
#include "make-images/sample.hpp"
#include "temporary_folder.hpp"

using namespace aiot;
using namespace aiot::image;
using flash::Placement;

namespace {

constexpr std::uint64_t flash_4mb = 4 << 20;

Bytes text(std::string_view characters) { return {characters.begin(), characters.end()}; }
const EspChip& chip(std::string_view name) { return *find_chip(name); }

Bytes app(std::string_view name, std::size_t size = 64 * 1024) {
  sample::AppRequest request;
  request.chip = find_chip(name);
  request.size_bytes = size;
  return *sample::make_application(request);
}
Bytes boot(std::string_view name) { return *sample::make_bootloader(chip(name), 1); }
Bytes table(std::string_view csv =
                "nvs,data,nvs,0x9000,16K,\nfactory,app,factory,0x20000,1M,\n"
                "storage,data,fat,,64K,\n") {
  return *encode_partition_table(*parse_partition_csv(csv));
}

struct Item {
  std::string name;
  Bytes data;
  std::optional<std::uint32_t> offset = {};
  std::string partition = {};
};

FirmwareSet set_of(std::vector<Item> items) {
  FirmwareSet set;
  for (Item& item : items) {
    for (Piece& piece : *classify(item.name, std::move(item.data))) {
      if (!piece.offset) piece.offset = item.offset;
      piece.partition = item.partition;
      set.pieces.push_back(std::move(piece));
    }
  }
  return set;
}

/// What the call resolves against; the parts a case does not care for.
struct Against {
  std::string_view chip_name = "esp32c3";
  std::optional<PartitionTable> device_table = {};
  flash::HeaderPatch header = {};
  std::uint64_t flash_size = flash_4mb;
  ResolveOptions options = {};
};
std::string code(FirmwareSet& set, const Against& a = {}) {
  const auto result =
      resolve(set, chip(a.chip_name), a.device_table, a.header, a.flash_size, a.options);
  return result ? "ok" : result.error().stable_code();
}
std::string code(std::vector<Item> items, const Against& a = {}) {
  FirmwareSet set = set_of(std::move(items));
  return code(set, a);
}
Against forced(Against a = {}) {
  a.options.force = true;
  return a;
}

bool has_notice(const FirmwareSet& set, std::string_view wanted) {
  for (const event::Notice& notice : set.notices) {
    if (notice.code == wanted) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("files are classified by their bytes") {
  const auto kind = [](std::string name, Bytes data) { return classify(name, data)->front().kind; };
  CHECK(kind("x", boot("esp32")) == PieceKind::bootloader);
  CHECK(kind("x", app("esp32")) == PieceKind::application);
  CHECK(kind("x", table()) == PieceKind::partition_table);
  CHECK(kind("x.csv", text("nvs,data,nvs,,16K")) == PieceKind::partition_table);
  CHECK(kind("x", test::build_elf(243, 0, {})) == PieceKind::elf);
  CHECK(kind("x", {1, 2, 3}) == PieceKind::raw);
  CHECK(classify("x", {}).error().stable_code() == "image.empty");
  CHECK(classify("x.csv", {'x'}).error().stable_code() == "image.csv");
  // Merged: a boot loader at 0x1000 (ESP32), or at 0 with the table behind it (ESP32-C3).
  Bytes merged(0x1000, 0xFF);
  append(merged, boot("esp32"));
  CHECK(kind("x", merged) == PieceKind::merged);
  Bytes c3 = boot("esp32c3");
  c3.resize(0x8000, 0xFF);
  CHECK(kind("x", c3) == PieceKind::bootloader);
  append(c3, table());
  CHECK(kind("x", c3) == PieceKind::merged);
}

TEST_CASE("everything finds its place") {
  FirmwareSet set =
      set_of({{"app", app("esp32c3")}, {"table", table()}, {"boot", boot("esp32c3")}});
  REQUIRE(code(set) == "ok");
  CHECK(set.pieces[0].name == "boot");
  CHECK(set.pieces[0].offset == 0);
  CHECK(set.pieces[1].offset == 0x8000);
  CHECK(set.pieces[2].offset == 0x20000);
  CHECK(set.pieces[2].partition == "factory");

  set = set_of({{"boot", boot("esp32")}});
  REQUIRE(code(set, {.chip_name = "esp32"}) == "ok");
  CHECK(set.pieces[0].offset == 0x1000);

  // The device's own table; OTA slots when there is no factory partition.
  const auto own = *parse_partition_csv("ota,data,ota,0xd000,8K\na,app,ota_0,0x30000,1M");
  set = set_of({{"app", app("esp32c3")}});
  REQUIRE(code(set, {.device_table = own}) == "ok");
  CHECK(set.pieces[0].offset == 0x30000);

  set = set_of({{"app", app("esp32c3")}});
  REQUIRE(code(set) == "ok");
  CHECK(set.pieces[0].offset == 0x10000);
  CHECK(has_notice(set, "image.default_offset"));

  CHECK(code({{"data", {1, 2, 3}}}) == "image.offset");
}

TEST_CASE("partitions by name") {
  const auto own = *parse_partition_table(table());
  FirmwareSet set = set_of({{"fs", Bytes(100, 1), {}, "storage"}});
  REQUIRE(code(set, {.device_table = own}) == "ok");
  CHECK(set.pieces[0].offset == 0x120000);
  CHECK(code({{"fs", Bytes(65537, 1), {}, "storage"}}, {.device_table = own}) == "image.size");
  CHECK(code({{"fs", Bytes(1, 1), {}, "store"}}, {.device_table = own}) == "image.partition");
  CHECK(code({{"fs", Bytes(1, 1), {}, "storage"}}) == "image.partition");
  // The table that is written with it counts, not the one that it replaces.
  set = set_of({{"t", table("storage,data,fat,0x200000,64K")}, {"fs", {1}, {}, "storage"}});
  REQUIRE(code(set, {.device_table = own}) == "ok");
  CHECK(set.pieces[1].offset == 0x200000);
}

TEST_CASE("a chip, a revision or a size that does not match is said, and can be forced") {
  CHECK(code({{"app", app("esp32")}}) == "image.chip");
  FirmwareSet set = set_of({{"app", app("esp32"), 0x10000}});
  CHECK(code(set, forced()) == "ok");
  CHECK(has_notice(set, "image.chip"));

  EncodeOptions options;
  options.chip = &chip("esp32c3");
  options.min_revision = 3;
  options.max_revision = 199;
  const std::vector<SegmentData> segments = {{0x42000020, Bytes(64, 1)}};
  const Bytes picky = *encode_esp_image(segments, options);
  const auto with = [&](std::uint32_t revision) {
    return code({{"app", picky}}, {.options = {false, revision}});
  };
  CHECK(with(2) == "image.revision");
  CHECK(with(3) == "ok");
  CHECK(with(199) == "ok");
  CHECK(with(200) == "image.revision");
  CHECK(code({{"app", picky}}, {.options = {true, 2}}) == "ok");

  // The legacy byte is at 14, the full fields at 15 and 17; the hash is not looked at.
  const auto legacy = [&](std::string_view name, std::uint8_t byte, std::uint16_t least,
                          std::uint16_t most, std::uint32_t revision) {
    options.chip = &chip(name);
    options.hash = false;
    options.min_revision = least;
    options.max_revision = most;
    const std::uint32_t at = chip(name).irom.begin + 0x20;
    Bytes image = *encode_esp_image(std::vector<SegmentData>{{at, Bytes(64, 1)}}, options);
    image[14] = byte;
    return code({{"app", image}}, {.chip_name = name, .options = {false, revision}});
  };
  for (const std::uint16_t unset : std::initializer_list<std::uint16_t>{0, 0xFFFF}) {
    CHECK(legacy("esp32c3", 3, 0, unset, 2) == "image.revision");
    CHECK(legacy("esp32c3", 3, 0, unset, 3) == "ok");
    CHECK(legacy("esp32", 3, 0, unset, 299) == "image.revision");
    CHECK(legacy("esp32", 3, 0, unset, 300) == "ok");
    CHECK(legacy("esp32s3", 0, 0, unset, 0) == "ok");
  }
  CHECK(legacy("esp32c3", 3, 3, 199, 4) == "ok");  // the full fields count
  CHECK(legacy("esp32c3", 3, 4, 0xFFFF, 3) == "image.revision");

  const auto own = *parse_partition_csv("a,app,factory,,64K");
  CHECK(code({{"app", app("esp32c3", 64 * 1024 + 16)}}, {.device_table = own}) == "image.size");
  CHECK(code({{"app", app("esp32c3", 64 * 1024 + 16), 0x10000}}, {.device_table = own}) ==
        "image.size");
  CHECK(code({{"app", app("esp32c3", 64 * 1024 + 16)}}, forced({.device_table = own})) == "ok");

  CHECK(code({{"x", Bytes(16, 1), 0x3FFFF8}}) == "image.size");
  CHECK(code({{"x", Bytes(16, 1), 0x3FFFF0}}) == "ok");
  CHECK(code({{"x", Bytes(16, 1), 0x3FFFF8}}, forced()) == "image.size");
  CHECK(code({{"t", table("a,app,factory,,4M")}}) == "image.size");

  set = set_of({{"app", app("esp32")}});
  const auto refused = resolve(set, chip("esp32c3"), {}, {}, 0, {});
  CHECK(refused.error().condition() == Condition::mismatch);
}

TEST_CASE("damage and overlap") {
  Bytes bad = app("esp32c3");
  bad[100] ^= 1;
  CHECK(code({{"app", bad}}) == "image.checksum");
  CHECK(code({{"app", bad}}, forced()) == "ok");
  bad = app("esp32c3");
  bad.back() ^= 1;
  CHECK(code({{"app", bad}}) == "image.hash");
  bad.resize(bad.size() - 1000);
  CHECK(code({{"app", bad}}) == "image.truncated");
  CHECK(code({{"a", Bytes(0x1001, 1), 0x1000}, {"b", {1}, 0x2000}}) == "image.overlap");
  CHECK(code({{"b", {1}, 0x2000}, {"a", Bytes(0x1001, 1), 0x1000}}, forced()) == "image.overlap");
  CHECK(code({{"a", Bytes(0x1000, 1), 0x1000}, {"b", {1}, 0x2000}}) == "ok");
  CHECK(code({{"a", app("esp32c3")}, {"b", app("esp32c3")}}) == "image.overlap");
}

TEST_CASE("the boot loader's header follows the flash") {
  const EspChip& c3 = chip("esp32c3");
  FirmwareSet set = set_of({{"boot", boot("esp32c3")}, {"app", app("esp32c3")}});
  const Bytes app_before = set.pieces[1].data;
  Against against{.header = {"qio", "80m", "detect"}, .flash_size = 16 << 20};
  REQUIRE(code(set, against) == "ok");
  CHECK(set.pieces[0].data[2] == 0);
  CHECK(set.pieces[0].data[3] == 0x4F);
  CHECK(parse_esp_image(set.pieces[0].data)->intact());
  CHECK(set.pieces[1].data == app_before);

  // Elsewhere it is no boot loader.
  set = set_of({{"boot", boot("esp32c3"), 0x100000}});
  REQUIRE(code(set, against) == "ok");
  CHECK(set.pieces[0].data == boot("esp32c3"));

  // What the build asks for, unless the request says otherwise.
  set = set_of({{"boot", boot("esp32c3")}});
  set.from_build = flash::HeaderPatch{"dout", "20m", "2MB"};
  REQUIRE(code(set, {.header = {"keep", "", "1MB"}}) == "ok");
  CHECK(set.pieces[0].data[2] == 2);
  CHECK(set.pieces[0].data[3] == 0x02);

  // In a merged file it sits at its offset.
  Bytes merged(0x1000, 0xFF);
  append(merged, boot("esp32"));
  set = set_of({{"all", merged}});
  REQUIRE(code(set, {.chip_name = "esp32", .header = {"", "", "8MB"}, .flash_size = 0}) == "ok");
  CHECK(set.pieces[0].offset == 0);
  CHECK(set.pieces[0].data[0x1003] == 0x30);
  CHECK(parse_esp_image(ByteSpan(set.pieces[0].data).subspan(0x1000))->intact());

  set = set_of({{"boot", boot("esp32c3")}});
  REQUIRE(code(set, {.header = {"", "", "detect"}, .flash_size = 0}) == "ok");
  CHECK(has_notice(set, "image.size_unknown"));
  set = set_of({{"boot", boot("esp32c3")}});
  REQUIRE(code(set, {.flash_size = 2 << 20}) == "ok");
  CHECK(has_notice(set, "image.header_size"));
  CHECK(code({{"boot", boot("esp32c3")}}, {.header = {"", "", "3MB"}}) == "image.setting");
  CHECK(c3.bootloader_offset == 0);
}

TEST_CASE("an ELF becomes an application, a HEX file says its offsets") {
  const Bytes elf = test::build_elf(243, 0x40380000,
                                    {{".iram0.text", 0x40380000, test::filled(64, 1)},
                                     {".flash.text", 0x42000020, test::filled(64, 2)}});
  FirmwareSet set = set_of({{"app.elf", elf}});
  REQUIRE(code(set) == "ok");
  CHECK(set.pieces[0].kind == PieceKind::application);
  CHECK(set.pieces[0].data[0] == 0xE9);
  CHECK(set.pieces[0].data[3] == 0x20);
  CHECK(code({{"app.elf", elf}}, {.chip_name = "esp32"}) == "image.chip");

  set = set_of(
      {{"x.hex", text(":0400000001020304F2\n:020000040010EA\n:0110000009E6\n:00000001FF\n")}});
  REQUIRE(code(set) == "ok");
  REQUIRE(set.pieces.size() == 2);
  CHECK(set.pieces[0].offset == 0);
  CHECK(set.pieces[1].offset == 0x101000);
}

TEST_CASE("placements are read from disk") {
  const test::TemporaryFolder folder;
  folder.put("build/boot/b.bin", boot("esp32c3"));
  folder.put("build/app.bin", app("esp32c3"));
  folder.put("build/flasher_args.json",
             R"({"flash_files": {"0x0": "boot/b.bin", "0x10000": "app.bin"},
                 "flash_settings": {"flash_mode": "dio", "flash_size": "detect", "flash_freq": "80m"},
                 "extra_esptool_args": {"chip": "esp32c3"}})");
  folder.put("raw.bin", "raw");
  const auto load = [](std::vector<Placement> placements) { return load_firmware(placements); };
  for (const char* name : {"build", "build/", "build/flasher_args.json"}) {
    auto set = load({{folder.path(name), {}, ""}, {folder.path("raw.bin"), 0x200000, ""}});
    REQUIRE(set.has_value());
    CHECK(set->chip == "esp32c3");
    CHECK(set->from_build->size == "detect");
    REQUIRE(set->pieces.size() == 3);
    CHECK(set->pieces[0].name == "boot/b.bin");
    CHECK(set->pieces[1].offset == 0x10000);
    CHECK(set->pieces[2].path == folder.path("raw.bin"));
    CHECK(code(*set) == "ok");
  }
  CHECK(load({{folder.path("build/app.bin"), {}, ""}})->chip == "esp32c3");
  const auto fails = [&](Placement placement) { return load({placement}).error().stable_code(); };
  CHECK(fails({folder.path("build"), 0x1000, ""}) == "image.build");
  CHECK(fails({folder.path("none"), {}, ""}) == "image.unreadable");
  CHECK(fails({folder.put("empty", ""), {}, ""}) == "image.empty");
  CHECK(fails({folder.path("raw.bin"), 0x100000000, ""}) == "image.size");
  CHECK(fails({folder.put("a.hex", ":00000001FF\n"), {}, ""}) == "image.empty");
  CHECK(fails({folder.put("b.hex", ":0100000001FE\n:00000001FF\n"), 0, ""}) == "image.hex");
  folder.put("build/flasher_args.json", R"({"flash_files": {"0x0": "../raw.bin"}})");
  CHECK(fails({folder.path("build"), {}, ""}) == "image.path");
}

TEST_CASE("what would not start, or would cover what starts it, is refused by what it is") {
  const auto own = *parse_partition_table(table());
  const auto message = [&](Item item) {
    FirmwareSet set = set_of({std::move(item)});
    const auto result = resolve(set, chip("esp32c3"), own, {}, flash_4mb, {});
    return result ? std::string("ok") : result.error().message();
  };
  const Against known = {.device_table = own};
  const std::string notes = message({"notes.txt", text("wire J3 first\n"), {}, "factory"});
  CHECK(notes.find("it is a text file") != std::string::npos);
  CHECK(notes.find("\"factory\"") != std::string::npos);
  CHECK(code({{"x", {0, 1, 2}, {}, "factory"}}, known) == "image.misplaced");
  CHECK(code({{"t", table(), {}, "factory"}}, known) == "image.misplaced");
  CHECK(code({{"app", app("esp32c3"), {}, "nvs"}}, known) == "image.misplaced");
  CHECK(code({{"app", app("esp32c3"), {}, "factory"}}, known) == "ok");
  CHECK(code({{"notes.txt", text("any"), {}, "storage"}}, known) == "ok");
  // An application over the boot loader, over the table, and off the pages of the memory map.
  for (const std::uint32_t at : {0x0U, 0x1000U, 0x8000U, 0x9000U, 0x11000U, 0x20004U}) {
    CAPTURE(at);
    CHECK(code({{"app", app("esp32c3"), at}}) == "image.misplaced");
  }
  CHECK(code({{"app", app("esp32c3"), 0x20000}}) == "ok");
  CHECK(message({"app", app("esp32c3"), 0}).find("boot loader") != std::string::npos);
  // Force goes on.
  FirmwareSet set = set_of({{"notes.txt", text("any"), {}, "factory"}});
  CHECK(code(set, forced(known)) == "ok");
  CHECK(has_notice(set, "image.misplaced"));
}
