#include "sim/tcp_port.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <utility>

namespace aiot::sim {
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

}  // namespace aiot::sim
