#include "render/schema_firmware.hpp"

#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Field kind(std::string doc) {
  return one_of("kind", std::move(doc),
                {"esp-app", "esp-bootloader", "merged", "partition-table", "elf", "intel-hex",
                 "flasher-args", "raw"});
}

Fields app_fields() {
  return {text("project", "the application's name"),
          text("version", "its version"),
          text("date", "when it was compiled"),
          text("time", "when it was compiled"),
          text("idf_version", "the ESP-IDF it was built with"),
          whole("secure_version", "for anti-rollback"),
          text("elf_sha256", "of the ELF file it was made from, hexadecimal"),
          text("min_efuse_block_revision", "such as 0.0"),
          text("max_efuse_block_revision", "such as 0.99"),
          optional(whole("mmu_page_bytes", "size of a page of mapped flash"))};
}

Fields image_fields() {
  return {
      text("chip", "such as esp32c3; empty when unknown"),
      optional(whole("chip_id", "as the extended header has it")),
      whole("version", "of the image format"),
      whole("entry", "the address where it starts"),
      text("flash_mode", "such as dio; empty when its code has no name"),
      text("flash_freq", "such as 40m; empty when its code has no name"),
      text("flash_size", "such as 4MB; empty when its code has no name"),
      list("segments", "what is loaded or mapped",
           {whole("index", "from 0"), whole("address", "where it goes"),
            whole("size_bytes", "its size"),
            whole("offset", "of its header, from the image's start"),
            words("memory", "what is at that address, such as IRAM")}),
      optional(text("checksum", "as stored, such as 0x1f")),
      yes_no("checksum_valid", "it is that of the segments"),
      yes_no("sha256_appended", "a SHA-256 follows the checksum"),
      optional(text("sha256", "as stored, hexadecimal")),
      optional(yes_no("sha256_valid", "it is that of the image")),
      whole("image_bytes", "the image's own length"),
      whole("trailing_bytes", "what follows it in the file"),
      optional(text("min_revision", "of the chip, such as 0.3")),
      optional(text("max_revision", "of the chip, such as 3.99")),
      optional(whole("min_revision_legacy", "of the chip, as older boot loaders read it")),
      optional(whole("wp_pin", "238: none")),
      optional(object("drive", "how hard the flash pins are driven",
                      {whole("clk", ""), whole("q", ""), whole("d", ""), whole("cs", ""),
                       whole("hd", ""), whole("wp", "")})),
      optional(object("app", "the application's description", app_fields())),
      optional(object(
          "bootloader", "the boot loader's description",
          {whole("version", "its version"), text("idf_version", "the ESP-IDF it was built with"),
           text("compiled", "date and time")})),
  };
}

Fields partition_fields() {
  return {text("name", "its name"),
          text("type", "app, data, or a number"),
          text("subtype", "such as factory, ota_0, nvs"),
          whole("offset", "in flash"),
          whole("size_bytes", "its size"),
          words("flags", "encrypted, readonly")};
}

Fields elf_fields() {
  return {text("machine", "such as xtensa or riscv"), optional(text("chip", "such as esp32c3")),
          whole("entry", "the address where it starts"),
          list("sections", "those that have contents and an address",
               {text("name", "such as .text"), whole("address", "where it goes"),
                whole("size_bytes", "its size"), whole("offset", "in the file")}),
          list("segments", "the program headers",
               {whole("address", "where it runs"), whole("physical_address", "where it is loaded"),
                whole("offset", "in the file"), whole("size_bytes", "in the file"),
                whole("memory_bytes", "in memory"), text("flags", "such as r-x")})};
}

Fields build_fields() {
  return {text("chip", "such as esp32c3"), text("flash_mode", "such as dio"),
          text("flash_freq", "such as 40m"), text("flash_size", "such as 4MB"),
          list("files", "in the order of their offsets",
               {whole("offset", "in flash"), text("path", "as the file has it"),
                optional(whole("size_bytes", "when it can be read"))})};
}

}  // namespace

Schema image_schema() {
  return {
      "aiot.image/1",
      "What `aiotctl flash image` found in a file",
      true,
      {text("file", "its path"), kind("what it is"), whole("size_bytes", "its size"),
       text("sha256", "of the whole file, hexadecimal"),
       optional(object("image", "an ESP image, or a merged file's boot loader", image_fields())),
       optional(list("parts", "what lies in the partitions of a merged file",
                     {text("name", "the partition"), kind("what lies there"),
                      whole("offset", "in flash"), whole("size_bytes", "of the file's share"),
                      optional(object("image", "of an application", image_fields()))})),
       optional(list("partitions", "a partition table, also in a merged file", partition_fields())),
       optional(one_of("table_md5", "of a partition table", {"valid", "absent"})),
       optional(object("elf", "of an ELF file", elf_fields())),
       optional(list("ranges", "of an Intel HEX file",
                     {whole("address", "where it goes"), whole("size_bytes", "its size")})),
       optional(whole("entry", "of an Intel HEX file that names one")),
       optional(object("build", "of a flasher_args.json", build_fields())),
       list("problems", "what is wrong with it",
            {text("code", "stable, dotted"), text("text", "for people")})}};
}

Schema merge_schema() {
  return {"aiot.merge/1",
          "What `aiotctl flash merge` wrote",
          true,
          {text("output", "the file"), text("chip", "such as esp32c3; empty when none matters"),
           whole("base_offset", "where the file begins in flash"), whole("size_bytes", "its size"),
           text("sha256", "of the file, hexadecimal"),
           optional(yes_no("dry_run", "nothing was written")),
           list("pieces", "what it holds",
                {text("name", "the file it came from"), kind("what it is"),
                 optional(whole("offset", "in flash")), whole("size_bytes", "its size")}),
           list("notices", "what is worth knowing",
                {text("code", "stable, dotted"), text("text", "for people"),
                 text("hint", "what to do next; may be empty")})}};
}

Schema convert_schema() {
  return {"aiot.convert/1",
          "What `aiotctl flash image --convert` wrote",
          true,
          {text("input", "the file"), text("output", "the file, or the folder"),
           one_of("to", "the form",
                  {"raw", "hex", "elf-segments", "esp-image", "partition-csv", "partition-table"}),
           optional(yes_no("dry_run", "nothing was written")),
           list("files", "what was written",
                {text("path", "the file"), optional(whole("address", "of its first byte")),
                 whole("size_bytes", "its size"), text("sha256", "hexadecimal")})}};
}

}  // namespace aiot::cli::render
