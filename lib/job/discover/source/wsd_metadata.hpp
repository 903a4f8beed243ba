#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "job/discover/observation.hpp"
#include "net/datagram_engine.hpp"
#include "net/udp.hpp"
#include "protocol/wsd/message.hpp"

namespace aiot::discover {

/// A random UUID (RFC 4122, 4.4).
std::string random_uuid();

/// Asks devices that speak WS-Discovery who they are: those that do not say where, with a Resolve;
/// the others over HTTP, from the address that they were heard from, whatever host their URL names.
/// Bounded in number, size and time. Hold it by a shared pointer: its requests do.
class WsdMetadata : public std::enable_shared_from_this<WsdMetadata> {
 public:
  using Report = std::function<void(Observation)>;
  using Ask = std::function<void(const net::OutgoingDatagram&)>;
  WsdMetadata(net::asio::any_io_executor executor, Report report)
      : executor_(std::move(executor)), report_(std::move(report)) {}

  /// How a Resolve leaves; none does before.
  void ask_by(Ask ask) { ask_ = std::move(ask); }

  /// A device was heard; `observation` is what that said of it.
  void heard(const net::Datagram& datagram, const wsd::Target& target,
             const Observation& observation);
  /// Nothing is reported any more.
  void close() { over_ = true; }

 private:
  net::Task<void> fetch(net::asio::ip::address address, std::string url, std::string endpoint,
                        Observation observation);

  net::asio::any_io_executor executor_;
  Report report_;
  Ask ask_ = [](const net::OutgoingDatagram&) {};
  bool over_ = false;
  std::size_t under_way_ = 0;
  std::set<std::string> resolved_;  // endpoints that were asked where they are
  std::set<std::string> fetched_;   // endpoints
};

}  // namespace aiot::discover
