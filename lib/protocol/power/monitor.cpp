#include "protocol/power/monitor.hpp"

#include <array>
#include <utility>

#include "protocol/power/joulescope.hpp"
#include "protocol/power/lpm01a.hpp"

namespace aiot::power {

net::Task<std::string> LineStream::next(net::TimePoint deadline) {
  std::array<std::uint8_t, 4096> buffer;
  while (lines_.empty()) {
    Result<std::size_t> got = co_await link_.read_some(buffer, deadline);
    if (!got) co_return std::move(got).error();
    arrived_ = link_.clock().now();
    for (const std::uint8_t byte : ByteSpan(buffer).first(*got)) {
      if (byte == '\n' || byte == '\r') {
        if (!tail_.empty() && !overlong_) lines_.push_back(std::move(tail_));
        tail_.clear();
        overlong_ = false;
      } else if (tail_.size() == most_chars) {
        overlong_ = true;
      } else if (byte != 0) {
        tail_.push_back(static_cast<char>(byte));
      }
    }
  }
  std::string line = std::move(lines_.front());
  lines_.pop_front();
  co_return line;
}

void LineStream::clear() {
  lines_.clear();
  tail_.clear();
  overlong_ = false;
}

std::vector<std::string> monitor_kinds() { return {"lpm01a", "joulescope"}; }

std::unique_ptr<Monitor> make_monitor(const std::string& kind, std::unique_ptr<net::Link> link) {
  if (kind == "lpm01a") return std::make_unique<lpm01a::Lpm01a>(std::move(link));
  if (kind == "joulescope") return std::make_unique<joulescope::Joulescope>(std::move(link));
  return nullptr;
}

std::uint32_t baud_of(const std::string& kind) {
  return kind == "lpm01a" ? lpm01a::baud_bps : 115200;
}

}  // namespace aiot::power
