#include "protocol/energyrunner/device/fault.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "aiot/units.hpp"
#include "protocol/energyrunner/error.hpp"

namespace aiot::energyrunner {
namespace {

using namespace std::chrono_literals;

enum class Argument { none, time, number };
struct Row {
  FaultHelp help;
  FaultKind kind;
  bool standing;
  Argument argument = Argument::none;
};

constexpr std::array<Row, 20> rows = {{
    {{"lose", "a command's characters are swallowed, some (lose@data/3:4) or all"},
     FaultKind::lose,
     false,
     Argument::number},
    {{"corrupt", "a bit of a command flips"}, FaultKind::corrupt, false},
    {{"lose-reply", "a command is carried out, its reply is swallowed"},
     FaultKind::lose_reply,
     false},
    {{"cut-reply", "a reply ends in the middle"}, FaultKind::cut_reply, false},
    {{"corrupt-reply", "a bit of a reply flips"}, FaultKind::corrupt_reply, false},
    {{"garbage", "noise in front of a reply"}, FaultKind::garbage, false},
    {{"stall", "the device is busy for a time (stall@infer:5s) before it goes on"},
     FaultKind::stall,
     false,
     Argument::time},
    {{"reboot", "the device starts again in the middle of a command"}, FaultKind::reboot, false},
    {{"wrong-input", "inputs are quantised one step too high"}, FaultKind::wrong_input, true},
    {{"wrong-scale", "results are scaled by another factor (wrong-scale:1.05)"},
     FaultKind::wrong_scale,
     true,
     Argument::number},
    {{"wrong-rounding", "every other result is one step too high"},
     FaultKind::wrong_rounding,
     true},
    {{"wrong-output", "one result is far off (wrong-output:3)"},
     FaultKind::wrong_output,
     true,
     Argument::number},
    {{"forgets-input", "an inference overwrites its input: only the first of a command is right"},
     FaultKind::forgets_input,
     true},
    {{"clock-wrap", "the clock goes round soon after the start (clock-wrap:20s)"},
     FaultKind::clock_wrap,
     true,
     Argument::time},
    {{"clock-fast", "the clock runs too fast (clock-fast:1.05)"},
     FaultKind::clock_fast,
     true,
     Argument::number},
    {{"bare-errors",
      "two errors without e-, and inference goes on, as the reference firmware does"},
     FaultKind::bare_errors,
     true},
    {{"echo", "the device repeats what it is sent"}, FaultKind::echo, true},
    {{"line-feeds", "lines end in a line feed alone"}, FaultKind::line_feeds, true},
    {{"returns", "lines end in a carriage return alone"}, FaultKind::returns, true},
    {{"slow", "inference takes longer (slow:20)"}, FaultKind::slow, true, Argument::number},
}};

constexpr std::array<FaultHelp, rows.size()> help = [] {
  std::array<FaultHelp, rows.size()> out{};
  for (std::size_t i = 0; i < rows.size(); ++i) out[i] = rows[i].help;
  return out;
}();

constexpr std::array<FaultHelp, 8> stage_table = {{
    {"name", "the device is greeted"},
    {"profile", "its model is asked for"},
    {"timestamp", "its clock is read"},
    {"load", "an upload is announced"},
    {"data", "a part of an upload comes"},
    {"print", "an upload is read back"},
    {"infer", "inferences run"},
    {"results", "results are asked for again"},
}};

const Row* row_of(FaultKind kind) { return std::ranges::find(rows, kind, &Row::kind); }

double usual_amount(FaultKind kind) {
  if (kind == FaultKind::wrong_scale || kind == FaultKind::clock_fast) return 1.05;
  return kind == FaultKind::slow ? 20 : 0;
}

Error bad(std::string_view text, std::string_view why) {
  return make_error(Errc::bad_fault, std::string(text) + ": " + std::string(why),
                    "write NAME[@STAGE[/K]][:ARGUMENT][:always], such as lose-reply@data/3");
}

Result<void> parse_argument(Fault& fault, const Row& row, std::string_view argument) {
  if (argument == "always" && !row.standing) {
    fault.always = true;
    return {};
  }
  if (row.argument == Argument::time) {
    AIOT_TRY(const std::chrono::milliseconds time, parse_duration(argument));
    fault.time = time;
    return {};
  }
  double number = 0;
  const auto [end, error] =
      std::from_chars(argument.data(), argument.data() + argument.size(), number);
  const bool whole = error == std::errc() && end == argument.data() + argument.size();
  if (row.argument != Argument::number || !whole || !(number >= 0 && number <= 1'000'000)) {
    return bad(fault.text, "not its argument: " + std::string(argument));
  }
  fault.amount = number;
  return {};
}

Result<void> parse_place(Fault& fault, std::string_view place) {
  const std::size_t slash = place.find('/');
  fault.stage = place.substr(0, slash);
  if (std::ranges::find(stage_table, fault.stage, &FaultHelp::name) == stage_table.end()) {
    std::string names;
    for (const FaultHelp& stage : stage_table) {
      names += (names.empty() ? "" : ", ") + std::string(stage.name);
    }
    return make_error(Errc::bad_fault, fault.text + ": no such stage", "the stages are: " + names);
  }
  if (slash == std::string_view::npos) return {};
  const std::string_view count = place.substr(slash + 1);
  const auto [end, error] = std::from_chars(count.data(), count.data() + count.size(), fault.count);
  if (error != std::errc() || end != count.data() + count.size() || fault.count == 0) {
    return bad(fault.text, "not a count");
  }
  return {};
}

}  // namespace

std::span<const FaultHelp> fault_help() { return help; }
std::span<const FaultHelp> stages() { return stage_table; }

bool is_fault(std::string_view text) {
  const std::string_view name = text.substr(0, text.find_first_of("@:"));
  return std::ranges::any_of(rows, [&](const Row& row) { return row.help.name == name; });
}

std::string_view stage_of(std::string_view command) {
  if (command.starts_with("db load")) return "load";
  if (command.starts_with("db print")) return "print";
  if (command.starts_with("db ")) return "data";
  const std::string_view verb = command.substr(0, command.find(' '));
  const auto* stage = std::ranges::find(stage_table, verb, &FaultHelp::name);
  return stage == stage_table.end() ? "" : stage->name;
}

Result<Fault> parse_fault(std::string_view text) {
  Fault fault;
  fault.text = text;
  const std::size_t end = text.find_first_of("@:");
  const std::string_view name = text.substr(0, end);
  const Row* row =
      std::ranges::find_if(rows, [&](const Row& one) { return one.help.name == name; });
  if (row == rows.end()) {
    std::vector<std::string> names;
    for (const Row& one : rows) names.emplace_back(one.help.name);
    Error error = bad(text, "no fault of a device under test has this name");
    const std::string near = nearest_word(name, names);
    if (!near.empty()) error.hint = "did you mean " + near + "?";
    return error;
  }
  fault.kind = row->kind;
  fault.time = fault.kind == FaultKind::clock_wrap ? 20s : 5s;
  fault.amount = usual_amount(fault.kind);
  std::string_view rest = end == std::string_view::npos ? std::string_view() : text.substr(end);
  if (rest.starts_with('@')) {
    if (row->standing) return bad(text, "holds from the start, without a place");
    const std::string_view place = rest.substr(1, rest.find(':') - 1);
    AIOT_CHECK(parse_place(fault, place));
    rest.remove_prefix(1 + place.size());
  }
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view argument = rest.substr(0, rest.find(':'));
    AIOT_CHECK(parse_argument(fault, *row, argument).with("fault " + fault.text));
    rest.remove_prefix(argument.size());
  }
  return fault;
}

std::vector<Fault*> Faults::at_command(std::string_view command) {
  const std::string_view stage = stage_of(command);
  std::vector<Fault*> struck;
  for (Fault& fault : faults_) {
    if (row_of(fault.kind)->standing || (!fault.stage.empty() && fault.stage != stage)) continue;
    ++fault.seen;
    if (fault.always ? fault.seen < fault.count : fault.seen != fault.count) continue;
    ++fault.fired;
    struck.push_back(&fault);
  }
  return struck;
}

const Fault* Faults::standing(FaultKind kind) const {
  const auto found = std::ranges::find(faults_, kind, &Fault::kind);
  return found == faults_.end() ? nullptr : &*found;
}

}  // namespace aiot::energyrunner
