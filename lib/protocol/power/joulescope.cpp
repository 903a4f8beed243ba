#include "protocol/power/joulescope.hpp"

#include <optional>

#include "protocol/power/joulescope_line.hpp"

namespace aiot::power::joulescope {
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
