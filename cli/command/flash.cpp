#include "command/commands.hpp"
#include "command/flash_verbs.hpp"
#include "command/targets.hpp"
#include "render/envelope.hpp"

namespace aiot::cli::command {
namespace {

Positional address_argument() {
  return {.name = "ADDRESS",
          .help =
              "a device: /dev/ttyUSB0, serial:/dev/ttyACM0, usb:10c4:ea60, "
              "rfc2217://host:4000, tcp://host:5555",
          .min = 0,
          .max = 0,
          .complete = Complete::address};
}

Positional image_argument() {
  return {.name = "IMAGE",
          .help =
              "a file, FILE@OFFSET or FILE@PARTITION: application, boot loader, merged image, "
              "ELF, Intel HEX, partition table, or the folder of an ESP-IDF build",
          .min = 0,
          .max = 0,
          .complete = Complete::file};
}

/// How to talk to the devices.
std::vector<Option> session_options() {
  return {
      {.names = "-c,--chip",
       .value = "CHIP",
       .help = "Insist on this chip, such as esp32c3; any by default",
       .key = "flash.chip"},
      {.names = "-b,--baud",
       .value = "BPS",
       .help = "Serial speed; by default the fastest that works is found",
       .key = "flash.baud"},
      {.names = "--before",
       .value = "HOW",
       .help = "How to bring the chip into its loader",
       .key = "flash.before",
       .choices = {{"auto", "by the link", {"default-reset"}},
                   {"classic", "DTR and RTS of a bridge"},
                   {"usb-jtag", "the chip's own USB", {"usb-reset"}},
                   {"none", "it is there already", {"no-reset", "no-reset-no-sync"}}}},
      {.names = "--after",
       .value = "WHAT",
       .help = "What to leave behind",
       .key = "flash.after",
       .choices = {{"reset", "the application runs", {"hard-reset", "watchdog-reset"}},
                   {"loader", "the loader waits", {"no-reset", "no-reset-stub"}}}},
      {.names = "--no-stub", .help = "Talk to the chip's ROM; slower, and it cannot do everything"},
      {.names = "--stub",
       .value = "DIR",
       .help = "Take flasher stubs from DIR",
       .key = "flash.stub_dir",
       .complete = Complete::folder},
      {.names = "--trace",
       .value = "FILE",
       .help = "Write every byte on the wire to FILE, with times; %d is the device's number, for "
               "several",
       .complete = Complete::file},
      {.names = "-f,--force", .help = "Go on where a check refuses and it can make sense"},
  };
}

/// What to change in the bootloader's header.
std::vector<Option> header_options() {
  return {
      {.names = "--flash-mode",
       .value = "MODE",
       .help = "Set the flash mode in the boot loader's header",
       .choices = {{"keep"}, {"qio"}, {"qout"}, {"dio"}, {"dout"}}},
      {.names = "--flash-freq",
       .value = "FREQ",
       .help = "Set the flash frequency in it: keep, 80m, 40m, 26m, 20m, …"},
      {.names = "--flash-size",
       .value = "SIZE",
       .help = "Set the flash size in it: keep, 4MB, …, or detect for the device's own"},
  };
}

/// Which part of the flash.
std::vector<Option> region_options() {
  return {
      {.names = "-p,--partition",
       .value = "NAME",
       .help = "The partition of this name in the device's own table"},
      {.names = "--offset", .value = "BYTES", .help = "Where the part begins: 0x10000, 64k"},
      {.names = "--size", .value = "BYTES", .help = "How long it is; with --offset"},
      {.names = "-a,--all", .help = "The whole flash"},
  };
}

std::vector<Option> write_options() {
  return together({{
                       {.names = "--full",
                        .help = "Write every sector, also those that hold the bytes already"},
                       {.names = "--erase-all", .help = "Erase the whole chip first"},
                       {.names = "--no-verify", .help = "Do not compare afterwards"},
                       {.names = "--expect",
                        .value = "REGEX",
                        .help = "After the reset, wait for a line of the console that matches"},
                       {.names = "--fail-on",
                        .value = "REGEX",
                        .help = "After the reset, fail at a line of the console that matches"},
                       {.names = "--within",
                        .value = "TIME",
                        .help = "How long --expect and --fail-on read the console, 20s by default"},
                       {.names = "--console-baud",
                        .value = "BPS",
                        .help = "The console's speed, where it is not the port's"},
                   },
                   device_options(),
                   session_options(),
                   header_options()});
}

Command write_verb() {
  return {
      .name = "write",
      .summary = "write images, verify them, and start the application",
      .description =
          "Only what differs is written: the device hashes its own flash, so no old file is "
          "needed. A write that does not begin or end on a sector keeps its neighbours' bytes. "
          "Each device is identified again right before it is changed, and one device's failure "
          "does not stop the others.",
      .positionals = {address_argument(), image_argument()},
      .options = write_options(),
      .common = "--expect --fail-on --within --each --devices --jobs --chip --baud --force",
      .examples = {{"flash write /dev/ttyUSB0 build/", "Everything an ESP-IDF build made"},
                   {"flash write /dev/ttyUSB0 boot.bin@0x1000 parts.bin@0x8000 app.bin@0x10000",
                    "Three files at their offsets"},
                   {"flash write /dev/ttyUSB0 factory.bin@nvs",
                    "One partition, by its name in the device's own table"},
                   {"flash write /dev/ttyUSB0 build/ nvs-{mac}.bin@nvs --expect 'app: ready'",
                    "Also this device's own settings; then check that its application starts"},
                   {"flash write --each usb:10c4:ea60 merged.bin --json",
                    "Every board on a CP2102 adapter at once, with JSON results"}},
      .handler = flash_write,
      .lists = render::lists_of<flash::Report<flash::WriteResult>>,
  };
}

Command read_verb() {
  return {
      .name = "read",
      .summary = "read flash into a file",
      .description =
          "With several devices, {mac} or {n} in the file's name distinguishes them. "
          "`-o -` writes the bytes to standard output.",
      .positionals = {address_argument()},
      .options = together({{{.names = "-o,--output",
                             .value = "FILE",
                             .help = "Where the bytes go (needed)",
                             .complete = Complete::file}},
                           region_options(),
                           device_options(),
                           session_options()}),
      .common = "--output --partition --offset --size --all --each --devices --jobs",
      .examples = {{"flash read /dev/ttyUSB0 --all -o backup.bin", "A full backup"},
                   {"flash read /dev/ttyUSB0 -p nvs -o nvs.bin", "One partition"},
                   {"flash read --each usb:303a:1001 --all -o backup-{mac}.bin",
                    "Every board, each into its own file"}},
      .handler = flash_read,
      .lists = render::lists_of<flash::Report<flash::ReadResult>>,
  };
}

Command verify_verb() {
  return {
      .name = "verify",
      .summary = "compare images with what the flash holds",
      .description = "Changes nothing. A difference ends with exit code 9 and names the region.",
      .positionals = {address_argument(), image_argument()},
      .options = together({device_options(), session_options(), header_options()}),
      .common = "--each --devices --jobs --chip --baud",
      .examples = {{"flash verify /dev/ttyUSB0 build/", "Is this build on the device?"}},
      .handler = flash_verify,
      .lists = render::lists_of<flash::Report<flash::VerifyResult>>,
  };
}

Command erase_verb() {
  return {
      .name = "erase",
      .summary = "erase a region, a partition or the whole chip",
      .description =
          "A partition or the whole chip needs a confirmation: on a terminal it asks, "
          "elsewhere it needs --yes and ends with exit code 11 without.",
      .positionals = {address_argument()},
      .options = together({region_options(), device_options(), session_options()}),
      .common = "--partition --offset --size --all --each --devices --jobs",
      .examples = {{"flash erase /dev/ttyUSB0 -p nvs", "Forget all settings, after asking"},
                   {"flash erase /dev/ttyUSB0 --all --yes", "The whole chip, without asking"},
                   {"flash erase /dev/ttyUSB0 --offset 0x110000 --size 64k", "A region"}},
      .handler = flash_erase,
      .lists = render::lists_of<flash::Report<flash::EraseResult>>,
  };
}

Command info_verb() {
  return {
      .name = "info",
      .summary = "identify the connected chip",
      .description =
          "Chip, revision, MAC, flash, security settings, partitions, and the "
          "application's version. Changes nothing.",
      .positionals = {address_argument()},
      .options = together({device_options(), session_options()}),
      .common = "--each --devices --jobs --chip --baud",
      .examples = {{"flash info /dev/ttyUSB0", "One device"},
                   {"flash info --each 'usb:*:*' --json", "Everything on USB, as JSON"}},
      .handler = flash_info,
      .lists = render::lists_of<flash::Report<flash::InfoResult>>,
  };
}

Command reset_verb() {
  return {
      .name = "reset",
      .summary = "restart the application, or enter the loader with --after loader",
      .description = "",
      .positionals = {address_argument()},
      .options = together({device_options(), session_options()}),
      .common = "--after --each --devices --jobs",
      .examples = {{"flash reset /dev/ttyUSB0", "Start the application again"}},
      .handler = flash_reset,
      .lists = render::lists_of<flash::Report<flash::ResetResult>>,
  };
}

Command image_verb() {
  return {
      .name = "image",
      .summary = "explain a firmware file, or convert it; needs no device",
      .description =
          "Says what a file is: segments, entry point, chip, checksum, SHA-256, "
          "application, partitions. A damaged file is explained as far as it goes, and "
          "ends with exit code 3.",
      .positionals = {{.name = "FILE", .help = "any firmware file", .complete = Complete::file}},
      .options = together(
          {{{.names = "--convert",
             .value = "FORM",
             .help = "Write it in another form, to --output",
             .choices = {{"raw", "flash bytes"},
                         {"hex", "Intel HEX"},
                         {"elf-segments", "a folder with a file a segment"},
                         {"esp-image", "what the boot loader starts"},
                         {"partition-csv", "a partition table as text"},
                         {"partition-table", "as the device reads it"}}},
            {.names = "-o,--output",
             .value = "FILE",
             .help = "Where the converted file goes",
             .complete = Complete::file},
            {.names = "--offset",
             .value = "BYTES",
             .help = "Where in flash a raw file begins, for hex"},
            {.names = "--fill", .value = "BYTE", .help = "Fill gaps with this byte, for raw"},
            {.names = "-c,--chip",
             .value = "CHIP",
             .help = "The chip, for esp-image, where the ELF does not tell"}},
           header_options()}),
      .examples = {{"flash image firmware.bin", "What is this file?"},
                   {"flash image app.elf --convert hex -o app.hex", "ELF to Intel HEX"}},
      .handler = flash_image,
      .lists = render::lists_of<firmware::Explanation, firmware::ConvertResult>,
  };
}

Command merge_verb() {
  return {
      .name = "merge",
      .summary = "make one image of many; needs no device",
      .description = "The gaps are filled with 0xFF. Files that overlap are refused.",
      .positionals = {{.name = "IMAGE",
                       .help = "a file, FILE@OFFSET, or the folder of an ESP-IDF build",
                       .min = 1,
                       .max = 0,
                       .complete = Complete::file}},
      .options =
          together({{{.names = "-o,--output",
                      .value = "FILE",
                      .help = "Where the image goes (needed)",
                      .complete = Complete::file},
                     {.names = "-c,--chip",
                      .value = "CHIP",
                      .help = "The chip, where the images do not tell"},
                     {.names = "--fill", .value = "BYTE", .help = "Fill gaps with this byte"},
                     {.names = "--pad-to",
                      .value = "SIZE",
                      .help = "Fill the end up to this size, such as 4MB"},
                     {.names = "--base",
                      .value = "BYTES",
                      .help = "Flash offset of the output's first byte"},
                     {.names = "--keep-existing", .help = "Fail where the output exists already"}},
                    header_options()}),
      .common = "--output --chip --pad-to",
      .examples = {{"flash merge -o factory.bin build/", "One file of a whole build"},
                   {"flash merge -o out.bin boot.bin@0x1000 app.bin@0x10000 --pad-to 4MB",
                    "Files at their offsets, padded to the chip's size"}},
      .handler = flash_merge,
      .lists = render::lists_of<firmware::MergeResult>,
  };
}

}  // namespace

Command flash() {
  Command c = write_verb();
  c.name = "flash";
  c.summary = "write, read, verify and explain the flash of ESP devices";
  c.description =
      "With addresses and images but no verb: write, verify, and start the "
      "application, as `flash write` does.\n\n" +
      c.description;
  c.examples = {{"flash /dev/ttyUSB0 build/", "Write what an ESP-IDF build made, and start it"},
                {"flash /dev/ttyUSB0 firmware.bin", "One image; it says itself where it goes"},
                {"flash info /dev/ttyUSB0", "See what is connected"},
                {"flash read /dev/ttyUSB0 --all -o backup.bin", "Back up before trying things"}};
  c.commands = {write_verb(), read_verb(),  verify_verb(), erase_verb(),
                info_verb(),  reset_verb(), image_verb(),  merge_verb()};
  return c;
}

}  // namespace aiot::cli::command
