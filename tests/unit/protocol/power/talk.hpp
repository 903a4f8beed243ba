#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "support/scripted_link.hpp"
#include "protocol/power/monitor.hpp"
#include "show.hpp"

namespace aiot::power {

inline Bytes text(std::string_view words) { return {words.begin(), words.end()}; }

/// A monitor on a script, on virtual time.
struct Talk {
  net::asio::io_context context;
  net::VirtualClock clock;
  net::ScriptedLink* link = nullptr;  ///< the monitor's; valid while that is

  std::unique_ptr<Monitor> monitor(const std::string& kind, const net::Script& script) {
    auto made = std::make_unique<net::ScriptedLink>(clock, script);
    link = made.get();
    return make_monitor(kind, std::move(made));
  }
};

}  // namespace aiot::power
