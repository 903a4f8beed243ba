#include <algorithm>

#include "render/schema_parts.hpp"

namespace aiot::cli::render {
namespace {

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
      {"aiot.error/1", "A command that failed before it had a result", true, {}},
      event(),
  };
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
