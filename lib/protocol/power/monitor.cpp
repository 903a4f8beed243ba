#include "protocol/power/monitor.hpp"

#include "protocol/power/joulescope.hpp"
#include "protocol/power/lpm01a.hpp"

namespace aiot::power {

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
