#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Fields evidence_fields() {
  return {text("fact", "what it is about, such as name, ecosystem, mdns.txt.md"),
          optional({"value", "", "what the source says of it; value_base64 if it is not UTF-8"}),
          text("source", "who says so"),
          {"confidence", "number", "0 to 1: how sure the source can be"},
          optional(text("reason", "of ecosystem: the evidence for it"))};
}

Fields device_fields() {
  return {text("id", "twelve hexadecimal digits; stays while the device is known"),
          optional(text("name", "as it calls itself, else what it is; may be empty")),
          text("ecosystem", "such as Matter, Xiaomi Mi Home, Tuya; empty when nothing says so"),
          optional(text("ecosystem_reason", "the evidence for it")),
          {"state",
           "string",
           "what it waits for",
           true,
           {},
           {"unprovisioned", "provisioned", "boot loader", "secured", "unknown"}},
          texts("jobs", "what applies: flash, pair, ota, listen, bench"),
          texts("addresses", "what the other commands take, the most useful first"),
          optional(text("vendor", "who made it")),
          optional(text("product", "what it is")),
          optional(text("model", "its model")),
          optional(text("version", "of its firmware")),
          optional(text("serial", "its serial number")),
          optional({"vendor_id", "", "a number in the protocol that says it"}),
          optional({"product_id", "", "a number in the protocol that says it"}),
          optional({"discriminator", "", "of Matter: tells waiting devices apart"}),
          texts("hosts", "its host names"),
          texts("ips", "its IP addresses"),
          texts("macs", "its hardware addresses, lower case, with colons"),
          optional({"rssi_dbm", "number", "how strongly it was heard last"}),
          texts("sources", "who saw it"),
          {"facts", "object", "what else its sources say, each named SOURCE.FACT"},
          list("evidence", "every claim, with its source", evidence_fields()),
          optional(text("lost_reason", "of lost: gone, silent, filtered, merged")),
          optional(text("merged_into", "of lost: the id of the device that it turned out to be"))};
}

}  // namespace

std::vector<Schema> discover_schemas() {
  return {
      {"aiot.device/1", "A device: in `found`, `changed` and `lost` of --jsonl", false,
       device_fields()},
      {"aiot.discover.list/1",
       "What `aiotctl discover --list` shows",
       true,
       {list("sources", "the ways to look",
             {text("name", "what --only takes"), text("description", "one line")})}},
      {"aiot.discover/1",
       "What `aiotctl discover` found",
       true,
       {list("devices", "one for each, by ecosystem, name and id", device_fields()),
        list("sources", "what became of each",
             {text("name", "what --only takes"),
              {"state",
               "string",
               "whether it looked",
               true,
               {},
               {"ran", "no adapter", "no permission", "daemon missing", "not asked", "failed"}},
              text("detail", "what was tried; may be empty"),
              text("hint", "what to do about it; may be empty")}),
        yes_no("complete", "false when it was stopped before its time"),
        {"seconds", "number", "how long it took"}}},
  };
}

}  // namespace aiot::cli::render
