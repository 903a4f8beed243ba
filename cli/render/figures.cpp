#include "render/figures.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "aiot/bytes.hpp"
#include "aiot/units.hpp"
#include "render/table.hpp"

namespace aiot::cli::render {
namespace {

std::string three_digits(double value) {
  return fmt::format("{:.{}f}", value, value < 10 ? 2 : value < 100 ? 1 : 0);
}

}  // namespace

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

std::string rate_words(double inferences_per_s) {
  const std::string count =
      inferences_per_s < 1000 ? three_digits(inferences_per_s) : count_words(inferences_per_s);
  return count + " inferences/s";
}

std::string shape_words(const std::vector<std::int32_t>& shape) {
  return shape.empty() ? "scalar" : fmt::format("{}", fmt::join(shape, "x"));
}

std::string short_address(const Address& address) {
  std::string text = escape_controls(address.str());
  if (text.starts_with("serial:/")) text.erase(0, 7);
  return text;
}

std::string time_text(double seconds) {
  return format_duration(std::chrono::nanoseconds(static_cast<std::int64_t>(seconds * 1e9)));
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
