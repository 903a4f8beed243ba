#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

Fields message_fields() {
  return {
      text("time", "when it arrived: RFC 3339, UTC, microseconds"),
      text("source", "the address that was listened to"),
      optional(text("from", "who sent it, where the address hears several")),
      optional(text("topic", "MQTT topic, or the part of a device that speaks")),
      optional(whole("severity", "0 emergency to 7 debug (RFC 5424)")),
      optional(whole("qos", "MQTT: 0 to 2")),
      optional(yes_no("retained", "MQTT: an old value that the broker kept")),
      optional(text("payload", "what was said, without its line end")),
      optional(text("payload_base64", "the same, when it is not UTF-8")),
      optional(yes_no("truncated", "cut: a long line goes on in the next message")),
      optional(list("decoded", "the source behind the addresses of a crash (--elf)",
                    {text("address", "as it was printed"),
                     optional(text("role", "backtrace, abort, stack, or a register's name")),
                     optional(text("function", "demangled")), optional(text("file", "its source")),
                     optional(whole("line", "in it")),
                     optional(yes_no("inlined", "the code of a function inside the next row's"))})),
      optional({"mqtt", "object", "what MQTT says beside the message"}),
      optional({"coap", "object", "what CoAP says beside the message"}),
      optional(
          {"ble", "object",
           "of an advert: name, rssi_dbm, and for BTHome and MiBeacon format, encrypted, security "
           "and the readings, such as temperature_celsius"}),
      optional(object(
          "syslog", "what a syslog message says beside its text",
          {optional(text("facility", "such as daemon")), optional(text("time", "as it was sent")),
           optional(text("host", "who logged it")), optional(text("app", "APP-NAME or TAG")),
           optional(text("process", "PROCID")), optional(text("id", "MSGID")),
           optional({"structured", "object", "elements and their parameters"})}))};
}

Schema listen() {
  return {"aiot.listen/1",
          "What `aiotctl listen` has heard",
          true,
          {whole("messages", "that were told"),
           whole("bytes", "of their payloads"),
           whole("filtered", "messages that the filter did not want"),
           {"seconds", "number", "how long it listened"},
           {"ended_by",
            "string",
            "what ended it",
            true,
            {},
            {"expect", "fail_on", "timeout", "count", "duration", "sources", "stop"}},
           optional(text("matched", "the payload that --expect or --fail-on was found in")),
           optional(text("matched_base64", "the same, when it is not UTF-8")),
           optional(whole("log_lost", "lines missing in the log file")),
           list("sources", "one for each address, in the order given",
                {text("address", "as it was given"), whole("messages", "from it"),
                 whole("bytes", "of their payloads"), whole("truncated", "messages that were cut"),
                 yes_no("failed", "see errors")}),
           optional(list("heard", "--json: the messages, at most 10000", message_fields()))}};
}

}  // namespace

std::vector<Schema> listen_schemas() {
  return {listen(),
          {"aiot.listen.list/1",
           "What `aiotctl listen --list` offers",
           true,
           {list("addresses", "kinds of address",
                 {text("scheme", "such as tcp"), text("form", "how it is written"),
                  text("description", "one line")})}},
          {"aiot.message/1", "A message that `aiotctl listen` heard: `data` of its line in --jsonl",
           false, message_fields()}};
}

}  // namespace aiot::cli::render
