#include "aiot/firmware.hpp"

#include <doctest/doctest.h>

#include "elf_builder.hpp"
#include "files.hpp"
#include "image/esp_image.hpp"
#include "image/intel_hex.hpp"
#include "make-images/sample.hpp"
#include "temporary_folder.hpp"

using namespace aiot;
using firmware::Explanation;
using firmware::Kind;
using image::find_chip;

namespace {

Bytes sample_app() {
  sample::AppRequest request;
  request.chip = find_chip("esp32c3");
  request.size_bytes = 32 * 1024;
  request.version = "7.8.9";
  return *sample::make_application(request);
}

}  // namespace

TEST_CASE("explain: an application, as the vendor's tool would") {
  const char* folder = std::getenv("AIOT_TEST_DATA");
  if (!test::real_image("esp_idf_blink_esp32s2.bin")) return;
  const auto record =
      firmware::explain(std::string(folder) + "/esp-images/esp_idf_blink_esp32s2.bin");
  REQUIRE(record.has_value());
  CHECK(schema_of(*record).name == "aiot.image/1");
  CHECK(record->kind == Kind::application);
  CHECK(record->sha256 ==
        "a62c4d60cfab37953fd76124fa93ea5bafa3e2962fd75ad933b2a75b4d941d12");
  CHECK(record->image->chip == "esp32s2");
  CHECK(record->image->flash_mode == "dio");
  CHECK(record->image->flash_freq == "80m");
  CHECK(record->image->flash_size == "2MB");
  CHECK(record->image->entry == 0x40022f84);
  CHECK(record->image->checksum == "0x18");
  CHECK(record->image->checksum_valid);
  CHECK(record->image->sha256_valid == true);
  CHECK(record->image->app->project == "blink");
  CHECK(record->problems.empty());
  const auto& segments = record->image->segments;
  REQUIRE(segments.size() == 6);
  CHECK(segments[3].address == 0x40080020);
  CHECK(segments[3].size_bytes == 0x15ce8);
  CHECK(segments[3].offset == 0x10018);
  CHECK(segments[3].memory.front() == "IROM");
}

TEST_CASE("explain: every kind of file, and damage") {
  const test::TemporaryFolder folder;
  const auto explain = [&](const std::string& name, ByteSpan data) {
    auto record = firmware::explain(folder.put(name, data));
    REQUIRE(record.has_value());
    return *std::move(record);
  };
  Bytes app = sample_app();
  CHECK(explain("app", app).image->app->version == "7.8.9");
  app[40] ^= 1;
  Explanation damaged = explain("bad", app);
  CHECK_FALSE(damaged.image->checksum_valid);
  CHECK(damaged.image->sha256_valid == false);
  CHECK(damaged.problems[0].code == "image.checksum");
  app.resize(5000);
  damaged = explain("cut", app);
  CHECK(damaged.kind == Kind::application);
  CHECK(damaged.problems[0].code == "image.truncated");

  const Explanation csv = explain("t.csv", as_bytes(sample::partitions_csv(0)));
  CHECK(csv.kind == Kind::partition_table);
  CHECK(csv.partitions->size() == 5);
  CHECK(csv.table_md5 == firmware::TableMd5::valid);
  const Explanation wrong = explain("u.csv", as_bytes("a,b,c"));
  CHECK(wrong.problems[0].code == "image.csv");

  const Explanation elf =
      explain("x.elf", test::build_elf(243, 0x40380000, {{".text", 0x40380000, {1, 2, 3, 4}}}));
  CHECK(elf.kind == Kind::elf);
  CHECK(elf.elf->machine == "riscv");
  CHECK(elf.elf->sections.size() == 1);
  const Explanation hex = explain("x.hex", as_bytes(":0100100055 9A\n:00000001FF\n"));
  CHECK(hex.kind == Kind::intel_hex);
  CHECK(hex.problems.size() == 1);
  CHECK(explain("y.hex", as_bytes(":01001000559A\n:00000001FF\n")).ranges->size() == 1);
  CHECK(explain("raw", as_bytes("hello")).kind == Kind::raw);
  CHECK(explain("none", {}).problems.size() == 1);

  folder.put("build/app.bin", sample_app());
  folder.put("build/flasher_args.json",
             R"({"flash_files": {"0x10000": "app.bin", "0": "missing.bin"}})");
  const auto build = firmware::explain(folder.path("build"));
  REQUIRE(build.has_value());
  CHECK(build->kind == Kind::flasher_args);
  CHECK(build->build->files.size() == 2);
  CHECK(build->problems.size() == 1);
  CHECK(firmware::explain(folder.path("no")).error().condition() == Condition::invalid_input);
}

TEST_CASE("merge: one image of many, explained again") {
  const test::TemporaryFolder folder;
  firmware::MergeRequest request;
  request.output = folder.path("all.bin");
  request.images = {
      {folder.put("app", sample_app()), {}, ""},
      {folder.put("boot", *sample::make_bootloader(*find_chip("esp32c3"), 1)), {}, ""},
      {folder.put("t.csv", sample::partitions_csv(0)), {}, ""},
      {folder.put("fs", "data"), {}, "storage"}};
  request.header.size = "2MB";
  const auto record = firmware::merge(request);
  REQUIRE(record.has_value());
  CHECK(record->chip == "esp32c3");
  CHECK(record->pieces.size() == 4);
  const Bytes all = test::read_all(request.output);
  CHECK(all.size() == 0x110004);
  CHECK(record->size_bytes == all.size());
  CHECK((all[3] & 0xF0) == 0x10);
  CHECK(all[0x7000] == 0xFF);
  CHECK(Bytes(all.begin() + 0x10000, all.begin() + 0x18000) == sample_app());
  CHECK(to_string(ByteSpan(all).subspan(0x110000)) == "data");

  const auto explained = firmware::explain(request.output);
  CHECK(explained->kind == Kind::merged);
  CHECK(explained->problems.empty());
  CHECK(explained->partitions->size() == 5);
  CHECK(explained->image->chip == "esp32c3");
  bool found = false;
  for (const firmware::MergedPart& part : *explained->parts) {
    if (part.name != "factory") continue;
    CHECK(part.image->app->version == "7.8.9");
    found = true;
  }
  CHECK(found);

  // Whole at the first try, and refused the second.
  request.overwrite = false;
  CHECK(firmware::merge(request).error().condition() == Condition::resource);
  request.overwrite = true;
  request.pad_to = 4 << 20;
  REQUIRE(firmware::merge(request).has_value());
  CHECK(test::read_all(request.output).size() == 0x400000);
  request.pad_to = 0;
  request.base = 0x10;
  CHECK(firmware::merge(request).error().stable_code() == "image.size");
}

TEST_CASE("merge: raw bytes, gaps, and what cannot be") {
  const test::TemporaryFolder folder;
  firmware::MergeRequest request;
  request.output = folder.path("out");
  request.fill = 0xAA;
  request.base = 0x100;
  request.images = {{folder.put("b", "B"), 0x104, ""}, {folder.put("a", "A"), 0x101, ""}};
  REQUIRE(firmware::merge(request).has_value());
  CHECK(test::read_all(request.output) == Bytes{0xAA, 'A', 0xAA, 0xAA, 'B'});
  request.images[0].offset = 0x101;
  CHECK(firmware::merge(request).error().stable_code() == "image.overlap");
  request.images[0].offset = std::nullopt;
  CHECK(firmware::merge(request).error().stable_code() == "image.unknown_chip");
  request.images[0].offset = 0xFFFFFFF0;
  CHECK(firmware::merge(request).error().stable_code() == "image.large");
  request.chip = "esp99";
  CHECK(firmware::merge(request).error().condition() == Condition::usage);
  CHECK(firmware::merge({}).error().condition() == Condition::invalid_input);
}

TEST_CASE("convert between raw, HEX, ELF segments and tables") {
  const test::TemporaryFolder folder;
  const auto convert = [&](const std::string& input, const std::string& output,
                           const std::string& to, std::uint64_t offset = 0) {
    firmware::ConvertRequest request;
    request.input = input;
    request.output = folder.path(output);
    request.to = to;
    request.offset = offset;
    request.fill = 0x11;
    const auto record = firmware::convert(request);
    return record ? "ok" : record.error().stable_code();
  };
  const auto read = [&](const std::string& name) { return test::read_all(folder.path(name)); };
  const std::string raw = folder.put("raw", "data");
  CHECK(convert(raw, "a.hex", "hex", 0x10000) == "ok");
  CHECK(to_string(read("a.hex")) ==
        ":020000040001F9\n:0400000064617461"
        "62\n:00000001FF\n");
  CHECK(convert(folder.path("a.hex"), "back", "raw") == "ok");
  CHECK(to_string(read("back")) == "data");

  const std::string elf = folder.put("x.elf", test::build_elf(243, 0x40380000,
                                                              {{".text", 0x40380000, {1, 2, 3, 4}},
                                                               {".data", 0x40380006, {5, 6}}}));
  CHECK(convert(elf, "x.raw", "raw") == "ok");
  CHECK(read("x.raw") == Bytes{1, 2, 3, 4, 0x11, 0x11, 5, 6});
  CHECK(convert(elf, "parts", "elf-segments") == "ok");
  CHECK(read("parts/0x40380000.bin") == Bytes{1, 2, 3, 4});
  CHECK(read("parts/0x40380006.bin") == Bytes{5, 6});
  CHECK(convert(elf, "x.hex", "hex") == "ok");
  CHECK(image::parse_intel_hex(to_string(read("x.hex")))->entry == 0x40380000);
  CHECK(convert(elf, "x.bin", "esp-image") == "image.unknown_chip");
  firmware::ConvertRequest request;
  request.input = elf;
  request.output = folder.path("x.bin");
  request.to = "esp-image";
  request.chip = "esp32c3";
  request.header = {"qio", "80m", "8MB"};
  REQUIRE(firmware::convert(request).has_value());
  const auto made = image::parse_esp_image(read("x.bin"));
  REQUIRE(made.has_value());
  CHECK(made->intact());
  CHECK(made->size_freq == 0x3F);

  const std::string csv = folder.put("t.csv", sample::partitions_csv(0));
  CHECK(convert(csv, "t.bin", "partition-table") == "ok");
  CHECK(convert(folder.path("t.bin"), "t2.csv", "partition-csv") == "ok");
  CHECK(convert(folder.path("t2.csv"), "t2.bin", "partition-table") == "ok");
  CHECK(read("t2.bin") == read("t.bin"));

  CHECK(convert(raw, "x", "pdf") == "image.unsupported");
  CHECK(convert(raw, "x", "esp-image") == "image.format");
  CHECK(convert(raw, "x", "hex", 0xFFFFFFFE) == "image.size");
  CHECK(convert(folder.path("no"), "x", "hex") == "image.unreadable");
  CHECK(convert(folder.put("far.hex",
                           ":0100000001FE\n:020000048000"
                           "7A\n:0100000001FE\n:00000001FF\n"),
                "x", "raw") == "image.large");
  CHECK_FALSE(std::filesystem::exists(folder.path("x")));
}

TEST_CASE("sample firmware is valid on every chip, and the same each time") {
  for (const image::EspChip& chip : image::esp_chips()) {
    if (!chip.image_id) continue;
    CAPTURE(chip.name);
    sample::AppRequest request;
    request.chip = &chip;
    request.size_bytes = 100000;
    const auto app = sample::make_application(request);
    REQUIRE(app.has_value());
    CHECK(app->size() == 100000);
    const auto info = image::parse_esp_image(*app);
    CHECK(info->intact());
    CHECK(info->chip == &chip);
    CHECK(info->app->version == "1.0.0");
    for (const image::EspSegment& s : info->segments) {
      CHECK_FALSE(chip.memory_names(s.address).empty());
      if (chip.is_flash(s.address)) CHECK(s.data_offset() % 0x10000 == s.address % 0x10000);
    }
    const auto boot = sample::make_bootloader(chip, 1);
    CHECK(image::parse_esp_image(*boot)->kind() == image::EspImageKind::bootloader);
    CHECK(image::parse_esp_image(*boot)->boot.has_value());
    CHECK(boot->size() > 20000);
    CHECK(boot->size() < 0x6000);
  }
  CHECK(to_hex(crypto::sha256(sample::make_code_like(100000, 1))) ==
        "b8ae47313e502e0f569da77926cada6ae0899223f6412005ab1aa4ee52ffd007");
}
