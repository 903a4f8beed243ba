#include <cstddef>
#include <cstdint>

#include "sim/gadget/console.hpp"
#include "sim/gadget/http_pages.hpp"
#include "sim/gadget/mqtt_service.hpp"

using namespace aiot;

/// What a stranger sends to the gadget: as an HTTP request, on its console, and through a broker.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  const std::string answer =
      sim::gadget::http_answer(to_string(bytes), {{"/", "text/plain", "home"}});
  if (!answer.starts_with("HTTP/1.1 ")) __builtin_trap();
  const net::TimePoint start{};
  sim::gadget::Console console(1, start);
  console.on_bytes(bytes, start);
  console.on_timer(start + std::chrono::milliseconds(20));
  if (console.output().size() > sim::gadget::Console::max_waiting_bytes) __builtin_trap();
  sim::gadget::Telemetry telemetry(sim::gadget::make_identity(1, {}),
                                   {"home", std::chrono::seconds(1), 0, [] { return "20"; }},
                                   start);
  telemetry.on_message(telemetry.rate_topic(), to_string(bytes), start);
  const std::uint64_t due = telemetry.flood_due(start + std::chrono::seconds(1));
  if (due > sim::gadget::Pace::max_rate) __builtin_trap();
  return 0;
}
