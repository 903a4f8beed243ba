#include <fmt/format.h>

#include <array>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <list>
#include <optional>
#include <tuple>
#include <utility>

#include "job/listen/error.hpp"
#include "job/listen/source.hpp"
#include "job/listen/source/local.hpp"
#include "net/clock.hpp"
#include "net/error.hpp"
#include "net/resolve.hpp"
#include "net/tcp_link.hpp"
#include "protocol/syslog/message.hpp"

namespace aiot::listen {
namespace {
namespace asio = net::asio;

constexpr std::uint16_t usual_port = 514;
constexpr std::chrono::seconds syslog_look_up_time{10};
/// Each may hold 64 KiB of an unfinished message.
constexpr std::size_t most_connections = 256;

Message as_message(std::string_view bytes, std::string from) {
  syslog::Message parsed = syslog::parse_message(bytes);
  Message message{.payload = std::move(parsed.text)};
  message.from = std::move(from);
  if (parsed.severity) message.severity = *parsed.severity;
  Syslog more;
  if (parsed.facility) more.facility = syslog::facility_name(*parsed.facility);
  more.time = std::move(parsed.time);
  more.host = std::move(parsed.host);
  more.app = std::move(parsed.application);
  more.process = std::move(parsed.process);
  more.id = std::move(parsed.id);
  for (syslog::Element& element : parsed.structured) {
    Object parameters;
    for (auto& [name, value] : element.parameters) parameters.set(name, std::move(value));
    more.structured.set(std::move(element.id), std::move(parameters));
  }
  message.syslog = std::move(more);
  return message;
}

/// A collector of syslog messages: over UDP and TCP on one port, or over one of them.
class SyslogSource final : public Source {
 public:
  SyslogSource(Address address, bool udp, bool tcp)
      : address_(std::move(address)), udp_(udp), tcp_(tcp) {}

  net::Task<void> run(SourceContext& context) override {
    std::string host = address_.host;
    Result<asio::ip::address> found =
        co_await net::resolve(std::move(host), context.clock.now() + syslog_look_up_time);
    if (!found) co_return std::move(found).error();
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const std::uint16_t port = address_.port == 0 ? usual_port : address_.port;
    std::optional<net::UdpSocket> socket;
    if (udp_) {
      AIOT_CO_TRY(socket, open_local(executor, *found, port));
    }
    std::optional<net::TcpListener> listener;
    if (tcp_) {
      AIOT_CO_TRY(listener, net::TcpListener::open(executor, {*found, port}));
    }
    if (socket) spawn(executor, add_part(), hear_datagrams(context, *std::move(socket)));
    if (listener) spawn(executor, add_part(), accept_all(context, *std::move(listener)));
    Result<void> ended = co_await wait_for_end(executor);
    co_return ended;
  }

 private:
  /// A coroutine of this source; it is cancelled with it.
  struct Part {
    asio::cancellation_signal cancel;
    // Of a connection:
    bool is_open = false;       // its first step is done, and it is not asked to end
    bool has_spoken = false;    // a whole message has come
    net::TimePoint heard_at{};  // bytes have come, or it was accepted
  };
  using Parts = std::list<Part>;

  Parts::iterator add_part() { return parts_.emplace(parts_.end()); }

  void spawn(const asio::any_io_executor& executor, Parts::iterator part, net::Task<void> task) {
    asio::co_spawn(
        executor, std::move(task),
        asio::bind_cancellation_slot(part->cancel.slot(),
                                     [this, part](std::exception_ptr thrown, Result<void> how) {
                                       parts_.erase(part);
                                       if (!how && !error_) error_ = std::move(how).error();
                                       if (thrown) std::rethrow_exception(thrown);
                                       if (wake_) wake_->cancel();
                                     }));
  }

  /// Until one of the sockets fails or this source is cancelled; then until all parts have ended.
  net::Task<void> wait_for_end(asio::any_io_executor executor) {
    wake_.emplace(executor);
    while (!error_ && !co_await net::is_cancelled()) co_await wait();
    const bool cancelled = co_await net::is_cancelled();
    co_await asio::this_coro::reset_cancellation_state();
    closing_ = true;
    // A part that is cancelled before its first step throws: each takes it now.
    co_await asio::post(executor, asio::use_awaitable);
    for (Part& part : parts_) part.cancel.emit(asio::cancellation_type::terminal);
    while (!parts_.empty()) co_await wait();
    wake_.reset();
    if (cancelled) co_return make_error(net::Errc::cancelled);
    co_return *std::move(error_);
  }
  asio::awaitable<void> wait() {
    wake_->expires_at(net::TimePoint::max());
    co_await wake_->async_wait(asio::as_tuple(asio::use_awaitable));
  }

  net::Task<void> hear_datagrams(SourceContext& context, net::UdpSocket socket) {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (true) {
      Result<net::Datagram> got = co_await socket.receive(net::TimePoint::max());
      if (!got) co_return std::move(got).error();
      const std::string bytes = to_string(got->payload);
      context.report(as_message(bytes, endpoint_text(got->from.address(), got->from.port())));
    }
  }

  net::Task<void> accept_all(SourceContext& context, net::TcpListener listener) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    while (true) {
      Result<net::Accepted> accepted = co_await listener.accept(net::TimePoint::max());
      if (!accepted) co_return std::move(accepted).error();
      std::string from = endpoint_text(accepted->from.address(), accepted->from.port());
      if (closing_) continue;
      if (connections_ >= most_connections) close_idlest(context);
      const auto part = add_part();
      spawn(executor, part,
            hear_connection(context, *part, std::move(accepted->stream), std::move(from)));
    }
  }

  /// Idle connections must not keep others out.
  void close_idlest(SourceContext& context) {
    const auto idler = [](const Part& a, const Part& b) {
      return std::tie(a.has_spoken, a.heard_at) < std::tie(b.has_spoken, b.heard_at);
    };
    Part* idlest = nullptr;
    for (Part& part : parts_) {
      if (part.is_open && (idlest == nullptr || idler(part, *idlest))) idlest = &part;
    }
    if (idlest == nullptr) return;
    idlest->is_open = false;
    if (!std::exchange(told_of_many_, true)) {
      context.notice("listen.too_many",
                     fmt::format("there are more than {} connections: the idlest are closed",
                                 most_connections),
                     "");
    }
    idlest->cancel.emit(asio::cancellation_type::terminal);
  }

  /// One sender's connection. How it ends concerns nobody else.
  net::Task<void> hear_connection(SourceContext& context, Part& part, net::FdStream stream,
                                  std::string from) {
    co_await asio::this_coro::throw_if_cancelled(false);
    ++connections_;
    part.is_open = true;
    part.heard_at = context.clock.now();
    syslog::StreamDecoder decoder;
    Bytes buffer(16 * 1024);
    const auto tell = [&](const std::optional<syslog::StreamDecoder::Frame>& frame) {
      if (!frame) return false;
      part.has_spoken = true;
      Message message = as_message(frame->bytes, from);
      message.truncated = frame->truncated;
      context.report(std::move(message));
      return true;
    };
    while (true) {
      Result<std::size_t> got = co_await stream.read_some(buffer, net::TimePoint::max());
      if (!got) break;
      part.heard_at = context.clock.now();
      ByteSpan bytes = ByteSpan(buffer).first(*got);
      while (tell(decoder.next(bytes))) {
      }
    }
    tell(decoder.finish());
    part.is_open = false;
    --connections_;
    co_return Result<void>();
  }

  Address address_;
  bool udp_;
  bool tcp_;
  Parts parts_;
  std::size_t connections_ = 0;
  bool told_of_many_ = false;
  std::optional<asio::steady_timer> wake_;
  std::optional<Error> error_;  // of a socket: what ends the source
  bool closing_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> make_syslog_source(const Address& address, const Request&) {
  AIOT_CHECK(check_settings(address, {"transport"}));
  const auto given = address.query.find("transport");
  const std::string transport = given == address.query.end() ? "" : given->second;
  if (!transport.empty() && transport != "udp" && transport != "tcp") {
    return make_error(Errc::bad_setting, fmt::format("{}: \"{}\"", address.str(), transport),
                      "transport is udp or tcp; without it both are listened to");
  }
  return std::make_unique<SyslogSource>(address, transport != "tcp", transport != "udp");
}

}  // namespace aiot::listen
