#include "render/bench_text.hpp"

#include <fmt/format.h>

#include <ostream>

#include "aiot/units.hpp"
#include "render/bench_fields.hpp"
#include "render/diagnostics.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using Rows = std::vector<std::vector<std::string>>;

std::string size_of(const Object& fields, std::string_view name) {
  return format_size(static_cast<std::uint64_t>(number_of(fields, name)));
}

std::string latency_lines(const Object& model) {
  const Object& l = object_of(model, "latency");
  const auto us = [&](const char* name) { return microseconds(number_of(l, name)); };
  std::string speed =
      fmt::format("{} a second ({} reached)", count_words(number_of(model, "runs_per_s")),
                  count_words(number_of(model, "reached_runs_per_s")));
  if (number_of(model, "gmacs_per_s") > 0) {
    speed += fmt::format(", {:.3g} GMAC/s", number_of(model, "gmacs_per_s"));
  }
  if (has_number(model, "peak_share")) {
    speed += fmt::format(", {} of peak", percent(number_of(model, "peak_share"), 0));
  }
  const Object& m = object_of(model, "memory");
  return table(
      {{"latency", fmt::format("p50 {}   p90 {}   p99 {}   p99.9 {}", us("p50_us"), us("p90_us"),
                               us("p99_us"), us("p999_us"))},
       {"", fmt::format("min {}   mean {} ± {}   max {}   in {} runs", us("min_us"), us("mean_us"),
                        us("stddev_us"), us("max_us"), number_of(l, "runs"))},
       {"speed", speed},
       {"memory", fmt::format("arena {}, weights {}, model {}, this process {} at most",
                              size_of(m, "arena_bytes"), size_of(m, "weights_bytes"),
                              size_of(m, "model_bytes"), size_of(m, "peak_rss_bytes"))}},
      0, 2);
}

/// Takes a column out in which nothing stands but its head.
void drop_empty(Rows& rows, std::size_t column) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (!rows[i][column].empty()) return;
  }
  for (auto& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(column));
}

std::string operator_table(const Object& model, std::size_t width) {
  const Array& operators = list_of(model, "operators");
  if (operators.empty()) return "";
  Rows rows = {{"#", "operator", "output", "time", "share", "MACs", "bytes", "GMAC/s", "of peak"}};
  for (const Value& value : operators) {
    const Object& op = *value.object();
    const bool multiplies = number_of(op, "macs") > 0;
    rows.push_back({fmt::format("{}", number_of(op, "index")), text_of(op, "name"),
                    shape_of(list_of(op, "output_shape")), microseconds(number_of(op, "time_us")),
                    percent(number_of(op, "share")),
                    multiplies ? count_words(number_of(op, "macs")) : "",
                    count_words(number_of(op, "bytes")),
                    multiplies ? fmt::format("{:.3g}", number_of(op, "gmacs_per_s")) : "",
                    has_number(op, "peak_share") ? percent(number_of(op, "peak_share"), 0) : ""});
  }
  drop_empty(rows, 8);
  align_right(rows, {1, 2});
  Rows kinds;
  for (const Value& value : list_of(model, "groups")) {
    const Object& group = *value.object();
    kinds.push_back({text_of(group, "name"), fmt::format("x {}", number_of(group, "count")),
                     microseconds(number_of(group, "time_us")),
                     percent(number_of(group, "share"))});
  }
  align_right(kinds, {0});
  return '\n' + table(rows, width, 2) + "\n  by kind\n" + table(kinds, width, 4);
}

/// Of an area: a number from 0 to 1.
std::string interval_words(const Object& area) {
  return fmt::format("95 %: {:.4f} to {:.4f}", number_of(area, "low"), number_of(area, "high"));
}

/// Of a share, as the share itself is written.
std::string percent_interval(const Object& share) {
  return fmt::format("95 %: {} to {}", percent(number_of(share, "low"), 2),
                     percent(number_of(share, "high"), 2));
}

std::string confusion_table(const Object& accuracy) {
  constexpr std::size_t most_shown = 12;
  const Array& matrix = list_of(accuracy, "confusion");
  if (matrix.empty() || matrix.size() > most_shown) return "";
  Rows rows(1, {"is \\ taken for"});
  for (std::size_t i = 0; i < matrix.size(); ++i) rows[0].push_back(fmt::format("{}", i));
  for (std::size_t truth = 0; truth < matrix.size(); ++truth) {
    auto& row = rows.emplace_back(1, fmt::format("{}", truth));
    for (const Value& cell : *matrix[truth].array()) {
      const std::string count = describe_scalar("", cell);
      row.push_back(count == "0" ? "." : count);
    }
  }
  align_right(rows, {});
  return table(rows, 0, 4);
}

std::string accuracy_lines(const Object& model) {
  const Object& a = object_of(model, "accuracy");
  if (a.empty()) return "";
  Rows rows;
  if (const Object& top1 = object_of(a, "top1"); !top1.empty()) {
    rows.push_back(
        {"accuracy",
         fmt::format("{}, {} of {} files; {}", percent(number_of(top1, "value"), 2),
                     number_of(a, "right"), number_of(a, "files"), percent_interval(top1))});
  }
  if (const Object& area = object_of(a, "auc"); !area.empty()) {
    rows.push_back({"AUC", fmt::format("{:.4f}, {} files; {}", number_of(area, "value"),
                                       number_of(a, "files"), interval_words(area))});
  } else if (object_of(a, "top1").empty()) {
    rows.push_back({"AUC", "none: the files are of one class"});
  }
  rows.push_back({"inputs", text_of(a, "form")});
  return '\n' + table(rows, 0, 2) + confusion_table(a);
}

std::string change_words(double change) {
  return change == 0 ? std::string("the same") : fmt::format("{:+.1f} %", change * 100);
}

std::string comparison_lines(const Object& model) {
  const Object& c = object_of(model, "comparison");
  if (c.empty()) return "";
  Rows rows = {{"baseline",
                fmt::format("p50 {} (was {}), memory {}", change_words(number_of(c, "p50_change")),
                            microseconds(number_of(c, "p50_before_us")),
                            change_words(number_of(c, "memory_change")))}};
  if (c.find("same_outputs")) {
    rows.push_back(
        {"", flag_of(c, "same_outputs") ? "the outputs are the same" : "the outputs differ"});
  }
  if (flag_of(c, "baseline_spoiled")) {
    rows.push_back({"", "the baseline was measured on a machine that was not quiet"});
  }
  for (const Value& value : list_of(c, "differs")) {
    rows.push_back({"", "compared all the same: " + describe_scalar("", value)});
  }
  return '\n' + table(rows, 0, 2);
}

std::string spoiled_lines(const Object& model, bool color) {
  std::string out;
  for (const Value& value : list_of(model, "spoiled")) {
    out += fmt::format("  {} {}\n", styled("spoiled:", "1;33", color),
                       text_of(*value.object(), "message"));
  }
  return out;
}

std::string whole_model(const Object& model, const BenchStyle& style) {
  std::string head = styled(text_of(model, "name"), "1", style.color);
  if (const std::string says = text_of(model, "description"); !says.empty()) head += "  " + says;
  std::string out = head + '\n' + spoiled_lines(model, style.color) + latency_lines(model);
  if (style.verbose) {
    Rows rows;
    for (const auto& [name, value] : object_of(model, "around").fields()) {
      rows.push_back({name, describe_scalar(name, value)});
    }
    out += "\n  around\n" + table(rows, 0, 4);
  }
  return out + accuracy_lines(model) + comparison_lines(model) + operator_table(model, style.width);
}

/// A line a model.
std::string overview(const Array& models, const BenchStyle& style) {
  Rows rows = {
      {"model", "p50", "p99", "a second", "reached", "GMAC/s", "of peak", "arena", "weights", ""}};
  for (const Value& value : models) {
    const Object& model = *value.object();
    const Object& l = object_of(model, "latency");
    const Object& m = object_of(model, "memory");
    rows.push_back(
        {text_of(model, "name"), microseconds(number_of(l, "p50_us")),
         microseconds(number_of(l, "p99_us")), count_words(number_of(model, "runs_per_s")),
         count_words(number_of(model, "reached_runs_per_s")),
         fmt::format("{:.3g}", number_of(model, "gmacs_per_s")),
         has_number(model, "peak_share") ? percent(number_of(model, "peak_share"), 0) : "",
         size_of(m, "arena_bytes"), size_of(m, "weights_bytes"),
         list_of(model, "spoiled").empty() ? "" : "spoiled"});
  }
  drop_empty(rows, 9);
  drop_empty(rows, 6);
  align_right(rows, {0});
  return table(rows, style.width);
}

}  // namespace

void print_bench(std::ostream& out, const Object& result, const BenchStyle& style) {
  const Array& models = list_of(result, "models");
  if (models.empty()) return;
  const Object& machine = object_of(result, "machine");
  const Object& engine = object_of(result, "engine");
  out << fmt::format("{}, {} thread{}, on {} ({} CPUs)\n", text_of(*models[0].object(), "engine"),
                     number_of(engine, "threads"), number_of(engine, "threads") == 1 ? "" : "s",
                     text_of(machine, "cpu"), number_of(machine, "cpus"));
  if (const Object& peak = object_of(result, "peak"); !peak.empty()) {
    out << fmt::format("peak of one thread: {:.3g} GMAC/s int8, {:.3g} float, {:.3g} GB/s\n",
                       number_of(peak, "int8_gmacs_per_s"), number_of(peak, "float_gmacs_per_s"),
                       number_of(peak, "gb_per_s"));
  }
  out << '\n';
  if (models.size() > 1) out << overview(models, style);
  if (models.size() > 1 && !style.verbose) return;
  for (const Value& model : models) {
    if (models.size() > 1) out << '\n';
    out << whole_model(*model.object(), style);
  }
}

}  // namespace aiot::cli::render
