#include "protocol/power/joulescope_line.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace aiot::power::joulescope {
namespace {

constexpr std::size_t fields_in_line = 16;

template <class Number>
bool parse(std::string_view text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

Error bad(std::string_view line) {
  return make_error(Errc::bad_stream, "monitor",
                    "send what `pyjoulescope_driver statistics` prints")
      .with_peer_text(std::string(line.substr(0, 120)));
}

}  // namespace

Result<Line> decode_line(std::string_view line) {
  if (line.starts_with('#')) return Line(Heading{});
  if (line.starts_with("event ") && line.ends_with(" ris")) {
    Event event;
    if (line.size() < 11 || !parse(line.substr(6, line.size() - 10), event.number))
      return bad(line);
    return Line(event);
  }
  std::array<std::string_view, fields_in_line> fields;
  std::string_view rest = line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t comma = rest.find(',');
    if ((comma == std::string_view::npos) != (i + 1 == fields.size())) return bad(line);
    fields[i] = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
  }
  Statistics out;
  out.device = fields[0];
  if (out.device.empty() || !parse(fields[1], out.sample_id) || !parse(fields.back(), out.joules) ||
      !std::isfinite(out.joules)) {
    return bad(line);
  }
  return Line(std::move(out));
}

double samples_per_s(std::string_view device) {
  return device.find("js110") != std::string_view::npos ? 2e6 : 1e6;
}

}  // namespace aiot::power::joulescope
