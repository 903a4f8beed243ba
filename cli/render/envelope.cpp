#include "render/envelope.hpp"

#include <array>
#include <string_view>

namespace aiot::cli::render {
namespace {

Object lists_in(const Object& fields) {
  Object out;
  for (const auto& [name, value] : fields.fields()) {
    if (value.array() != nullptr) out.set(name, Array());
    if (value.object() == nullptr) continue;
    if (Object inner = lists_in(*value.object()); !inner.empty()) out.set(name, std::move(inner));
  }
  return out;
}

}  // namespace

Object empty_lists(const Document& result) { return lists_in(result.fields()); }

void describe(FieldVisitor& v, ErrorEntry& e) {
  v("code", e.code, "stable, dotted, such as port.busy");
  v("device", e.device, "the address; empty when it concerns no device");
  v("step", e.step, "the step that failed");
  v("message", e.message, "for people");
  v("hint", e.hint, "what to do next; may be empty");
  v("retryable", e.retryable, "the same call may succeed when made again unchanged");
}

void describe(FieldVisitor& v, NoticeEntry& n) {
  v("device", n.device, "");
  v("code", n.code, "stable, dotted");
  v("message", n.message, "for people");
  v("hint", n.hint, "what to do next; may be empty");
}

SchemaInfo schema_of(const Envelope&) {
  return {"aiot.error/1", "A command that failed before it had a result"};
}
void describe(FieldVisitor& v, Envelope& e) {
  const std::array<std::string_view, 1> name = {e.schema};
  v.one_of("schema", e.schema, name, "");
  v("version", e.version, "aiotctl's version");
  v("ok", e.ok, "true when exit is 0");
  v("exit", e.exit, "the exit code");
  v("data", e.data, "the result; of a command that failed before it had one: its lists, empty");
  v("errors", e.errors, "what failed, one for each device");
  v("notices", e.notices, "what is worth knowing and not a failure");
}

SchemaInfo schema_of(const EventLine&) { return {"aiot.event/1", "A line of --jsonl", false}; }
void describe(FieldVisitor& v, EventLine& e) {
  static constexpr std::string_view events[] = {
      "started", "step",    "progress", "log",    "notice", "found", "changed",
      "lost",    "message", "finished", "failed", "ready",  "end"};
  static constexpr std::string_view levels[] = {"debug", "info", "warning"};
  v.one_of("event", e.event, events, "what the line says; `end` is the last");
  v("device", e.device, "the address; empty when it concerns no device");
  v("version", e.version, "of end: aiotctl's version");
  v("time_s", e.time_s, "since the command began");
  v("job", e.job, "of started: the job, such as flash write");
  v("name", e.name, "of step: its name");
  v("weight", e.weight, "of step: its share of the device's time, in any unit");
  v("done", e.done, "of progress");
  v("total", e.total, "of progress; 0 when it is not known");
  v("unit", e.unit, "of progress: B for bytes");
  v.choice("level", e.level, levels, "of log");
  v("text", e.text, "of log");
  v("step", e.step, "of failed: the step that failed");
  v("code", e.code, "of notice and failed: stable, dotted");
  v("message", e.message, "of notice and failed: for people");
  v("hint", e.hint, "of notice and failed: what to do next");
  v("retryable", e.retryable, "of failed: the same call may succeed again");
  v("schema", e.schema, "of finished, found, changed, lost, message: the schema of data");
  v("data", e.data, "of finished: the result; of the others: the record");
  v("ok", e.ok, "of end: true when exit is 0");
  v("exit", e.exit, "of end: the exit code");
}

}  // namespace aiot::cli::render
