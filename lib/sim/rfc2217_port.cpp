#include "sim/rfc2217_port.hpp"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace aiot::sim {
namespace {

using net::rfc2217::Server;

/// More than this waiting for a slow client, and the device's output waits too.
constexpr std::size_t most_pending = 64 * 1024;

}  // namespace

Result<std::unique_ptr<Port>> Rfc2217Port::make(const net::asio::any_io_executor& executor,
                                                std::uint16_t port) {
  std::unique_ptr<Rfc2217Port> made(new Rfc2217Port(executor));
  AIOT_CHECK(made->listen(port));
  return std::unique_ptr<Port>(std::move(made));
}

std::string Rfc2217Port::address() const { return fmt::format("rfc2217://127.0.0.1:{}", port()); }

void Rfc2217Port::on_client() {
  server_.emplace("aiotctl virtual device");
  pending_.clear();
  // A port that is opened anew drives neither line.
  events().lines(false, false);
  events().baud(115200);
  flush();
}

void Rfc2217Port::on_client_bytes(ByteSpan bytes) {
  if (!server_) return;
  for (const Server::Action& action : server_->on_bytes(bytes)) {
    if (const auto* data = std::get_if<net::rfc2217::Data>(&action)) {
      events().bytes(data->bytes);
    } else if (const auto* baud = std::get_if<Server::Baud>(&action)) {
      events().baud(baud->baud_bps);
    } else if (const auto* lines = std::get_if<Server::Lines>(&action)) {
      events().lines(lines->dtr, lines->rts);
    }
  }
  flush();
}

std::size_t Rfc2217Port::write(ByteSpan bytes) {
  if (!server_) return bytes.size();
  if (pending_.size() > most_pending || server_->suspended()) return 0;
  server_->send(bytes);
  flush();
  return bytes.size();
}

void Rfc2217Port::flush() {
  append(pending_, server_->take_output());
  if (pending_.empty()) return;
  const std::size_t sent = write_raw(pending_);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(sent));
}

void Rfc2217Port::on_writable() {
  flush();
  events().writable();
}

}  // namespace aiot::sim
