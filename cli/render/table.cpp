#include "render/table.hpp"

#include <algorithm>

namespace aiot::cli::render {
namespace {
constexpr std::size_t gap = 2;
constexpr std::size_t narrowest_column = 8;
}  // namespace

std::size_t text_width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string cut(const std::string& text, std::size_t width) {
  if (text_width(text) <= width) return text;
  if (width == 0) return "";
  std::string out;
  std::size_t columns = 0;
  for (const char c : text) {
    const bool begins = (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
    if (begins && ++columns == width) break;
    out += c;
  }
  return out + "…";
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t width,
                  std::size_t indent) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], text_width(row[i]));
  }
  const auto total = [&] {
    std::size_t sum = indent;
    for (const std::size_t w : widths) sum += w + gap;
    return sum - gap;
  };
  while (width > 0 && !widths.empty() && total() > width) {
    const auto widest = std::max_element(widths.begin(), widths.end());
    if (*widest <= narrowest_column) break;
    const std::size_t excess = total() - width;
    *widest -= std::min(excess, *widest - narrowest_column);
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line(indent, ' ');
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = cut(row[i], widths[i]);
      line += cell;
      if (i + 1 < row.size()) line += std::string(widths[i] - text_width(cell) + gap, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string out;
  std::string line;
  const auto flush = [&] {
    if (!line.empty()) out += std::string(indent, ' ') + line + '\n';
    line.clear();
  };
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == '\n') {
      flush();
      if (i + 1 < text.size() && text[i + 1] == '\n') out += '\n';
      while (i < text.size() && text[i] == '\n') ++i;
      continue;
    }
    const std::size_t end = std::min(text.find_first_of(" \n", i), text.size());
    const std::string_view word = text.substr(i, end - i);
    if (!line.empty() && indent + text_width(line) + 1 + text_width(word) > width) flush();
    if (!word.empty()) {
      if (!line.empty()) line += ' ';
      line += word;
    }
    i = end < text.size() && text[end] == ' ' ? end + 1 : end;
  }
  flush();
  return out;
}

}  // namespace aiot::cli::render
