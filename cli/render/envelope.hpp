#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "aiot/document.hpp"
#include "aiot/event.hpp"

/// What `--json` and `--jsonl` print around the results of jobs.
namespace aiot::cli::render {

/// One failure in a document.
struct ErrorEntry {
  std::string code;
  std::string device;
  std::string step;
  std::string message;
  std::string hint;
  bool retryable = false;
};
void describe(FieldVisitor& v, ErrorEntry& e);

struct NoticeEntry {
  std::string device;
  std::string code;
  std::string message;
  std::string hint;
};
void describe(FieldVisitor& v, NoticeEntry& n);

/// The one document of `--json`.
struct Envelope {
  std::string schema = "aiot.error/1";
  std::string version;
  bool ok = false;
  int exit = 0;
  Object data;
  std::vector<ErrorEntry> errors;
  std::vector<NoticeEntry> notices;
};
SchemaInfo schema_of(const Envelope& envelope);
void describe(FieldVisitor& v, Envelope& e);

/// The lists among the fields of `result`, each of them empty, and the objects that hold lists.
Object empty_lists(const Document& result);
/// Those of results of several types: what a consumer may iterate over, whatever became of the run.
template <class... Results>
Object lists_of() {
  Object out;
  const auto add = [&out](const Object& lists) {
    for (const auto& [name, list] : lists.fields()) out.set(name, list);
  };
  (add(empty_lists(Results{})), ...);
  return out;
}

/// A line of `--jsonl`.
struct EventLine {
  std::string event;
  std::optional<std::string> device = {};
  std::optional<std::string> version = {};
  double time_s = 0;
  std::optional<std::string> job = {};
  std::optional<std::string> name = {};
  std::optional<double> weight = {};
  std::optional<std::uint64_t> done = {};
  std::optional<std::uint64_t> total = {};
  std::optional<std::string> unit = {};
  std::optional<event::Level> level = {};
  std::optional<std::string> text = {};
  std::optional<std::string> step = {};
  std::optional<std::string> code = {};
  std::optional<std::string> message = {};
  std::optional<std::string> hint = {};
  std::optional<bool> retryable = {};
  std::optional<std::string> schema = {};
  std::optional<Object> data = {};
  std::optional<bool> ok = {};
  std::optional<int> exit = {};
};
SchemaInfo schema_of(const EventLine& line);
void describe(FieldVisitor& v, EventLine& e);

}  // namespace aiot::cli::render
