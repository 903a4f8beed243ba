#include <array>
#include <charconv>

#include "aiot/bytes.hpp"
#include "job/listen/source.hpp"

namespace aiot::listen {
namespace {

void put(char* at, unsigned value, int digits) {
  for (int i = digits; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
}

}  // namespace

std::string format_time(SystemTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto micros = static_cast<std::uint64_t>((time - day).count());
  const auto seconds = static_cast<unsigned>(micros / 1'000'000);
  std::string text = "0000-00-00T00:00:00.000000Z";
  put(text.data(), static_cast<unsigned>(static_cast<int>(date.year())), 4);
  put(text.data() + 5, static_cast<unsigned>(date.month()), 2);
  put(text.data() + 8, static_cast<unsigned>(date.day()), 2);
  put(text.data() + 11, seconds / 3600, 2);
  put(text.data() + 14, seconds / 60 % 60, 2);
  put(text.data() + 17, seconds % 60, 2);
  put(text.data() + 20, static_cast<unsigned>(micros % 1'000'000), 6);
  return text;
}

static void describe(FieldVisitor& v, CodeLocation& l) {
  v("address", l.address, "as it was printed");
  v("role", l.role, "backtrace, abort, stack, or a register's name");
  v.text("function", l.function, "demangled");
  v.text("file", l.file, "its source");
  v("line", l.line, "in that file");
  v("inlined", l.inlined, "the code of a function inside the next row's");
}

static void describe(FieldVisitor& v, Syslog& s) {
  v("facility", s.facility, "such as daemon", Presence::if_set);
  v.text("time", s.time, "as it was sent", Presence::if_set);
  v.text("host", s.host, "the host that logged it", Presence::if_set);
  v.text("app", s.app, "APP-NAME or TAG", Presence::if_set);
  v.text("process", s.process, "PROCID", Presence::if_set);
  v.text("id", s.id, "MSGID", Presence::if_set);
  v("structured", s.structured, "elements and their parameters", Presence::if_set);
}

SchemaInfo schema_of(const Message&) {
  return {"aiot.message/1", "A message of `aiotctl listen`: `data` of its line in --jsonl", false};
}
void describe(FieldVisitor& v, Message& m) {
  std::string time = m.time ? format_time(*m.time) : std::string();
  v("time", time, "when it arrived: RFC 3339, UTC, microseconds");
  v("source", m.source, "the address that was listened to");
  v("from", m.from, "the sender, where an address has several", Presence::if_set);
  v.text("topic", m.topic, "MQTT topic, or the part of a device", Presence::if_set);
  v("severity", m.severity, "0 emergency to 7 debug (RFC 5424)");
  v("qos", m.qos, "MQTT: 0 to 2");
  v("retained", m.retained, "MQTT: an old value that the broker kept");
  v.text("payload", m.payload, "its content, without the line end");
  v("truncated", m.truncated, "cut: a long line goes on in the next message", Presence::if_set);
  v("mqtt", m.mqtt, "what MQTT has beside the message", Presence::if_set);
  v("coap", m.coap, "what CoAP has beside the message", Presence::if_set);
  v("ble", m.ble,
    "of an advertisement: name, rssi_dbm, and for BTHome and MiBeacon format, encrypted, security "
    "and the readings, such as temperature_celsius",
    Presence::if_set);
  v("syslog", m.syslog, "what a syslog message has beside its text");
  v("decoded", m.decoded, "the source behind the addresses of a crash (--elf)", Presence::if_set);
}

static void describe(FieldVisitor& v, SourceResult& s) {
  v("address", s.address, "as it was given");
  v("messages", s.messages, "from it");
  v("bytes", s.bytes, "of their payloads");
  v("truncated", s.truncated, "messages that were cut");
  bool failed = s.error.has_value();
  v("failed", failed, "see errors");
}

SchemaInfo schema_of(const Report&) {
  return {"aiot.listen/1", "What `aiotctl listen` received"};
}
void describe(FieldVisitor& v, Report& r) {
  static constexpr std::array<std::string_view, 7> ends = {
      "expect", "fail_on", "timeout", "count", "duration", "sources", "stop"};
  v("messages", r.messages, "that were reported");
  v("bytes", r.bytes, "of their payloads");
  v("filtered", r.filtered, "messages that the filter did not want");
  v("seconds", r.seconds, "how long it listened");
  v.choice("ended_by", r.ended_by, ends, "what ended it");
  v.text("matched", r.matched, "the payload that --expect or --fail-on was found in");
  v("log_lost", r.log_lost, "lines missing in the log file");
  v("sources", r.sources, "one for each address, in the order given");
  v("heard", r.heard, "--json: the messages, at most 10000 and 16 MiB");
}

static void describe(FieldVisitor& v, Scheme& s) {
  v("scheme", s.name, "such as tcp");
  v("form", s.form, "how it is written");
  v("description", s.description, "one line");
}

SchemaInfo schema_of(const Catalog&) {
  return {"aiot.listen.list/1", "What `aiotctl listen --list` offers"};
}
void describe(FieldVisitor& v, Catalog& c) { v("addresses", c.addresses, "kinds of address"); }

}  // namespace aiot::listen
