#include "protocol/miio/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/this_coro.hpp>
#include <boost/json.hpp>

#include "protocol/miio/packet.hpp"

namespace aiot::miio {

namespace json = boost::json;

Call::Call(std::string method, std::string params, std::optional<Token> token)
    : method_(std::move(method)), params_(std::move(params)), token_(token) {}

void Call::start(net::TimePoint now) { send(now); }

void Call::send(net::TimePoint now) {
  if (device_) {
    const auto since = std::chrono::duration_cast<std::chrono::seconds>(now - greeted_).count();
    const std::string text =
        fmt::format(R"({{"id":{},"method":"{}","params":{}}})", id_++, method_, params_);
    output_.push_back(seal(device_->device_id, device_->stamp_s + static_cast<std::uint32_t>(since),
                           text, *token_));
  } else {
    output_.push_back(hello());
  }
  ++sent_times_;
  timer_ = now + patience;
}

void Call::on_datagram(net::TimePoint now, ByteSpan datagram) {
  if (result_) return;
  if (!device_) {
    const Result<HelloReply> reply = decode_hello_reply(datagram);
    if (!reply) return;
    device_ = *reply;
    greeted_ = now;
    if (method_.empty()) return end(std::string());
    if (!token_) token_ = device_->token;
    if (!token_) return end(make_error(Errc::token_hidden, method_));
    sent_times_ = 0;
    return send(now);
  }
  const Result<std::string> text = open(datagram, *token_);
  if (text) on_answer(*text);
}

void Call::on_answer(const std::string& text) {
  boost::system::error_code error;
  json::value parsed = json::parse(text, error);
  if (error) parsed = json::parse(repaired_json(text), error);
  if (error || !parsed.is_object())
    return end(make_error(Errc::bad_reply, method_).with_peer_text(text.substr(0, 200)));
  const json::object& answer = parsed.get_object();
  const json::value* id = answer.if_contains("id");
  boost::system::error_code no_number;
  const auto number = id == nullptr ? 0U : id->to_number<unsigned>(no_number);
  if (no_number || number == 0 || number >= id_) return;  // to another's question
  if (const json::value* refused = answer.if_contains("error"))
    return end(make_error(Errc::refused, method_).with_peer_text(json::serialize(*refused)));
  const json::value* result = answer.if_contains("result");
  if (result == nullptr) return end(make_error(Errc::bad_reply, method_));
  end(json::serialize(*result));
}

void Call::on_timer(net::TimePoint now) {
  if (!timer_ || now < *timer_) return;
  if (sent_times_ < attempts) return send(now);
  Error error = make_error(Errc::no_reply, device_ ? method_ : "hello");
  if (device_) error = std::move(error).with_hint("a wrong token is answered with silence, too");
  end(std::move(error));
}

void Call::end(Result<std::string> result) {
  timer_.reset();
  result_.emplace(std::move(result));
}

std::optional<Bytes> Call::take_output() {
  if (output_.empty()) return std::nullopt;
  Bytes out = std::move(output_.front());
  output_.pop_front();
  return out;
}

net::Task<std::string> ask(net::asio::ip::udp::endpoint device, Call call, net::Clock& clock,
                           net::TimePoint deadline) {
  co_return co_await run_call(device, call, clock, deadline);
}

net::Task<std::string> run_call(net::asio::ip::udp::endpoint device, Call& call, net::Clock& clock,
                                net::TimePoint deadline, std::string interface) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  net::UdpOptions options;
  options.v6 = device.address().is_v6();
  options.interface = std::move(interface);
  Result<net::UdpSocket> socket = net::UdpSocket::open(executor, options);
  if (!socket) co_return std::move(socket).error();
  call.start(clock.now());
  for (;;) {
    while (const std::optional<Bytes> out = call.take_output()) {
      Result<void> sent = socket->send(device, *out);
      if (!sent) co_return std::move(sent).error();
    }
    if (call.result()) co_return *call.result();
    const net::TimePoint until = std::min(deadline, call.next_timer().value_or(deadline));
    Result<net::Datagram> got = co_await socket->receive(until);
    if (got) {
      if (got->from == device) call.on_datagram(clock.now(), got->payload);
    } else if (got.error().code != net::Errc::timed_out || clock.now() >= deadline) {
      co_return std::move(got).error();
    } else {
      call.on_timer(clock.now());
    }
  }
}

}  // namespace aiot::miio
