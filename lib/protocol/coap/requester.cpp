#include "protocol/coap/requester.hpp"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "net/resolve.hpp"

namespace aiot::coap {
namespace {

using std::chrono::seconds;

constexpr int max_restarts = 3;
constexpr std::uint32_t sequence_half = 1U << 23;
constexpr seconds sequence_expiry{128};

std::string first_words(ByteSpan payload) {
  return to_string(payload.first(std::min<std::size_t>(payload.size(), 200)));
}

/// A critical option that would change what the response means.
bool is_known(std::uint16_t number) {
  return !option::is_critical(number) || number == option::block2 || number == option::block1;
}

void add_query(Message& message, std::string_view query) {
  while (!query.empty()) {
    const auto amp = query.find('&');
    message.add(option::uri_query, query.substr(0, amp));
    query.remove_prefix(amp == std::string_view::npos ? query.size() : amp + 1);
  }
}

bool same(ByteSpan a, ByteSpan b) { return std::ranges::equal(a, b); }

}  // namespace

RandomIds random_ids() {
  std::random_device device;
  RandomIds out;
  out.message_id = static_cast<std::uint16_t>(device());
  append_le32(out.token, device());
  out.seed = device();
  return out;
}

Requester::Requester(Request request, RandomIds ids, const Timing& timing)
    : request_(std::move(request)),
      timing_(timing),
      random_(ids.seed),
      token_(std::move(ids.token)),
      next_id_(ids.message_id) {}

void Requester::start(net::TimePoint now) {
  body_.reset();
  // A server that was restarted counts from the start again.
  freshness_.reset();
  ask(now, std::nullopt);
}

void Requester::ask(net::TimePoint now, std::optional<Block> block) {
  Message message;
  message.type = Type::confirmable;
  message.code = request_.method;
  message.id = next_id_++;
  block_token_.clear();
  if (block) {
    // A token of its own: a notification that comes meanwhile must not be taken for the block.
    block_token_ = token_;
    block_token_.push_back(static_cast<std::uint8_t>(message.id >> 8));
    block_token_.push_back(static_cast<std::uint8_t>(message.id));
    message.token = block_token_;
    message.add_uint(option::block2, block->value());
  } else {
    message.token = token_;
    if (request_.observe) message.add_uint(option::observe, 0);
    message.payload = request_.payload;
  }
  message.add_path(request_.path);
  add_query(message, request_.query);
  if (request_.accept) message.add_uint(option::accept, *request_.accept);

  asked_id_ = message.id;
  asked_ = encode(message);
  sent_times_ = 0;
  timeout_ = std::chrono::duration_cast<net::Duration>(
      timing_.ack_timeout * (1 + jitter() * (timing_.ack_random_factor - 1)));
  phase_ = Phase::asking;
  send_again(now);
}

void Requester::send_again(net::TimePoint now) {
  output_.push_back(asked_);
  ++sent_times_;
  timer_ = now + timeout_;
  timeout_ *= 2;
}

void Requester::answer_empty(Type type, std::uint16_t id) {
  Message message;
  message.type = type;
  message.id = id;
  output_.push_back(encode(message));
}

bool Requester::is_duplicate(std::uint16_t id) {
  const auto used = std::min(seen_, seen_ids_.size());
  if (std::find(seen_ids_.begin(), seen_ids_.begin() + static_cast<std::ptrdiff_t>(used), id) !=
      seen_ids_.begin() + static_cast<std::ptrdiff_t>(used))
    return true;
  seen_ids_[seen_++ % seen_ids_.size()] = id;
  return false;
}

bool Requester::is_fresh(net::TimePoint now, std::uint32_t sequence) const {
  if (!freshness_) return true;
  const std::uint32_t before = freshness_->sequence;
  return (before < sequence && sequence - before < sequence_half) ||
         (before > sequence && before - sequence > sequence_half) ||
         now > freshness_->at + sequence_expiry;
}

void Requester::on_datagram(net::TimePoint now, ByteSpan datagram) {
  const Result<MessageView> decoded = decode(datagram);
  if (!decoded || phase_ == Phase::idle) return;
  const MessageView& message = *decoded;
  if (message.code == Code::empty) {
    if (message.id != asked_id_ || phase_ != Phase::asking) return;
    if (message.type == Type::reset) return fail(make_error(Errc::reset));
    if (message.type != Type::acknowledgement) return;
    phase_ = Phase::acknowledged;
    timer_ = now + timing_.response_timeout;
    return;
  }
  if (!is_response(message.code)) return;
  const bool for_block = !block_token_.empty() && same(message.token, block_token_);
  const bool ours = for_block || same(message.token, token_);
  if (message.type == Type::acknowledgement) {
    if (ours && message.id == asked_id_ && phase_ == Phase::asking) on_response(now, message);
    return;
  }
  if (message.type == Type::reset) return;
  const bool confirmable = message.type == Type::confirmable;
  if (!ours || phase_ == Phase::done) {
    if (confirmable) answer_empty(Type::reset, message.id);
    return;
  }
  if (confirmable) answer_empty(Type::acknowledgement, message.id);
  if (!is_duplicate(message.id)) on_response(now, message);
}

void Requester::on_response(net::TimePoint now, const MessageView& message) {
  for (const Option& o : message.options) {
    if (is_known(o.number)) continue;
    return fail(make_error(Errc::critical_option, "option " + std::to_string(o.number)));
  }
  if (code_class(message.code) != 2) {
    Error error = make_error(Errc::refused, code_text(message.code));
    return fail(std::move(error).with_peer_text(first_words(message.payload)));
  }
  const bool for_block = !block_token_.empty() && same(message.token, block_token_);
  const std::optional<std::uint32_t> sequence = message.options.find_uint(option::observe);
  if (!for_block) {
    if (sequence && !is_fresh(now, *sequence)) return;
    if (phase_ == Phase::observing && !sequence) {
      // The server has ended the observation with a last representation (RFC 7641, 3.2).
      request_.observe = false;
    }
    if (sequence) freshness_ = Freshness{*sequence, now};
    body_.emplace();
    body_->head.code = message.code;
    body_->head.content_format = message.options.find_uint(option::content_format);
    body_->head.max_age = seconds(message.options.find_uint(option::max_age).value_or(60));
    body_->head.observed = request_.observe && sequence.has_value();
    body_->etag = as_vector(message.options.find(option::etag).value_or(ByteSpan()));
  }
  const std::optional<ByteSpan> option = message.options.find(option::block2);
  if (option) {
    const std::optional<Block> block = parse_block(*option);
    if (!block) return fail(make_error(Errc::bad_block, "block option"));
    return on_block(now, message, *block);
  }
  if (for_block) return fail(make_error(Errc::bad_block, "an answer without its block"));
  if (message.payload.size() > timing_.max_body_bytes) return fail(make_error(Errc::too_large));
  body_->bytes = as_vector(message.payload);
  deliver(now);
}

void Requester::on_block(net::TimePoint now, const MessageView& message, const Block& block) {
  const ByteSpan etag = message.options.find(option::etag).value_or(ByteSpan());
  if (!same(etag, body_->etag)) {
    // The resource has changed meanwhile: from the start (RFC 7959, 2.4).
    if (++restarts_ > max_restarts) return fail(make_error(Errc::bad_block, "it keeps changing"));
    return start(now);
  }
  if (block.offset_bytes() != body_->bytes.size() || message.payload.size() > block.size_bytes() ||
      (block.more && message.payload.size() != block.size_bytes()))
    return fail(make_error(Errc::bad_block, "block " + std::to_string(block.number)));
  if (body_->bytes.size() + message.payload.size() > timing_.max_body_bytes)
    return fail(make_error(Errc::too_large));
  append(body_->bytes, message.payload);
  if (!block.more) return deliver(now);
  Block next = block;
  ++next.number;
  next.more = false;
  ask(now, next);
}

void Requester::deliver(net::TimePoint now) {
  Response response = std::move(body_->head);
  response.payload = std::move(body_->bytes);
  const bool more = response.observed;
  body_.reset();
  block_token_.clear();
  restarts_ = 0;
  phase_ = more ? Phase::observing : Phase::done;
  timer_.reset();
  if (more) {
    // Overdue: 5 to 15 s after its age has passed, so that clients do not all come at once.
    const auto late = std::chrono::duration_cast<net::Duration>(seconds(10) * jitter());
    timer_ = now + response.max_age + seconds(5) + late;
  }
  responses_.emplace_back(std::move(response));
}

void Requester::fail(Error error) {
  phase_ = Phase::done;
  timer_.reset();
  body_.reset();
  responses_.emplace_back(std::move(error));
}

std::optional<net::TimePoint> Requester::next_timer() const { return timer_; }

void Requester::on_timer(net::TimePoint now) {
  if (!timer_ || now < *timer_) return;
  switch (phase_) {
    case Phase::asking:
      if (sent_times_ > timing_.max_retransmit) return fail(make_error(Errc::no_reply));
      return send_again(now);
    case Phase::acknowledged: return fail(make_error(Errc::no_reply, "acknowledged, then silent"));
    case Phase::observing: return start(now);
    case Phase::idle:
    case Phase::done: timer_.reset();
  }
}

void Requester::stop(net::TimePoint) {
  if (phase_ != Phase::done && request_.observe) {
    Message message;
    message.type = Type::non_confirmable;
    message.code = request_.method;
    message.id = next_id_++;
    message.token = token_;
    message.add_uint(option::observe, 1);
    message.add_path(request_.path);
    add_query(message, request_.query);
    output_.push_back(encode(message));
  }
  phase_ = Phase::done;
  timer_.reset();
}

std::optional<Bytes> Requester::take_output() {
  if (output_.empty()) return std::nullopt;
  Bytes out = std::move(output_.front());
  output_.pop_front();
  return out;
}

std::optional<Result<Response>> Requester::take_response() {
  if (responses_.empty()) return std::nullopt;
  Result<Response> out = std::move(responses_.front());
  responses_.pop_front();
  return out;
}

namespace {

using boost::system::error_code;
using net::asio::ip::udp;

}  // namespace

Result<Session> Session::open(const net::asio::any_io_executor& executor, net::Clock& clock,
                              const udp::endpoint& server, std::string interface) {
  net::UdpOptions options;
  options.interface = std::move(interface);
  options.v6 = server.address().is_v6();
  AIOT_TRY(net::UdpSocket socket, net::UdpSocket::open(executor, options));
  return Session(std::move(socket), clock, server);
}

net::Task<Session> Session::open(std::string host, std::uint16_t port, net::Clock& clock,
                                 net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  Result<net::asio::ip::address> address = co_await net::resolve(std::move(host), deadline);
  if (!address) co_return std::move(address).error();
  co_return open(executor, clock, udp::endpoint(*address, port));
}

Result<void> Session::flush() {
  while (const std::optional<Bytes> out = requester_->take_output()) {
    AIOT_CHECK(socket_.send(server_, *out));
  }
  return {};
}

Result<void> Session::start(Request request, const Timing& timing) {
  requester_ = std::make_unique<Requester>(std::move(request), random_ids(), timing);
  requester_->start(clock_->now());
  return flush();
}

net::Task<Response> Session::next(net::TimePoint deadline) {
  for (;;) {
    if (std::optional<Result<Response>> response = requester_->take_response())
      co_return *std::move(response);
    if (requester_->finished()) co_return make_error(net::Errc::link_lost, "nothing was asked");
    const net::TimePoint until =
        std::min(deadline, requester_->next_timer().value_or(net::TimePoint::max()));
    Result<net::Datagram> got = co_await socket_.receive(until);
    const net::TimePoint now = clock_->now();
    if (got) {
      if (got->from == server_) requester_->on_datagram(now, got->payload);
    } else if (got.error().code != net::Errc::timed_out) {
      co_return std::move(got).error();
    } else {
      requester_->on_timer(now);
      if (now >= deadline) co_return std::move(got).error();
    }
    Result<void> sent = flush();
    AIOT_CO_CHECK(std::move(sent));
  }
}

Result<void> Session::stop() {
  if (!requester_) return {};
  requester_->stop(clock_->now());
  return flush();
}

net::Task<Response> get(udp::endpoint server, Request request, net::Clock& clock,
                        net::TimePoint deadline) {
  const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
  Result<Session> session = Session::open(executor, clock, server);
  if (!session) co_return std::move(session).error();
  Result<void> started = session->start(std::move(request));
  AIOT_CO_CHECK(std::move(started));
  Result<Response> response = co_await session->next(deadline);
  co_return response;
}

}  // namespace aiot::coap
