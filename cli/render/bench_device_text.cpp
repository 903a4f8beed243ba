#include "render/bench_device_text.hpp"

#include <fmt/format.h>

#include <ostream>

#include "aiot/bytes.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

using Rows = std::vector<std::vector<std::string>>;

const Object* part(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr ? value->object() : nullptr;
}

double number(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  if (value == nullptr) return 0;
  if (const auto* real = std::get_if<double>(&value->storage())) return *real;
  if (const auto* whole = std::get_if<std::uint64_t>(&value->storage())) {
    return static_cast<double>(*whole);
  }
  return 0;
}

std::string text(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr && value->string() != nullptr ? escape_controls(*value->string()) : "";
}

std::size_t count(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value != nullptr && value->array() != nullptr ? value->array()->size() : 0;
}

void add_performance(Rows& rows, const Object& fields) {
  rows.push_back({"throughput", fmt::format("{:.3f} inferences a second, {:.3f} ms each",
                                            number(fields, "median_per_second"),
                                            number(fields, "latency_us") / 1000)});
  rows.push_back({"", fmt::format("median of {} windows, spread {:.3f} %", count(fields, "windows"),
                                  number(fields, "spread") * 100)});
}

void add_accuracy(Rows& rows, const Object& fields) {
  const bool auc = fields.find("auc") != nullptr;
  if (!auc && fields.find("top1") == nullptr) {
    rows.push_back({"accuracy", fmt::format("AUC none: {:.0f} files, all of one class",
                                            number(fields, "files"))});
    return;
  }
  const double scale = auc ? 1 : 100;
  const int digits = auc ? 3 : 1;
  std::string value = auc ? fmt::format("AUC {:.3f}", number(fields, "auc"))
                          : fmt::format("{:.1f} % right", number(fields, "top1") * 100);
  value += fmt::format(" ({:.{}f} to {:.{}f} at 95 %), {:.0f} files",
                       number(fields, "interval_low") * scale, digits,
                       number(fields, "interval_high") * scale, digits, number(fields, "files"));
  if (fields.find("limit") != nullptr) {
    value += fmt::format(", limit {:g}", number(fields, "limit") * scale);
  }
  rows.push_back({"accuracy", std::move(value)});
}

void add_energy(Rows& rows, const Object& fields) {
  rows.push_back({"energy", fmt::format("{:.3f} µJ an inference, median of {} windows, spread "
                                        "{:.3f} %",
                                        number(fields, "median_microjoules"),
                                        count(fields, "windows"), number(fields, "spread") * 100)});
}

void add_comparison(Rows& rows, const Object& fields) {
  std::string value = fmt::format("{:.0f} of {:.0f} as the reference's", number(fields, "equal"),
                                  number(fields, "compared"));
  if (const std::string cause = text(fields, "cause"); !cause.empty()) {
    value += fmt::format("; {}: {}", cause, text(fields, "explanation"));
  }
  rows.push_back({"results", std::move(value)});
}

}  // namespace

void print_bench_devices(std::ostream& out, const bench::DevicesReport& report) {
  for (const bench::DeviceReport& device : report.devices) {
    const Object& fields = device.fields;
    // One that failed before anything was measured has its line among the errors.
    if (fields.find("model") == nullptr) continue;
    out << escape_controls(device.device.str()) << ": " << text(fields, "model") << " on "
        << text(fields, "name") << '\n';
    Rows rows;
    if (const Object* found = part(fields, "performance")) add_performance(rows, *found);
    if (const Object* found = part(fields, "accuracy")) add_accuracy(rows, *found);
    if (const Object* found = part(fields, "energy")) add_energy(rows, *found);
    if (const Object* found = part(fields, "comparison")) add_comparison(rows, *found);
    if (const std::size_t files = count(fields, "results"); files > 0) {
      rows.push_back({"written", fmt::format("{} files", files)});
    }
    out << table(rows, 0, 2);
  }
}

}  // namespace aiot::cli::render
