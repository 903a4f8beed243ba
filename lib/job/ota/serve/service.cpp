#include "job/ota/serve/service.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace aiot::ota {
namespace {

using net::http_response;

net::HttpReply status_reply(unsigned status) {
  net::HttpReply out;
  out.message = http_response(status);
  return out;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::make(const ServeRequest& request,
                                               const std::string& state, EventSink& sink,
                                               TimeOfDay now) {
  AIOT_TRY(ServedFolder folder, ServedFolder::open(request.folder));
  std::unique_ptr<Service> made(new Service(sink, std::move(folder), now));
  AIOT_TRY(made->devices_, DeviceApi::make(request, state, made->folder_, sink, now));
  return made;
}

void Service::fill(ServeReport& report) const {
  report.devices = devices_->devices().devices().size();
  report.updated = devices_->devices().succeeded();
  report.failed = devices_->devices().failed();
}

net::HttpReply Service::answer(const net::HttpMessage& request, const net::HttpPeer& peer) {
  net::HttpReply out;
  if (std::optional<net::HttpReply> ours = devices_->answer(request, peer)) {
    out = *std::move(ours);
  } else if (request.method != "GET" && request.method != "HEAD") {
    out = status_reply(405);
    out.message.headers.emplace_back("Allow", "GET, HEAD");
  } else if (const auto path = safe_path(request.target)) {
    out = folder_.reply(request, *path);
  } else {
    out = status_reply(404);
  }
  out.message.headers.emplace_back("Date", http_date(std::chrono::system_clock::to_time_t(now_())));
  return out;
}

void Service::done(const net::HttpExchange& exchange, const net::HttpPeer& peer) {
  AccessRecord record;
  record.time = utc_text(now_());
  record.peer = peer.address.to_string();
  record.client = peer.client_name;
  if (const auto path = ddi::parse_path(exchange.target)) record.device = path->device;
  record.method = exchange.method;
  record.target = exchange.target;
  record.status = exchange.status;
  record.bytes = exchange.body_bytes;
  record.whole = exchange.whole;
  record.seconds = std::chrono::duration<double>(exchange.time).count();
  record.tls = peer.tls;
  record.resumed = peer.resumed;
  record.user_agent = exchange.user_agent;
  sink_.on_event(event::Item{record.peer, "access", record});
}

net::HttpReply Service::metrics(const net::HttpMessage& request,
                                const net::HttpCounters& counters) const {
  if (request.target != "/metrics") return status_reply(404);
  struct Row {
    const char* name;
    const char* kind;
    const char* help;
    std::uint64_t value;
  };
  const std::initializer_list<Row> rows = {
      {"connections", "gauge", "Connections now", counters.connections},
      {"connections_total", "counter", "Connections accepted", counters.accepted},
      {"connections_refused_total", "counter", "Connections beyond a limit",
       counters.refused_connections},
      {"handshakes_full_total", "counter", "TLS handshakes with a certificate",
       counters.handshakes_full},
      {"handshakes_resumed_total", "counter", "TLS handshakes with a ticket",
       counters.handshakes_resumed},
      {"handshakes_failed_total", "counter", "TLS handshakes that failed",
       counters.handshakes_failed},
      {"requests_total", "counter", "Requests", counters.requests},
      {"requests_refused_total", "counter", "Requests malformed, too large or too many",
       counters.refused_requests},
      {"timeouts_total", "counter", "Connections closed by a deadline", counters.timed_out},
      {"body_bytes_total", "counter", "Bytes of bodies sent", counters.body_bytes},
      {"artifacts", "gauge", "Artifacts that devices can be offered", devices_->artifacts()},
      {"devices", "gauge", "Devices that DDI knows", devices_->devices().devices().size()},
      {"updates_succeeded_total", "counter", "Actions that ended in success",
       devices_->devices().succeeded()},
      {"updates_failed_total", "counter", "Actions that ended in failure",
       devices_->devices().failed()},
  };
  std::string text;
  for (const Row& row : rows) {
    text +=
        fmt::format("# HELP aiotctl_ota_{0} {1}\n# TYPE aiotctl_ota_{0} {2}\naiotctl_ota_{0} {3}\n",
                    row.name, row.help, row.kind, row.value);
  }
  net::HttpReply out = status_reply(200);
  out.message.headers.emplace_back("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
  out.message.body.assign(text.begin(), text.end());
  return out;
}

}  // namespace aiot::ota
