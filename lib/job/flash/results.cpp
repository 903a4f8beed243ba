#include <array>

#include "aiot/flash.hpp"

namespace aiot::flash {
namespace {

constexpr std::array<std::string_view, 2> loader_names = {"rom", "stub"};
constexpr std::array operations = {WriteResult::operation,  ReadResult::operation,
                                   VerifyResult::operation, EraseResult::operation,
                                   InfoResult::operation,   ResetResult::operation};

void describe_device(FieldVisitor& v, DeviceInfo& info) {
  v("chip", info.chip, "such as esp32c3", Presence::if_set);
  v("revision", info.revision, "such as v3.0", Presence::if_set);
  v("mac", info.mac, "lower case, with colons", Presence::if_set);
  v("security", info.security, "security settings, from the eFuses");
  v("flash", info.flash, "the flash chip");
  v.choice("loader", info.loader, loader_names, "the loader that was used");
  v("baud_bps", info.baud_bps, "the rate that was used", Presence::if_set);
}

void describe_work(FieldVisitor& v, DeviceInfo& info) {
  v("attempts", info.attempts, "needed to succeed, when more than one", Presence::if_set);
  v("seconds", info.seconds, "time that this device took", Presence::if_set);
}

}  // namespace

SchemaInfo schema_of(const DeviceInfo&) {
  return {"aiot.flash/1",
          "Result of `aiotctl flash write`, `read`, `verify`, `erase`, `info` and `reset`"};
}

void describe_operation(FieldVisitor& v, std::string_view operation) {
  std::string name(operation);
  v.one_of("operation", name, operations, "the verb");
}

void describe(FieldVisitor& v, SecuritySettings& security) {
  v("secure_boot", security.secure_boot, "only signed applications start");
  v("flash_encryption", security.flash_encryption, "flash is read through a cipher");
  v("secure_download", security.secure_download, "the ROM loader offers few commands");
}

void describe(FieldVisitor& v, FlashChip& flash) {
  v("manufacturer", flash.manufacturer, "JEDEC id, hexadecimal");
  v("device", flash.device, "JEDEC id, hexadecimal");
  v("size_bytes", flash.size_bytes, "0 when the chip does not report it");
}

void describe(FieldVisitor& v, AppInfo& app) {
  v("project", app.project, "name of the application");
  v("version", app.version, "version of the application");
  v("compiled", app.compiled, "date and time of the build");
  v("idf_version", app.idf_version, "version of the ESP-IDF that it was built with");
  v("secure_version", app.secure_version, "for anti-rollback");
}

void describe(FieldVisitor& v, PartitionInfo& partition) {
  v("name", partition.name, "its name");
  v("type", partition.type, "app, data, or a number");
  v("subtype", partition.subtype, "such as factory, ota_0, nvs");
  v("offset", partition.offset, "in flash");
  v("size_bytes", partition.size_bytes, "its size");
  v("encrypted", partition.encrypted, "with flash encryption");
  v("app", partition.app, "the application in it, by its own description");
}

void describe(FieldVisitor& v, FlashRange& range) {
  v("name", range.name, "the partition, chip, or the bounds");
  v("offset", range.offset, "in flash");
  v("size_bytes", range.size_bytes, "its size");
}

void describe(FieldVisitor& v, ImageFile& file) {
  v("name", file.name, "the file");
  v("offset", file.offset, "in flash");
  v("size_bytes", file.size_bytes, "its size");
  v("partition", file.partition, "where it went, when named", Presence::if_set);
  v("equal", file.equal, "verify: the flash holds it");
}

void describe(FieldVisitor& v, BootResult& boot) {
  v("ok", boot.ok, "the application started as expected");
  v.text("matched", boot.matched, "the console's line that decided", Presence::if_set);
  v("seconds", boot.seconds, "from the reset to the verdict");
  v.text("console", boot.console, "after a failure: the last lines");
}

void describe(FieldVisitor& v, WriteResult& result) {
  describe_device(v, result);
  v("verified", result.verified, "the flash was compared with the images");
  v("files", result.files, "write, verify: one for each image", Presence::if_set);
  v("size_bytes", result.size_bytes, "of all images, or of the region that is read or erased");
  v("sectors", result.sectors, "write: sectors that the images touch");
  v("sectors_written", result.sectors_written, "write: sectors that differed");
  v("sent_bytes", result.sent_bytes, "write: bytes sent, compressed");
  v("dry_run", result.dry_run, "nothing was changed");
  v("boot", result.boot, "write: what the application printed after the reset");
  describe_work(v, result);
}

void describe(FieldVisitor& v, VerifyResult& result) {
  describe_device(v, result);
  v("files", result.files, "write, verify: one for each image", Presence::if_set);
  v("verified", result.verified, "the flash holds all files");
  describe_work(v, result);
}

void describe(FieldVisitor& v, ReadResult& result) {
  describe_device(v, result);
  v("region", result.region, "read, erase: the part of the flash");
  v("dry_run", result.dry_run, "nothing was read");
  v("size_bytes", result.size_bytes, "of the region that is read");
  v("output", result.output, "read: the file", Presence::if_set);
  v("md5", result.md5, "read: of the bytes, hexadecimal", Presence::if_set);
  describe_work(v, result);
}

void describe(FieldVisitor& v, EraseResult& result) {
  describe_device(v, result);
  v("region", result.region, "read, erase: the part of the flash");
  v("dry_run", result.dry_run, "nothing was erased");
  v("size_bytes", result.size_bytes, "of the region that is erased");
  describe_work(v, result);
}

void describe(FieldVisitor& v, InfoResult& result) {
  describe_device(v, result);
  v("app", result.app, "info: the application that starts, by its own description");
  v("partitions", result.partitions, "info: the device's own partition table");
  describe_work(v, result);
}

void describe(FieldVisitor& v, ResetResult& result) {
  v("dry_run", result.dry_run, "nothing was reset");
  describe_device(v, result);
  describe_work(v, result);
}

}  // namespace aiot::flash
