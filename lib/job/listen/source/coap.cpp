#include <algorithm>

#include "job/listen/error.hpp"
#include "job/listen/source.hpp"
#include "net/error.hpp"
#include "protocol/coap/requester.hpp"

namespace aiot::listen {
namespace {

constexpr std::chrono::seconds coap_look_up_time{10};
constexpr std::chrono::milliseconds coap_first_pause{250};
constexpr std::chrono::seconds coap_longest_pause{15};

/// A silent server is given up after 14 to 21 s instead of a minute and a half: here one waits for
/// it to come back anyway.
coap::Timing timing() {
  coap::Timing out;
  out.max_retransmit = 2;
  return out;
}

bool is_lost(const Error& error) {
  return error.code == coap::Errc::no_reply || error.code == coap::Errc::reset;
}

/// What an observed resource says of itself (RFC 7641).
class CoapSource final : public Source {
 public:
  CoapSource(const Address& address, bool reconnect)
      : host_(address.host),
        port_(address.port == 0 ? coap::default_port : address.port),
        reconnect_(reconnect) {
    request_.path = address.path;
    request_.observe = true;
    for (const auto& [key, value] : address.query) {
      if (!request_.query.empty()) request_.query += '&';
      request_.query += value.empty() ? key : key + '=' + value;
    }
  }

  net::Task<void> run(SourceContext& context) override {
    Result<coap::Session> session = co_await coap::Session::open(
        host_, port_, context.clock, context.clock.now() + coap_look_up_time);
    if (!session) co_return std::move(session).error();
    net::Duration pause = coap_first_pause;
    bool lost = false;
    for (;;) {
      Result<void> ended = co_await observe(context, *session, lost);
      const bool heard = !lost;  // this time, or before it was lost
      if (!ended && !is_lost(ended.error())) {
        // The server need not go on for a client that has left.
        const Result<void> told = session->stop();
        static_cast<void>(told);
        co_return ended;
      }
      if (!seen_ || !reconnect_) co_return ended;
      if (heard) {
        context.notice("listen.lost",
                       ended ? "the server has ended the observation; asking again"
                             : "the server is silent; waiting for it to come back",
                       "");
        pause = coap_first_pause;
      }
      lost = true;
      Result<void> slept = co_await context.clock.sleep_for(pause);
      AIOT_CO_CHECK(std::move(slept));
      pause = std::min<net::Duration>(2 * pause, coap_longest_pause);
    }
  }

 private:
  /// One registration, until the server ends it. The first answer says that a lost one is back.
  net::Task<void> observe(SourceContext& context, coap::Session& session, bool& lost) {
    Result<void> started = session.start(request_, timing());
    AIOT_CO_CHECK(std::move(started));
    for (;;) {
      Result<coap::Response> response = co_await session.next(net::TimePoint::max());
      if (!response) co_return std::move(response).error();
      if (lost) context.notice("listen.back", "the server is back", "");
      lost = false;
      const bool observed = response->observed;
      report(context, *std::move(response));
      if (!observed && !seen_) {
        co_return make_error(coap::Errc::not_observable, request_.path,
                             "it was read once; a resource says so by the attribute obs");
      }
      seen_ = true;
      if (!observed) co_return Result<void>();
    }
  }

  static void report(SourceContext& context, coap::Response response) {
    Message message{.payload = to_string(response.payload)};
    Object fields;
    fields.add("code", coap::code_text(response.code));
    if (response.content_format) fields.add("content_format", *response.content_format);
    message.coap = std::move(fields);
    context.report(std::move(message));
  }

  std::string host_;
  std::uint16_t port_;
  bool reconnect_;
  coap::Request request_;
  bool seen_ = false;  ///< it has been there, and could be observed
};

}  // namespace

Result<std::unique_ptr<Source>> make_coap_source(const Address& address, const Request& request) {
  return std::make_unique<CoapSource>(address, request.reconnect.value_or(true));
}

}  // namespace aiot::listen
