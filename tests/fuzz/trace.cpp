// Traces: what can be read is written the same, and makes a script.
#include "net/trace.hpp"

#include <cstdlib>

using namespace aiot;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto events = net::parse_trace(text);
  if (!events) return 0;
  std::string again;
  for (const net::TraceEvent& event : *events) again += net::format_trace_event(event) + '\n';
  const auto same = net::parse_trace(again);
  if (!same || same->size() != events->size()) std::abort();
  std::string third;
  for (const net::TraceEvent& event : *same) third += net::format_trace_event(event) + '\n';
  if (third != again) std::abort();
  (void)net::script_from_trace(*events);
  return 0;
}
