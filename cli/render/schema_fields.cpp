#include <algorithm>

#include "render/schema_firmware.hpp"
#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Fields app_fields() {
  return {text("project", "the application's name"), text("version", "its version"),
          text("idf_version", "the ESP-IDF it was built with"),
          whole("secure_version", "for anti-rollback")};
}

Fields partition_fields() {
  return {text("name", "its name"),
          text("type", "app, data, or a number"),
          text("subtype", "such as factory, ota_0, nvs"),
          whole("offset", "in flash"),
          whole("size_bytes", "its size"),
          optional(yes_no("encrypted", "with flash encryption")),
          optional(object("app", "the application in it, as far as it says", app_fields()))};
}

Fields device_fields() {
  return {
      text("device", "the address, as it was found or given"),
      yes_no("ok", "true when all was done"),
      optional(text("code", "what failed, when it did: see errors")),
      optional(text("step", "the step that failed")),
      optional(text("chip", "such as esp32c3")),
      optional(text("revision", "such as v3.0")),
      optional(text("mac", "lower case, with colons")),
      optional(object("security", "its settings",
                      {yes_no("secure_boot", "only signed applications start"),
                       yes_no("flash_encryption", "flash is read through a cipher"),
                       yes_no("secure_download", "the loader offers little")})),
      optional(object(
          "flash", "its flash chip",
          {text("manufacturer", "JEDEC id, hexadecimal"), text("device", "JEDEC id, hexadecimal"),
           whole("size_bytes", "0 when it does not tell")})),
      optional(text("loader", "who was talked to: rom or stub")),
      optional(whole("baud_bps", "the rate that was used")),
      optional(list(
          "files", "write, verify: one for each image",
          {text("name", "the file"), whole("offset", "in flash"), whole("size_bytes", "its size"),
           optional(text("partition", "where it went, when named")),
           optional(yes_no("equal", "verify: the flash holds it"))})),
      optional(
          whole("size_bytes", "of all the images, or of what was (or would be) read or erased")),
      optional(whole("sectors", "write: sectors that the images touch")),
      optional(whole("sectors_written", "write: sectors that differed")),
      optional(whole("sent_bytes", "write: bytes sent, compressed")),
      optional(yes_no("verified", "the flash was compared with the images")),
      optional(yes_no("dry_run", "nothing was changed")),
      optional(text("output", "read: the file")),
      optional(text("md5", "read: of the bytes, hexadecimal")),
      optional(list("partitions", "info: the device's own table", partition_fields())),
      optional(object("app", "info: the application that starts, as far as it says", app_fields())),
      optional({"seconds", "number", "how long this device took"})};
}

Schema flash() {
  return {"aiot.flash/1",
          "What `aiotctl flash write`, `read`, `verify`, `erase`, `info` and `reset` did",
          true,
          {{"operation",
            "string",
            "the verb",
            true,
            {},
            {"write", "read", "verify", "erase", "info", "reset"}},
           list("devices", "one for each device, in the order given", device_fields())}};
}

Schema event() {
  return {
      "aiot.event/1",
      "A line of --jsonl",
      false,
      {{"event",
        "string",
        "what the line says; `end` is the last",
        true,
        {},
        {"started", "step", "progress", "log", "notice", "found", "changed", "lost", "message",
         "finished", "failed", "ready", "end"}},
       {"time_s", "number", "since the command began"},
       optional(text("device", "the address; empty when it concerns no device")),
       optional(text("job", "of started: the job, such as flash write")),
       optional(text("name", "of step: its name")),
       optional({"weight", "number", "of step: its share of the device's time, in any unit"}),
       optional(whole("done", "of progress")),
       optional(whole("total", "of progress; 0 when it is not known")),
       optional(text("unit", "of progress: B for bytes")),
       optional({"level", "string", "of log", true, {}, {"debug", "info", "warning"}}),
       optional(text("text", "of log")),
       optional(text("code", "of notice and failed: stable, dotted")),
       optional(text("message", "of notice and failed: for people")),
       optional(text("hint", "of notice and failed: what to do next")),
       optional(text("step", "of failed: the step that failed")),
       optional({"retryable", "boolean", "of failed: the same call may succeed again"}),
       optional(text("schema", "of finished, found, changed, lost, message: the schema of data")),
       optional({"data", "object", "of finished: the result; of the others: the record"}),
       optional(text("version", "of end: aiotctl's version")),
       optional({"ok", "boolean", "of end: true when exit is 0"}),
       optional(whole("exit", "of end: the exit code"))}};
}

std::vector<Schema> all_schemas() {
  std::vector<Schema> all = {
      {"aiot.config/1",
       "What `aiotctl config show` and `config path` print",
       true,
       {optional(list("settings", "every setting, sorted by key",
                      {text("key", "such as flash.baud"), text("value", "as text"),
                       text("origin", "default, environment NAME, or FILE:LINE")})),
        optional({"files", "array", "the files that are read, by precedence"})}},
      convert_schema(),
      {"aiot.error/1", "A command that failed before it had a result", true, {}},
      event(),
      flash(),
      image_schema(),
      merge_schema(),
  };
  for (Schema& schema : discover_schemas()) all.push_back(std::move(schema));
  std::sort(all.begin(), all.end(),
            [](const Schema& a, const Schema& b) { return a.name < b.name; });
  return all;
}

}  // namespace

const std::vector<Schema>& schemas() {
  static const std::vector<Schema> all = all_schemas();
  return all;
}

}  // namespace aiot::cli::render
