#include "render/bench_fields.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/bytes.hpp"
#include "render/json.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

std::optional<double> as_number(const Value& value) {
  if (const auto* d = std::get_if<double>(&value.storage())) return *d;
  if (const auto* u = std::get_if<std::uint64_t>(&value.storage())) return static_cast<double>(*u);
  if (const auto* i = std::get_if<std::int64_t>(&value.storage())) return static_cast<double>(*i);
  return std::nullopt;
}

std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

}  // namespace

double number_of(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value ? as_number(*value).value_or(0) : 0;
}

bool has_number(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value && as_number(*value);
}

bool flag_of(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  const bool* flag = value ? std::get_if<bool>(&value->storage()) : nullptr;
  return flag && *flag;
}

std::string text_of(const Object& fields, std::string_view name) {
  const Value* value = fields.find(name);
  return value && value->string() ? escape_controls(*value->string()) : std::string();
}

const Object& object_of(const Object& fields, std::string_view name) {
  static const Object none;
  const Value* value = fields.find(name);
  return value && value->object() ? *value->object() : none;
}

const Array& list_of(const Object& fields, std::string_view name) {
  static const Array none;
  const Value* value = fields.find(name);
  return value && value->array() ? *value->array() : none;
}

std::string microseconds(double us) {
  if (us < 1000) return three_digits(us) + " µs";
  if (us < 1e6) return three_digits(us / 1000) + " ms";
  return three_digits(us / 1e6) + " s";
}

std::string count_words(double count) {
  if (count < 1000) return fmt::format("{:.0f}", count);
  if (count < 1e6) return three_digits(count / 1e3) + " k";
  return three_digits(count / 1e6) + " M";
}

std::string percent(double share, int decimals) {
  return fmt::format("{:.{}f} %", share * 100, decimals);
}

std::string shape_of(const Array& shape) {
  std::string out;
  for (const Value& value : shape) {
    if (!out.empty()) out += 'x';
    out += to_json(value);
  }
  return out.empty() ? "scalar" : out;
}

void align_right(std::vector<std::vector<std::string>>& rows,
                 const std::vector<std::size_t>& left) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  }
  for (auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (std::find(left.begin(), left.end(), i) != left.end()) continue;
      row[i].insert(0, widths[i] - text_width(row[i]), ' ');
    }
  }
}

}  // namespace aiot::cli::render
