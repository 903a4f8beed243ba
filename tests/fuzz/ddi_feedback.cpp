// What a device sends: feedback and configuration data, and a path; the journal's lines; and what a
// server sends to a device.
#include <cstdlib>

#include "protocol/ddi/client_message.hpp"
#include "protocol/ddi/server.hpp"

using namespace aiot;
using namespace aiot::ddi;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto feedback = parse_feedback(bytes)) {
    if (feedback->details.size() > 64) std::abort();
  }
  if (const auto config = parse_config_data(bytes)) {
    if (config->attributes.size() > 64) std::abort();
  }
  if (const auto path = parse_path(text)) {
    if (path->device.empty() || path->action > most_id) std::abort();
  }
  if (const auto poll = parse_base(bytes)) {
    if (poll->sleep.count() < 1 || poll->sleep.count() > 86400) std::abort();
  }
  if (const auto deployment = parse_deployment(bytes)) {
    if (deployment->downloads.empty() || deployment->action > most_id) std::abort();
  }
  if (const auto cancel = parse_cancel(bytes)) {
    if (*cancel == 0 || *cancel > most_id) std::abort();
  }
  const auto offer = [](const std::string&, const Attributes&) {
    return std::optional(Offer{"k", "n", "1", "a.swu", 1, "", "", ""});
  };
  Server server(offer, std::chrono::seconds(1));
  if (server.load(text)) {
    Server again(offer, std::chrono::seconds(1));
    for (const std::string& line : server.snapshot()) {
      if (!again.load(line)) std::abort();
    }
    if (again.snapshot() != server.snapshot()) std::abort();
  }
  for (const std::string_view path : {"", "/configData", "/deploymentBase/1/feedback"}) {
    const auto parsed = parse_path("/T/controller/v1/d" + std::string(path));
    const Outcome out = server.handle(*parsed, path.empty() ? "GET" : "PUT", bytes, "https://h");
    if (out.status == 0) std::abort();
  }
  return 0;
}
