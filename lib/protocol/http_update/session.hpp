#pragma once

#include <functional>
#include <memory>
#include <string>

#include "net/link.hpp"
#include "protocol/http_update/flavour.hpp"

namespace aiot::http_update {

/// Opens a connection to the device: each request has its own.
using Connect = std::function<net::Task<std::unique_ptr<net::Link>>(net::TimePoint deadline)>;

/// A device's web server.
struct Server {
  Connect connect;
  net::Clock* clock = nullptr;
  std::string scheme = "http";
  std::string host;  ///< as the URL has it, with a port that is not the scheme's
  std::string user = "admin";
  std::string password;  ///< "" for none
};

/// Asks for its pages. Errc::unknown_flavour, pulls, wrong_password, no_reply.
net::Task<const Flavour*> detect(const Server& server);

/// What the host brings.
struct Update {
  ByteSpan firmware;      ///< outlives the session
  std::string file_name;  ///< of the form
  /// Called with the bytes that have left for the device, of all.
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;
};
/// Sends a firmware, and evaluates the answer. Errors of this room; net::Errc::link_lost,
/// cancelled.
net::Task<void> update(const Server& server, const Flavour& flavour, const Update& what);

/// What the device reports that it runs; "" when its flavour reports none.
net::Task<std::string> version(const Server& server, const Flavour& flavour);

}  // namespace aiot::http_update
