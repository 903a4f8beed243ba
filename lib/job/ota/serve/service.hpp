#pragma once

#include <memory>
#include <optional>

#include "aiot/ota_server.hpp"
#include "job/ota/serve/device_api.hpp"
#include "job/ota/serve/files.hpp"
#include "net/http_server.hpp"

namespace aiot::ota {

/// What is answered to each request: files, and what is made of the artifacts.
class Service {
 public:
  static Result<std::unique_ptr<Service>> make(const ServeRequest& request,
                                               const std::string& state, EventSink& sink,
                                               TimeOfDay now);

  net::HttpReply answer(const net::HttpMessage& request, const net::HttpPeer& peer);
  void done(const net::HttpExchange& exchange, const net::HttpPeer& peer);
  /// Prometheus' text format, version 0.0.4.
  net::HttpReply metrics(const net::HttpMessage& request, const net::HttpCounters& counters) const;
  /// Reads tokens and artifacts again. What is wrong leaves those from before.
  Result<void> reload() { return devices_->reload(); }
  std::uint64_t artifacts() const { return devices_->artifacts(); }
  void fill(ServeReport& report) const;

 private:
  Service(EventSink& sink, ServedFolder folder, TimeOfDay now)
      : sink_(sink), folder_(std::move(folder)), now_(now) {}

  EventSink& sink_;
  ServedFolder folder_;
  TimeOfDay now_;
  std::unique_ptr<DeviceApi> devices_;
};

}  // namespace aiot::ota
