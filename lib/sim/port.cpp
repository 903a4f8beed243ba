#include "sim/port.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <cerrno>
#include <charconv>
#include <limits>
#include <utility>
#include <variant>

namespace aiot::sim {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::bad_port, "sim.bad-port", "not a port a virtual device can have", Condition::usage},
    {Errc::bad_count, "sim.bad-count", "not a number of devices", Condition::usage},
    {Errc::bad_rate, "sim.bad-rate", "not a number a second", Condition::usage},
    {Errc::bad_broker, "sim.bad-broker", "not a broker to publish at", Condition::usage},
    {Errc::no_model, "sim.no-model", "no such model", Condition::invalid_input},
    {Errc::bad_fault, "sim.bad-fault", "unknown fault", Condition::usage},
    {Errc::bad_kind, "sim.bad-kind", "not a kind of virtual device", Condition::usage},
    {Errc::not_for_device, "sim.not-for-device", "this kind of virtual device has no such thing",
     Condition::usage},
    {Errc::bad_server, "sim.bad-server", "not a server that a virtual device can poll",
     Condition::usage},
    {Errc::bad_attribute, "sim.bad-attribute", "not an attribute of a device", Condition::usage},
};
const ErrorTable table("sim", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

namespace {

namespace asio = net::asio;

/// Read from the host at a time: a few milliseconds of wire.
constexpr std::size_t read_bytes = 2048;

}  // namespace

Result<std::unique_ptr<Port>> PtyPort::make(const asio::any_io_executor& executor) {
  AIOT_TRY(net::Pty pty, net::Pty::open());
  std::unique_ptr<PtyPort> port(new PtyPort(executor, std::move(pty)));
  AIOT_CHECK(port->attach());
  return std::unique_ptr<Port>(std::move(port));
}

PtyPort::PtyPort(const asio::any_io_executor& executor, net::Pty pty)
    : pty_(std::move(pty)), descriptor_(executor) {}

Result<void> PtyPort::attach() {
  AIOT_TRY(const int fd, pty_.duplicate_master());
  boost::system::error_code error;
  descriptor_.assign(fd, error);
  if (!error) descriptor_.non_blocking(true, error);
  if (error) {
    if (!descriptor_.is_open()) ::close(fd);
    return make_error(net::Errc::io, "pty: " + error.message());
  }
  return {};
}

void PtyPort::start(Events events) {
  events_ = std::move(events);
  poll_baud();
  wait_read();
}

void PtyPort::poll_baud() {
  if (!descriptor_.is_open()) return;
  const std::uint32_t baud = pty_.client_baud();
  if (baud == baud_ || baud == 0) return;
  baud_ = baud;
  events_.baud(baud);
}

void PtyPort::wait_read() {
  if (paused_ || reading_ || !descriptor_.is_open()) return;
  reading_ = true;
  descriptor_.async_wait(
      asio::posix::stream_descriptor::wait_read, [this](boost::system::error_code error) {
        if (error == asio::error::operation_aborted) return;
        reading_ = false;
        if (error || paused_ || !descriptor_.is_open()) return;
        std::array<std::uint8_t, read_bytes> buffer;
        const ssize_t got = ::read(descriptor_.native_handle(), buffer.data(), buffer.size());
        if (got > 0) {
          poll_baud();
          events_.bytes(ByteSpan(buffer).first(static_cast<std::size_t>(got)));
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
          return;  // hung up
        }
        wait_read();
      });
}

void PtyPort::wait_write() {
  if (writing_ || !descriptor_.is_open()) return;
  writing_ = true;
  descriptor_.async_wait(asio::posix::stream_descriptor::wait_write,
                         [this](boost::system::error_code error) {
                           if (error == asio::error::operation_aborted) return;
                           writing_ = false;
                           if (!error) events_.writable();
                         });
}

std::size_t PtyPort::write(ByteSpan bytes) {
  if (!descriptor_.is_open()) return bytes.size();
  const ssize_t wrote = ::write(descriptor_.native_handle(), bytes.data(), bytes.size());
  if (wrote < 0 && errno != EAGAIN && errno != EINTR) return bytes.size();
  const std::size_t taken = wrote < 0 ? 0 : static_cast<std::size_t>(wrote);
  if (taken < bytes.size()) wait_write();
  return taken;
}

void PtyPort::pause(bool paused) {
  paused_ = paused;
  if (!paused) wait_read();
}

bool PtyPort::set_up(bool up) {
  if (!up) {
    detach();
    pty_.unplug();
    return false;
  }
  if (!pty_.plug() || !attach()) return false;
  baud_ = 0;
  poll_baud();
  wait_read();
  return true;
}

void PtyPort::detach() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  reading_ = writing_ = false;
}

void PtyPort::close() {
  detach();
  pty_.close();
}

namespace {

namespace asio = net::asio;
using asio::ip::tcp;

constexpr std::size_t tcp_read_bytes = 2048;

}  // namespace

TcpPort::TcpPort(const asio::any_io_executor& executor)
    : acceptor_(executor), client_(executor), next_(executor) {}

Result<std::unique_ptr<Port>> TcpPort::make(const asio::any_io_executor& executor,
                                            std::uint16_t port) {
  std::unique_ptr<TcpPort> made(new TcpPort(executor));
  AIOT_CHECK(made->listen(port));
  return std::unique_ptr<Port>(std::move(made));
}

Result<void> TcpPort::listen(std::uint16_t port) {
  const tcp::endpoint endpoint(asio::ip::address_v4::loopback(), port);
  boost::system::error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (!error) acceptor_.listen(1, error);
  if (error) {
    return make_error(error == asio::error::address_in_use ? net::Errc::port_busy : net::Errc::io,
                      fmt::format("listening on 127.0.0.1:{}: {}", port, error.message()),
                      "use port 0 to get a free one");
  }
  port_ = acceptor_.local_endpoint(error).port();
  return {};
}

std::string TcpPort::address() const { return fmt::format("tcp://127.0.0.1:{}", port_); }

void TcpPort::start(Events events) {
  events_ = std::move(events);
  events_.baud(0);
  accept();
}

void TcpPort::accept() {
  if (!acceptor_.is_open()) return;
  acceptor_.async_accept(next_, [this](boost::system::error_code error) {
    if (error == asio::error::operation_aborted || !acceptor_.is_open()) return;
    if (!error && up_) {
      drop_client();
      client_ = std::move(next_);
      boost::system::error_code ignored;
      client_.set_option(tcp::no_delay(true), ignored);
      client_.non_blocking(true, ignored);
      on_client();
      wait_read();
    } else {
      boost::system::error_code ignored;
      next_.close(ignored);
    }
    accept();
  });
}

void TcpPort::drop_client() {
  if (!client_.is_open()) return;
  ++generation_;
  reading_ = writing_ = false;
  boost::system::error_code ignored;
  client_.close(ignored);
  events_.gone();
}

void TcpPort::on_client() {}
void TcpPort::on_writable() { events_.writable(); }
void TcpPort::on_client_bytes(ByteSpan bytes) { events_.bytes(bytes); }

void TcpPort::wait_read() {
  if (paused_ || reading_ || !client_.is_open()) return;
  reading_ = true;
  client_.async_wait(tcp::socket::wait_read,
                     [this, generation = generation_](boost::system::error_code error) {
                       if (generation != generation_) return;
                       reading_ = false;
                       if (error || paused_) return;
                       std::array<std::uint8_t, tcp_read_bytes> buffer;
                       const std::size_t got = client_.read_some(asio::buffer(buffer), error);
                       if (error == asio::error::would_block) error.clear();
                       if (error) return drop_client();
                       if (got > 0) on_client_bytes(ByteSpan(buffer).first(got));
                       if (generation == generation_) wait_read();
                     });
}

void TcpPort::wait_write() {
  if (writing_ || !client_.is_open()) return;
  writing_ = true;
  client_.async_wait(tcp::socket::wait_write,
                     [this, generation = generation_](boost::system::error_code error) {
                       if (generation != generation_) return;
                       writing_ = false;
                       if (!error) on_writable();
                     });
}

std::size_t TcpPort::write(ByteSpan bytes) { return write_raw(bytes); }

std::size_t TcpPort::write_raw(ByteSpan bytes) {
  if (!client_.is_open()) return bytes.size();
  boost::system::error_code error;
  const std::size_t wrote = client_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != asio::error::would_block) {
    drop_client();
    return bytes.size();
  }
  if (wrote < bytes.size()) wait_write();
  return wrote;
}

void TcpPort::pause(bool paused) {
  paused_ = paused;
  if (!paused) wait_read();
}

bool TcpPort::set_up(bool up) {
  up_ = up;
  if (!up) drop_client();
  return false;
}

void TcpPort::close() {
  boost::system::error_code ignored;
  acceptor_.close(ignored);
  drop_client();
}

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

namespace {

Error bad_port(std::string_view spec) {
  return make_error(Errc::bad_port, std::string(spec),
                    "use pty, tcp:PORT or rfc2217:PORT; port 0 picks a free one");
}

}  // namespace

Result<std::uint16_t> tcp_port_of(std::string_view spec, unsigned index) {
  const std::size_t colon = spec.find(':');
  const std::string_view text =
      colon == std::string_view::npos ? std::string_view("0") : spec.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return bad_port(spec);
  if (number != 0 &&
      index > static_cast<unsigned>(std::numeric_limits<std::uint16_t>::max() - number)) {
    return bad_port(spec);
  }
  return static_cast<std::uint16_t>(number == 0 ? 0 : number + index);
}

Result<std::unique_ptr<Port>> make_port(net::asio::any_io_executor executor, std::string_view spec,
                                        unsigned index) {
  if (spec == "pty") return PtyPort::make(executor);
  AIOT_TRY(const std::uint16_t port, tcp_port_of(spec, index));
  const std::string_view kind = spec.substr(0, spec.find(':'));
  if (kind == "tcp") return TcpPort::make(executor, port);
  if (kind == "rfc2217") return Rfc2217Port::make(executor, port);
  return bad_port(spec);
}

}  // namespace aiot::sim
