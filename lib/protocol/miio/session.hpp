#pragma once

#include <deque>
#include <optional>
#include <string>

#include "net/clock.hpp"
#include "net/udp.hpp"
#include "protocol/miio/packet.hpp"

namespace aiot::miio {

/// One command to one device, from the hello with its id and stamp to the answer, as an
/// engine without I/O. Each of the two is sent up to three times, a second apart, the command under
/// a new id each time: devices drop an id that they have seen.
class Call {
 public:
  /// `params` is JSON. Without a token the one that the device tells is used.
  Call(std::string method, std::string params, std::optional<Token> token);
  /// A hello alone; its result is "".
  static Call greeting() { return Call({}, {}, std::nullopt); }

  void start(net::TimePoint now);
  void on_datagram(net::TimePoint now, ByteSpan datagram);
  std::optional<net::TimePoint> next_timer() const { return timer_; }
  void on_timer(net::TimePoint now);
  std::optional<Bytes> take_output();

  /// The answer's `result`, as JSON, once it is there.
  /// Errc::no_reply, token_hidden, refused, bad_reply. A wrong token is answered with silence.
  const std::optional<Result<std::string>>& result() const { return result_; }
  /// What answered the hello.
  const std::optional<HelloReply>& device() const { return device_; }

  static constexpr std::chrono::seconds patience{1};
  static constexpr int attempts = 3;

 private:
  void send(net::TimePoint now);
  void on_answer(const std::string& text);
  void end(Result<std::string> result);

  std::string method_;
  std::string params_;
  std::optional<Token> token_;
  std::optional<HelloReply> device_;
  net::TimePoint greeted_;  ///< when the device told its stamp
  unsigned id_ = 1;         ///< of the next command; an answer to any earlier one will do
  int sent_times_ = 0;
  std::optional<net::TimePoint> timer_;
  std::deque<Bytes> output_;
  std::optional<Result<std::string>> result_;
};

/// Runs `call` to its result on a UDP socket of its own; see Call. net::Errc::timed_out at the
/// deadline, net::Errc::cancelled. By `interface`, unless it is ""; see net::UdpOptions.
net::Task<std::string> run_call(net::asio::ip::udp::endpoint device, Call& call, net::Clock& clock,
                                net::TimePoint deadline, std::string interface = {});
net::Task<std::string> ask(net::asio::ip::udp::endpoint device, Call call, net::Clock& clock,
                           net::TimePoint deadline);

}  // namespace aiot::miio
