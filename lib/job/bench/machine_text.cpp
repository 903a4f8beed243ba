#include <algorithm>
#include <array>
#include <charconv>

#include "job/bench/machine.hpp"

namespace aiot::bench {
namespace {

std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  const auto line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  const auto word = line.substr(0, line.find_first_of(" \t"));
  line.remove_prefix(word.size());
  return word;
}

template <class Number>
std::optional<Number> number(std::string_view word) {
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// "key   : value" of /proc/cpuinfo.
struct Entry {
  std::string_view key, value;
};
std::optional<Entry> entry_of(std::string_view line) {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view key = line.substr(0, colon);
  key = key.substr(0, key.find_last_not_of(" \t") + 1);
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  return Entry{key, value};
}

}  // namespace

std::map<int, CpuTicks> parse_proc_stat(std::string_view text) {
  std::map<int, CpuTicks> cpus;
  while (!text.empty()) {
    std::string_view line = take_line(text);
    std::string_view name = take_word(line);
    if (!name.starts_with("cpu")) continue;
    name.remove_prefix(3);
    const std::optional<int> cpu = name.empty() ? -1 : number<int>(name);
    // user nice system idle iowait irq softirq steal; old kernels stop earlier.
    std::array<std::uint64_t, 8> ticks{};
    std::size_t count = 0;
    for (auto& field : ticks) {
      const auto value = number<std::uint64_t>(take_word(line));
      if (!value) break;
      field = *value;
      ++count;
    }
    if (!cpu || count < 4) continue;
    cpus[*cpu] = {ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[3] + ticks[4],
                  ticks[7]};
  }
  return cpus;
}

std::optional<double> parse_load(std::string_view text) { return number<double>(take_word(text)); }

std::string parse_cpu_model(std::string_view text) {
  std::string_view board;
  while (!text.empty()) {
    const auto entry = entry_of(take_line(text));
    if (!entry) continue;
    if (entry->key == "model name") return std::string(entry->value);
    if (entry->key == "Model" || (entry->key == "Hardware" && board.empty())) board = entry->value;
  }
  return std::string(board);
}

std::map<int, double> parse_cpu_mhz(std::string_view text) {
  std::map<int, double> mhz;
  std::optional<int> cpu;
  while (!text.empty()) {
    const auto entry = entry_of(take_line(text));
    if (!entry) continue;
    if (entry->key == "processor") cpu = number<int>(entry->value);
    if (entry->key != "cpu MHz" || !cpu) continue;
    if (const auto value = number<double>(entry->value)) mhz[*cpu] = *value;
  }
  return mhz;
}

}  // namespace aiot::bench
