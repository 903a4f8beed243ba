#include "protocol/power/joulescope.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <optional>

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

namespace {

using namespace std::chrono_literals;

/// The tool's slowest period is half a second.
constexpr auto silence = 5s;

Error silent(std::string step) {
  return make_error(Errc::no_answer, std::move(step),
                    "see that `pyjoulescope_driver statistics` runs and is sent here");
}

bool is_timeout(const Error& error) {
  return error.code == net::make_error_code(net::Errc::timed_out);
}

}  // namespace

net::Task<MonitorInfo> Joulescope::prepare(Supply) {
  MonitorInfo info;
  info.kind = "joulescope";
  const net::TimePoint end = link_->clock().now() + silence;
  // The first line may have begun before we listened: only a second one that is wrong is.
  for (int wrong = 0;;) {
    Result<std::string> text = co_await lines_.next(end);
    if (!text && is_timeout(text.error())) co_return silent("monitor");
    if (!text) co_return std::move(text).error().with("monitor");
    Result<Line> line = decode_line(*text);
    if (!line) {
      if (++wrong > 1) co_return std::move(line).error();
      continue;
    }
    const auto* statistics = std::get_if<Statistics>(&*line);
    if (statistics == nullptr) continue;
    device_ = info.name = statistics->device;
    info.has_edges = false;
    co_return info;
  }
}

net::Task<void> Joulescope::stream(Recorder& recorder) {
  std::optional<Statistics> last;
  while (!stopping_) {
    const net::TimePoint deadline = link_->clock().now() + silence;
    Result<std::string> text = co_await lines_.next(deadline);
    if (stopping_) break;
    if (!text && is_timeout(text.error())) co_return silent("monitor: its stream ended");
    if (!text) co_return std::move(text).error().with("monitor");
    Result<Line> line = decode_line(*text);
    if (!line) {
      recorder.on_lost(1);
      continue;
    }
    if (const auto* event = std::get_if<Event>(&*line)) {
      recorder.on_edge(event->number, lines_.arrived());
    }
    auto* statistics = std::get_if<Statistics>(&*line);
    if (statistics == nullptr || statistics->device != device_) continue;
    // Both are running sums: a line that was lost costs nothing but its place.
    if (last && statistics->sample_id > last->sample_id) {
      recorder.on_sample(
          statistics->joules - last->joules,
          static_cast<double>(statistics->sample_id - last->sample_id) / samples_per_s(device_));
    }
    last = std::move(*statistics);
    recorder.on_time(lines_.arrived());
  }
  co_return Result<void>();
}

net::Task<void> Joulescope::stop() {
  stopping_ = true;
  co_return Result<void>();
}

net::Task<void> Joulescope::release() {
  link_->close();
  co_return Result<void>();
}

}  // namespace aiot::power::joulescope
