#include "mqtt/client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <random>

#include "net/tcp_link.hpp"

namespace aiot::mqtt {
namespace {

using net::Task;
using net::TimePoint;

constexpr std::uint32_t session_expiry_s = 3600;
/// Announced in version 5: messages of QoS 2 that may be under way to us.
constexpr std::uint16_t our_receive_maximum = 1024;
constexpr std::uint16_t our_topic_aliases = 32;
constexpr std::size_t usual_input_bytes = 64 * 1024;
/// A flood of small messages takes long: after so many bytes the user and the clock have their
/// turn.
constexpr std::size_t fair_bytes = 4096;
/// In a flood, reads that wait so long find many messages each: waking for every one of them costs
/// more than the messages themselves.
constexpr std::chrono::milliseconds gather_time{1};
/// What waits to be sent: from the first on publish() should pause, at the second it must.
constexpr std::size_t congested_bytes = 256 * 1024;
constexpr std::size_t most_waiting_bytes = 16 * 1024 * 1024;
/// For a write to a broker that does not read.
constexpr std::chrono::seconds write_time{30};
constexpr std::chrono::seconds last_words_time{1};
/// Between two tries to come back, the first and the longest pause, and the time for each.
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::seconds longest_pause{15};
constexpr std::chrono::seconds connect_time{15};
constexpr std::uint8_t first_failure = 0x80;  // among reason codes (2.4 of version 5)
constexpr std::uint8_t session_taken_over = 0x8E;
constexpr std::uint8_t no_such_id = 0x92;

constexpr const char* port_hint = "check the port: 1883 is usual for MQTT, 8883 with TLS";

// CONNACK reasons: MQTT 5 table 3.1, MQTT 3.1.1 table 3.1.
constexpr bool is_login(Version version, int reason) {
  if (version == Version::v5) return reason == 0x86 || reason == 0x87 || reason == 0x8C;
  return reason == 4 || reason == 5;
}

std::string made_up_id() {
  std::random_device random;
  return fmt::format("aiotctl-{:08x}{:08x}", random(), random());
}

/// What is sent with DISCONNECT to a broker that breaks the protocol (4.13); 0: nothing is sent.
std::uint8_t disconnect_reason(const Error& error) {
  if (error.code.category() != make_error_code(Errc::protocol).category()) return 0;
  switch (static_cast<Errc>(error.code.value())) {
    case Errc::packet_too_large: return 0x95;
    case Errc::packet_topic: return 0x90;
    case Errc::topic_alias: return 0x94;
    case Errc::receive_maximum: return 0x93;
    case Errc::property_twice:
    case Errc::property_value:
    case Errc::packet_id:
    case Errc::unexpected: return 0x82;
    case Errc::packet_type:
    case Errc::packet_flags:
    case Errc::packet_length:
    case Errc::packet_text:
    case Errc::packet_qos:
    case Errc::packet_reason:
    case Errc::property: return 0x81;
    default: return 0;
  }
}

/// TLS belongs to the connection to a broker here: its errors are this room's.
Error as_ours(Error error, const std::string& where) {
  if (error.code == net::Errc::untrusted) error.code = Errc::untrusted;
  if (error.code == net::Errc::bad_certificate) error.code = Errc::bad_certificate;
  return error.condition() == Condition::cancelled ? error : std::move(error).with(where);
}

Task<std::unique_ptr<net::Link>> open_tcp(std::string host, std::uint16_t port,
                                          std::optional<net::TlsContext> tls, TimePoint deadline) {
  Result<std::unique_ptr<net::Link>> link = co_await net::TcpLink::open(host, port, deadline);
  if (!link || !tls) co_return link;
  std::unique_ptr<net::Link> plain = *std::move(link);
  Result<std::unique_ptr<net::Link>> secure =
      co_await net::TlsLink::open(std::move(plain), *std::move(tls), host, deadline);
  if (!secure) co_return as_ours(std::move(secure).error(), net::host_and_port(host, port));
  co_return secure;
}

}  // namespace

std::span<std::uint8_t> Client::Input::space(std::size_t limit_bytes) {
  if (begin_ == end_) begin_ = end_ = 0;
  if (begin_ > 0) {
    std::copy(storage_.begin() + static_cast<std::ptrdiff_t>(begin_),
              storage_.begin() + static_cast<std::ptrdiff_t>(end_), storage_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  // It grows only when it is full of one packet, whose length is within the limit.
  if (storage_.empty()) storage_.resize(usual_input_bytes);
  if (end_ == storage_.size()) {
    storage_.resize(std::min(2 * storage_.size(), limit_bytes + usual_input_bytes));
  }
  return std::span(storage_).subspan(end_);
}

Client::Client(Options options, OnMessage on_message, Connector connector)
    : options_(std::move(options)),
      on_message_(std::move(on_message)),
      connector_(std::move(connector)) {
  if (options_.port == 0) options_.port = options_.tls ? 8883 : 1883;
  made_up_id_ = options_.client_id.empty();
  if (made_up_id_) options_.client_id = made_up_id();
  keeps_session_ = !made_up_id_ || (options_.qos > 0 && options_.version == Version::v5);
}

Result<std::unique_ptr<Client>> Client::make(Options options, OnMessage on_message,
                                             Connector connector) {
  for (const std::string& topic : options.topics) {
    if (is_topic_filter(topic)) continue;
    return make_error(Errc::bad_topic, fmt::format("\"{}\"", topic),
                      "+ stands for one level, # for all that follow: home/+/temperature, home/#");
  }
  if (options.will) {
    AIOT_CHECK(check_topic(options.will->topic));
  }
  std::unique_ptr<Client> client(
      new Client(std::move(options), std::move(on_message), std::move(connector)));
  if (client->connector_) return client;
  const Options& given = client->options_;
  std::optional<net::TlsContext> tls;
  if (given.tls) {
    Result<net::TlsContext> made =
        net::TlsContext::make({given.ca_file, given.certificate_file, given.key_file});
    if (!made) return as_ours(std::move(made).error(), client->where());
    tls = *std::move(made);
  }
  client->connector_ = [host = given.host, port = given.port, tls](TimePoint deadline) {
    return open_tcp(host, port, tls, deadline);
  };
  return client;
}

std::string Client::where() const { return net::host_and_port(options_.host, options_.port); }

Task<void> Client::connect(TimePoint deadline) {
  close();
  Result<std::unique_ptr<net::Link>> opened = co_await connector_(deadline);
  if (!opened) co_return std::move(opened).error();
  link_ = *std::move(opened);
  Result<void> logged_in = co_await log_in(deadline);
  if (!logged_in) {
    close();
    co_return logged_in;
  }
  if (options_.topics.empty()) co_return Result<void>();
  Result<void> subscribed = co_await subscribe(deadline);
  if (!subscribed) close();
  co_return subscribed;
}

Task<void> Client::log_in(TimePoint deadline) {
  const bool v5 = options_.version == Version::v5;
  sent_at_ = received_at_ = link_->clock().now();
  keep_alive_ = std::chrono::seconds(options_.keep_alive_s);
  Connect connect;
  connect.version = options_.version;
  connect.client_id = options_.client_id;
  connect.clean_start = !keeps_session_;
  connect.keep_alive_s = options_.keep_alive_s;
  connect.user = options_.user;
  connect.password = options_.password;
  connect.will = options_.will ? &*options_.will : nullptr;
  if (v5) {
    connect.session_expiry_s = keeps_session_ ? session_expiry_s : 0;
    connect.receive_maximum = our_receive_maximum;
    connect.maximum_packet_bytes = options_.largest_packet_bytes;
    connect.topic_alias_maximum = our_topic_aliases;
  }
  encode(output_, connect);
  while (!connected_) {
    Result<void> turned = co_await turn(deadline);
    if (turned) continue;
    Error error = std::move(turned).error();
    if (error.code == net::Errc::link_lost) {
      // A broker that closes without an answer: TLS where it expects none, or the other way round.
      co_return std::move(error).with_hint(std::string(port_hint) +
                                           "; a client certificate may be needed");
    }
    if (error.code == net::Errc::timed_out) {
      co_return std::move(error).with("logging in at " + where());
    }
    co_return error;
  }
  co_return Result<void>();
}

Task<void> Client::subscribe(TimePoint deadline) {
  subscribe_id_ = next_id();
  encode_subscribe(output_, options_.version, subscribe_id_, options_.topics, options_.qos);
  while (subscribe_id_ != 0) {
    Result<void> turned = co_await turn(deadline);
    if (!turned) co_return std::move(turned).error().with("subscribing at " + where());
  }
  for (std::size_t i = 0; i < granted_.size(); ++i) {
    if (granted_[i] < first_failure) continue;
    Error error = make_error(Errc::subscription_refused, options_.topics[i],
                             "ask for the right to read it, or name other topics");
    if (options_.version == Version::v3_1_1) co_return error;
    co_return std::move(error).with_peer_text(reason_text(granted_[i], options_.version));
  }
  co_return Result<void>();
}

Task<void> Client::run() {
  for (;;) {
    Result<void> turned = co_await turn(TimePoint::max());
    if (!turned) co_return turned;
  }
}

Task<void> Client::work_until(TimePoint end) {
  Result<void> turned = co_await turn(end);
  if (!turned && turned.error().code == net::Errc::timed_out) co_return Result<void>();
  co_return turned;
}

Task<void> Client::come_back(net::Clock& clock) {
  net::Duration pause = first_pause;
  for (;;) {
    Result<void> slept = co_await clock.sleep_for(pause);
    AIOT_CO_CHECK(std::move(slept));
    Result<void> connected = co_await connect(clock.now() + connect_time);
    if (connected) co_return connected;
    const Condition why = connected.error().condition();
    const bool patient = why == Condition::timeout || why == Condition::resource ||
                         why == Condition::no_match || connected.error().retryable();
    if (!patient) co_return connected;
    pause = std::min<net::Duration>(2 * pause, longest_pause);
  }
}

Result<void> Client::check_topic(const std::string& topic) {
  if (is_topic_name(topic)) return {};
  return make_error(Errc::bad_topic, fmt::format("\"{}\"", topic),
                    "to publish, name one topic: no + and no # in it");
}

Result<void> Client::publish(const Publication& what) {
  AIOT_CHECK(check_topic(what.topic));
  if (!connected_) return make_error(net::Errc::link_lost, where());
  const auto unsupported = [&](std::uint8_t reason) {
    Error error = make_error(Errc::refused, where());
    return std::move(error).with_peer_text(reason_text(reason, Version::v5));
  };
  if (what.retained && !limits_.retain) return unsupported(0x9A);
  if (what.qos > limits_.qos) return unsupported(0x9B);
  const std::size_t bytes = what.topic.size() + what.payload.size();
  constexpr std::size_t headers = 16;
  if (bytes + headers > limits_.packet_bytes ||
      output_.size() + outgoing_bytes_ + bytes > most_waiting_bytes) {
    return make_error(Errc::too_large_to_send, fmt::format("{}: {} bytes", where(), bytes));
  }
  if (what.qos == 0) {
    encode_publish(output_, options_.version, what, 0, false);
    return {};
  }
  outgoing_.push_back({next_id(), what});
  outgoing_bytes_ += bytes;
  send_waiting();
  return {};
}

bool Client::is_congested() const { return output_.size() + outgoing_bytes_ > congested_bytes; }

Task<void> Client::disconnect(TimePoint deadline) {
  co_await net::asio::this_coro::reset_cancellation_state();
  if (connected_) {
    std::optional<std::uint32_t> expiry;
    if (made_up_id_ && keeps_session_) expiry = 0;  // nobody can come back under this name
    encode_disconnect(output_, options_.version, 0, expiry);
    Result<void> sent = co_await flush(deadline);
    (void)sent;  // the connection ends in any case
  }
  close();
  co_return Result<void>();
}

void Client::close() {
  link_.reset();
  connected_ = flooded_ = false;
  pinged_at_.reset();
  limits_ = Limits();
  aliases_.clear();
  subscribe_id_ = 0;
  granted_.clear();
  input_.clear();
  output_.clear();
}

/// Sends what waits, receives once, and takes what has arrived.
Task<void> Client::turn(TimePoint deadline) {
  if (!link_) co_return make_error(net::Errc::link_lost, where());
  const TimePoint now = link_->clock().now();
  if (now >= deadline) co_return make_error(net::Errc::timed_out);
  AIOT_CO_CHECK(stay_alive(now));
  if (flooded_ && connected_ && output_.empty()) {
    const TimePoint gathered = std::min(deadline, received_at_ + gather_time);
    Result<void> slept = co_await link_->clock().sleep_until(gathered);
    AIOT_CO_CHECK(std::move(slept));
  }
  // A packet that is half sent cannot be taken back: `deadline` cuts it short only before login.
  const TimePoint sent_by = now + write_time;
  Result<void> sent = co_await flush(connected_ ? sent_by : std::min(deadline, sent_by));
  AIOT_CO_CHECK(std::move(sent));
  const TimePoint asked_at = link_->clock().now();
  Result<std::size_t> count = co_await link_->read_some(input_.space(options_.largest_packet_bytes),
                                                        std::min(deadline, next_ping()));
  if (!count && count.error().code == net::Errc::timed_out) {
    if (link_->clock().now() >= deadline) co_return std::move(count).error();
    co_return Result<void>();  // the next turn sends a ping
  }
  if (!count) co_return as_ours(std::move(count).error(), where());
  input_.added(*count);
  received_at_ = link_->clock().now();
  pinged_at_.reset();
  flooded_ = received_at_ - asked_at < gather_time && *count < fair_bytes;
  Result<void> taken = take_input();
  if (taken && *count < fair_bytes) co_return taken;
  if (taken) {
    const net::asio::any_io_executor executor = co_await net::asio::this_coro::executor;
    co_await net::asio::post(executor, net::asio::use_awaitable);
    co_return taken;
  }
  Result<void> refused = co_await refuse(std::move(taken).error());
  co_return refused;
}

/// Gives `why`, of which the broker is informed first.
Task<void> Client::refuse(Error why) {
  const std::uint8_t reason = disconnect_reason(why);
  if (reason != 0 && connected_ && options_.version == Version::v5) {
    encode_disconnect(output_, options_.version, reason);
    Result<void> sent = co_await flush(link_->clock().now() + last_words_time);
    (void)sent;  // `why` matters more
  }
  co_return why;
}

Task<void> Client::flush(TimePoint deadline) {
  if (output_.empty()) co_return Result<void>();
  writing_.clear();
  writing_.swap(output_);
  sent_at_ = link_->clock().now();
  Result<void> written = co_await link_->write(writing_, deadline);
  if (written) co_return written;
  // Part of a packet may be out: nothing can follow it.
  connected_ = false;
  Error error = std::move(written).error();
  if (error.code == net::Errc::timed_out) {
    co_return make_error(net::Errc::link_lost, where() + ": the broker does not read");
  }
  co_return as_ours(std::move(error), where());
}

/// A packet has to be sent within the keep-alive time (3.1.2.10), so a ping starts before; also
/// when only the broker is silent. Then the time by which it has to answer.
TimePoint Client::next_ping() const {
  if (!connected_ || keep_alive_ == net::Duration::zero()) return TimePoint::max();
  if (pinged_at_) return *pinged_at_ + keep_alive_ / 2;
  return std::min(sent_at_, received_at_) + keep_alive_ * 3 / 4;
}

Result<void> Client::stay_alive(TimePoint now) {
  if (now < next_ping()) return {};
  if (pinged_at_) return make_error(net::Errc::link_lost, where() + ": no answer to a ping");
  encode_pingreq(output_);
  pinged_at_ = now;
  return {};
}

Result<void> Client::take_input() {
  for (;;) {
    const ByteSpan bytes = input_.bytes();
    Result<std::optional<Frame>> frame =
        next_frame(bytes, options_.version, options_.largest_packet_bytes);
    if (frame && !*frame) return {};
    Result<Packet> packet =
        frame ? decode(**frame, options_.version) : Result<Packet>(frame.error());
    const bool is_connack = bytes[0] >> 4 == static_cast<int>(PacketType::connack);
    if (!packet && !connected_ && !is_connack)
      return make_error(Errc::protocol, where(), port_hint);
    if (!packet) return std::move(packet).error().with(where());
    if (connected_ == is_connack) {
      return make_error(Errc::unexpected,
                        fmt::format("{}: {}", where(), name(PacketType(bytes[0] >> 4))));
    }
    AIOT_CHECK(std::visit([this](const auto& each) { return receive(each); }, *packet));
    // close() may have been called by a receiver of the message.
    if (!link_) return make_error(net::Errc::cancelled);
    input_.take((*frame)->size);
  }
}

Result<void> Client::receive(const Connack& connack) {
  if (connack.reason != 0) return refusal(connack);
  if (connack.session_present && !keeps_session_) {
    return make_error(Errc::unexpected, where() + ": a session that was not kept");
  }
  const Properties& said = connack.properties;
  using enum PropertyId;
  limits_.packet_bytes = said.number(maximum_packet_size).value_or(limits_.packet_bytes);
  limits_.receive_maximum =
      static_cast<std::uint16_t>(said.number(receive_maximum).value_or(limits_.receive_maximum));
  limits_.qos = static_cast<int>(said.number(maximum_qos).value_or(2));
  limits_.retain = said.number(retain_available).value_or(1) == 1;
  if (const auto seconds = said.number(server_keep_alive)) {
    keep_alive_ = std::chrono::seconds(*seconds);
  }
  connected_ = true;
  resume(connack.session_present);
  return {};
}

Error Client::refusal(const Connack& connack) const {
  // One byte of answer to version 5: a server of 3.1.1 alone.
  const bool old_server = options_.version == Version::v5 && connack.reason == 1;
  const Version version = old_server ? Version::v3_1_1 : options_.version;
  std::string said = reason_text(connack.reason, version);
  const std::string_view more = connack.properties.text(PropertyId::reason_string);
  if (!more.empty()) said += fmt::format(": {}", more);
  if (is_login(version, connack.reason)) {
    Error error = make_error(Errc::bad_login, where(), "check the credentials file");
    return std::move(error).with_peer_text(std::move(said));
  }
  Error error = make_error(Errc::refused, where(), old_server ? "use MQTT 3.1.1" : "");
  return std::move(error).with_peer_text(std::move(said));
}

/// What was under way when the last connection ended (4.4).
void Client::resume(bool session_present) {
  using State = Outgoing::State;
  if (!session_present) received_ids_.clear();
  for (Outgoing& each : outgoing_) {
    each.duplicate = session_present && each.state == State::sent;
    if (!session_present || each.state != State::released) each.state = State::waiting;
  }
  const auto waiting =
      std::stable_partition(outgoing_.begin(), outgoing_.end(),
                            [](const Outgoing& each) { return each.state == State::released; });
  under_way_ = static_cast<std::size_t>(waiting - outgoing_.begin());
  for (auto each = outgoing_.begin(); each != waiting; ++each) {
    encode_ack(output_, PacketType::pubrel, each->id, 0, options_.version);
  }
  send_waiting();
}

/// As many as the broker takes at a time.
void Client::send_waiting() {
  for (; under_way_ < outgoing_.size() && under_way_ < limits_.receive_maximum; ++under_way_) {
    Outgoing& next = outgoing_[under_way_];
    encode_publish(output_, options_.version, next.what, next.id, next.duplicate);
    next.state = Outgoing::State::sent;
  }
}

std::uint16_t Client::next_id() {
  const auto taken = [this] {
    return last_id_ == 0 || last_id_ == subscribe_id_ ||
           std::any_of(outgoing_.begin(), outgoing_.end(),
                       [this](const Outgoing& each) { return each.id == last_id_; });
  };
  do ++last_id_;
  while (taken());
  return last_id_;
}

void Client::finish(std::uint16_t id) {
  const auto at = std::find_if(outgoing_.begin(), outgoing_.end(),
                               [id](const Outgoing& each) { return each.id == id; });
  if (at == outgoing_.end() || at->state == Outgoing::State::waiting) return;
  --under_way_;
  outgoing_bytes_ -= at->what.topic.size() + at->what.payload.size();
  outgoing_.erase(at);
  send_waiting();
}

Result<void> Client::receive(const Publish& publish) {
  Message message{publish.topic, publish.payload, publish.qos, publish.retained,
                  publish.properties};
  if (!publish.properties.empty()) {
    if (const auto alias = publish.properties.number(PropertyId::topic_alias)) {
      if (*alias > our_topic_aliases) return make_error(Errc::topic_alias, where());
      if (aliases_.size() < *alias) aliases_.resize(*alias);
      std::string& topic = aliases_[*alias - 1];
      if (!publish.topic.empty()) topic = publish.topic;
      if (topic.empty()) return make_error(Errc::topic_alias, where());
      message.topic = topic;
    }
  }
  if (publish.qos < 2) {
    on_message_(message);
    if (publish.qos == 1) encode_ack(output_, PacketType::puback, publish.id, 0, options_.version);
    return {};
  }
  // 4.3.3, method A: delivered once, its identifier kept until PUBREL.
  if (!received_ids_.contains(publish.id)) {
    if (options_.version == Version::v5 && received_ids_.size() >= our_receive_maximum) {
      return make_error(Errc::receive_maximum, where());
    }
    received_ids_.insert(publish.id);
    on_message_(message);
  }
  encode_ack(output_, PacketType::pubrec, publish.id, 0, options_.version);
  return {};
}

Result<void> Client::receive(const Ack& ack) {
  const bool failed = ack.reason >= first_failure;
  switch (ack.type) {
    case PacketType::puback:
    case PacketType::pubcomp: finish(ack.id); break;
    case PacketType::pubrec: {
      if (failed) {
        finish(ack.id);
        break;
      }
      const auto at = std::find_if(outgoing_.begin(), outgoing_.end(),
                                   [&](const Outgoing& each) { return each.id == ack.id; });
      const bool known = at != outgoing_.end() && at->state != Outgoing::State::waiting;
      if (known) at->state = Outgoing::State::released;
      encode_ack(output_, PacketType::pubrel, ack.id, known ? 0 : no_such_id, options_.version);
      break;
    }
    default: {  // PUBREL
      const bool known = received_ids_.erase(ack.id) > 0;
      encode_ack(output_, PacketType::pubcomp, ack.id, known ? 0 : no_such_id, options_.version);
      break;
    }
  }
  return {};
}

Result<void> Client::receive(const SubscribeAck& ack) {
  if (ack.type != PacketType::suback || ack.id != subscribe_id_ ||
      ack.reasons.size() != options_.topics.size()) {
    return make_error(Errc::unexpected, fmt::format("{}: {}", where(), name(ack.type)));
  }
  subscribe_id_ = 0;
  granted_.assign(ack.reasons.begin(), ack.reasons.end());
  return {};
}

Result<void> Client::receive(const Pingresp&) { return {}; }

Result<void> Client::receive(const Notice& notice) {
  if (notice.type == PacketType::auth) {
    // An extended authentication has to be begun by the client (4.12).
    return make_error(Errc::unexpected, where() + ": AUTH");
  }
  std::string said = reason_text(notice.reason, options_.version);
  const std::string_view more = notice.properties.text(PropertyId::reason_string);
  if (!more.empty()) said += fmt::format(": {}", more);
  // To come back would take the session over in turn, without end.
  Error error = notice.reason == session_taken_over ? make_error(Errc::taken_over, where())
                                                    : make_error(net::Errc::link_lost, where());
  return std::move(error).with_peer_text(std::move(said));
}

}  // namespace aiot::mqtt
