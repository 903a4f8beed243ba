#pragma once

#include <memory>
#include <string>

#include "net/link.hpp"
#include "protocol/protocomm/transport.hpp"

namespace aiot::protocomm {

/// Endpoints over HTTP to the device's access point: POST /<endpoint>, on one connection that is
/// kept, with the cookie by which the device knows its session (protocomm_httpd.c).
class HttpTransport final : public EndpointTransport {
 public:
  /// `link` is open. `host` is the device's, as its Host header has it.
  HttpTransport(std::unique_ptr<net::Link> link, std::string host)
      : link_(std::move(link)), host_(std::move(host)) {}

  net::Clock& clock() override { return link_->clock(); }
  net::Task<Bytes> exchange(std::string_view endpoint, ByteSpan body,
                            net::TimePoint deadline) override;
  net::Task<void> restart(net::TimePoint deadline) override;
  /// The device serves one connection, and closes it for a newer one.
  provisioning::Errc cause_of_drop() const override { return provisioning::Errc::superseded; }
  unsigned scan_page() const override { return 16; }

 private:
  std::unique_ptr<net::Link> link_;
  std::string host_;
  std::string cookie_;  ///< "session=1234", "" before the first answer
  bool open_ = true;
};

}  // namespace aiot::protocomm
