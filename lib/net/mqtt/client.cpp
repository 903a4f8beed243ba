#include "net/mqtt/client.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <random>

#include "net/deadline.hpp"
#include "net/fd_stream.hpp"
#include "net/mqtt/library.hpp"
#include "net/tcp_connect.hpp"

namespace aiot::net::mqtt {
namespace {

constexpr int keep_alive_s = 30;
constexpr std::uint32_t session_expiry_s = 3600;
/// Packets taken in one go before others on the loop have their turn.
constexpr int batch = 256;
/// The library looks at its own timers that often.
constexpr std::chrono::seconds misc_interval{1};
/// Between two tries to come back, the first and the longest pause, and the time for each.
constexpr std::chrono::milliseconds first_pause{250};
constexpr std::chrono::seconds longest_pause{15};
constexpr std::chrono::seconds connect_time{15};
constexpr int refused_reason = 0x80;  // the first reason code that is a failure (MQTT 5, 2.4)

// CONNACK reasons: MQTT 5 table 3.1, MQTT 3.1.1 table 3.1.
constexpr bool is_login(int version, int reason) {
  if (version == 5) return reason == 0x86 || reason == 0x87 || reason == 0x8C;
  return reason == 4 || reason == 5;
}

std::string made_up_id() {
  std::random_device random;
  return fmt::format("aiotctl-{:08x}{:08x}", random(), random());
}

}  // namespace

struct Client::State {
  const Library& library;
  Options options;
  std::function<void(const Message&)> on_message;
  mosquitto* client = nullptr;
  bool keeps_session = false;
  bool made_up = true;  // the client id
  int connected = -1;   // reason code, once the broker has answered
  bool subscribed = false;
  std::vector<int> granted;
  std::string last_error;  // as the library said it

  explicit State(const Library& lib) : library(lib) {}
  ~State() {
    if (client != nullptr) library.destroy(client);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  std::string where() const { return host_and_port(options.host, options.port); }
  Result<void> set_up();
  Result<void> set_up_tls();
  /// What the library's `code` means; errno is still as the library left it.
  Error failed(int code) const;
  Error tls_error() const;
  Error connack_error() const;
  Result<void> subscribe();

  static State& of(void* self) { return *static_cast<State*>(self); }
  static void on_log(mosquitto*, void* self, int level, const char* text);
  static void on_connect(mosquitto*, void* self, int reason, int flags,
                         const mosquitto_property* properties);
  static void on_subscribe(mosquitto*, void* self, int id, int count, const int* qos);
  static void on_publish(mosquitto*, void* self, const mosquitto_message* message,
                         const mosquitto_property* properties);
};

void Client::State::on_log(mosquitto*, void* self, int level, const char* text) {
  if (level == MOSQ_LOG_ERR) of(self).last_error = text;
}

void Client::State::on_connect(mosquitto*, void* self, int reason, int, const mosquitto_property*) {
  of(self).connected = reason;
}

void Client::State::on_subscribe(mosquitto*, void* self, int, int count, const int* qos) {
  State& state = of(self);
  state.subscribed = true;
  state.granted.assign(qos, qos + count);
}

void Client::State::on_publish(mosquitto*, void* self, const mosquitto_message* message,
                               const mosquitto_property* properties) {
  State& state = of(self);
  Message out;
  out.topic = message->topic;
  out.payload = {static_cast<const char*>(message->payload),
                 static_cast<std::size_t>(message->payloadlen)};
  out.qos = message->qos;
  out.retained = message->retain;
  if (properties != nullptr) {
    char* type = nullptr;
    state.library.property_read_string(properties, MQTT_PROP_CONTENT_TYPE, &type, false);
    if (type != nullptr) out.content_type = type;
    std::free(type);
  }
  state.on_message(out);
}

Error Client::State::tls_error() const {
  return make_error(Errc::untrusted, last_error.empty() ? where() : where() + ": " + last_error,
                    "check the certificate authority, the host's name and our certificate");
}

Error Client::State::failed(int code) const {
  const int number = errno;
  const std::string where_text = where();
  switch (code) {
    case MOSQ_ERR_CONN_LOST:
    case MOSQ_ERR_NO_CONN:
    case MOSQ_ERR_KEEPALIVE: return make_error(net::Errc::link_lost, where_text);
    case MOSQ_ERR_TLS: return tls_error();
    case MOSQ_ERR_ERRNO:
      // How the library passes an alert of the other end on.
      if (number == EPROTO && options.tls) return tls_error();
      return link_error(number).with(where_text);
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
      return make_error(Errc::protocol, where_text,
                        "check the port: 1883 is usual for MQTT, 8883 with TLS");
    default:
      return make_error(net::Errc::io, fmt::format("{}: {}", where_text, library.strerror(code)));
  }
}

Error Client::State::connack_error() const {
  const char* said =
      options.version == 5 ? library.reason_string(connected) : library.connack_string(connected);
  if (is_login(options.version, connected)) {
    return make_error(Errc::bad_login, where(), "check the credentials file").with_peer_text(said);
  }
  return make_error(Errc::refused, where()).with_peer_text(said);
}

Result<void> Client::State::set_up_tls() {
  const char* ca = options.ca_file.empty() ? nullptr : options.ca_file.c_str();
  const bool own = !options.certificate_file.empty();
  const char* certificate = own ? options.certificate_file.c_str() : nullptr;
  const char* key = own ? options.key_file.c_str() : nullptr;
  // Without a file of its own the library wants a folder; the machine's is not asked for then.
  if (ca == nullptr) library.int_option(client, MOSQ_OPT_TLS_USE_OS_CERTS, 1);
  const int set = library.tls_set(client, ca, ca == nullptr ? "/etc/ssl/certs" : nullptr,
                                  certificate, key, nullptr);
  if (set == MOSQ_ERR_SUCCESS) return {};
  return make_error(Errc::bad_certificate, fmt::format("{}: {}", where(), library.strerror(set)),
                    "the files are read as PEM; a certificate needs its key");
}

Result<void> Client::State::set_up() {
  made_up = options.client_id.empty();
  const std::string id = made_up ? made_up_id() : options.client_id;
  keeps_session = !made_up || (options.qos > 0 && options.version == 5);
  client = library.make(id.c_str(), !keeps_session, this);
  if (client == nullptr) {
    return make_error(net::Errc::io, fmt::format("{}: no MQTT client can be made", where()));
  }
  library.int_option(client, MOSQ_OPT_PROTOCOL_VERSION,
                     options.version == 5 ? MQTT_PROTOCOL_V5 : MQTT_PROTOCOL_V311);
  library.int_option(client, MOSQ_OPT_TCP_NODELAY, 1);
  library.connect_v5_callback_set(client, on_connect);
  library.subscribe_callback_set(client, on_subscribe);
  library.message_v5_callback_set(client, on_publish);
  if (!options.user.empty()) {
    library.username_pw_set(client, options.user.c_str(), options.password.c_str());
  }
  if (options.tls) {
    AIOT_CHECK(set_up_tls());
  }
  if (!options.will) return {};
  const Publication& will = *options.will;
  AIOT_CHECK(check_topic(will.topic));
  const int set =
      library.will_set(client, will.topic.c_str(), static_cast<int>(will.payload.size()),
                       will.payload.data(), will.qos, will.retained);
  if (set != MOSQ_ERR_SUCCESS) return failed(set);
  return {};
}

Result<void> Client::State::subscribe() {
  std::vector<char*> filters;
  for (std::string& topic : options.topics) filters.push_back(topic.data());
  subscribed = false;
  const int sent = library.subscribe_multiple(client, nullptr, static_cast<int>(filters.size()),
                                              filters.data(), options.qos, 0, nullptr);
  if (sent != MOSQ_ERR_SUCCESS) return failed(sent);
  return {};
}

Client::Client(std::unique_ptr<State> state) : state_(std::move(state)) {}
Client::~Client() { close(); }

Result<std::unique_ptr<Client>> Client::make(Options options,
                                             std::function<void(const Message&)> on_message) {
  AIOT_TRY(const Library* library, Library::open());
  for (const std::string& topic : options.topics) {
    if (library->sub_topic_check(topic.c_str()) == MOSQ_ERR_SUCCESS) continue;
    return make_error(Errc::bad_topic, fmt::format("\"{}\"", topic),
                      "+ stands for one level, # for all that follow: home/+/temperature, home/#");
  }
  auto state = std::make_unique<State>(*library);
  if (options.port == 0) options.port = options.tls ? 8883 : 1883;
  state->options = std::move(options);
  state->on_message = std::move(on_message);
  AIOT_CHECK(state->set_up());
  return std::unique_ptr<Client>(new Client(std::move(state)));
}

Task<void> Client::connect(TimePoint deadline) {
  State& state = *state_;
  // The library looks names up and connects on this thread: it is only let at a broker that
  // answers.
  std::string host = state.options.host;
  Result<FdStream> probe = co_await tcp_connect(std::move(host), state.options.port, deadline);
  if (!probe) co_return std::move(probe).error();
  probe->close();
  state.connected = -1;
  state.last_error.clear();
  // While it connects the library tells what is wrong with a certificate. Later it would format a
  // line for each message.
  state.library.log_callback_set(state.client, State::on_log);
  mosquitto_property* properties = nullptr;
  if (state.keeps_session && state.options.version == 5) {
    state.library.property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL,
                                     session_expiry_s);
  }
  const int started =
      state.library.connect_bind_v5(state.client, state.options.host.c_str(), state.options.port,
                                    keep_alive_s, nullptr, properties);
  state.library.property_free_all(&properties);
  if (started != MOSQ_ERR_SUCCESS) co_return state.failed(started);
  Result<void> answer;
  while (answer && state.connected < 0) answer = co_await turn(deadline);
  if (state.connected > 0) co_return state.connack_error();
  if (!answer) {
    Error error = std::move(answer).error();
    if (error.code == net::Errc::link_lost) {
      // A broker that closes without a word: TLS where it wants none, or the other way round.
      co_return std::move(error).with_hint(
          "check the port: 1883 is usual for MQTT, 8883 with TLS; a client certificate may be "
          "wanted");
    }
    co_return std::move(error).with("logging in at " + state.where());
  }
  if (!state.options.topics.empty()) {
    Result<void> heard = co_await subscribe(deadline);
    AIOT_CO_CHECK(std::move(heard));
  }
  state.library.log_callback_set(state.client, nullptr);
  co_return Result<void>();
}

Task<void> Client::subscribe(TimePoint deadline) {
  State& state = *state_;
  Result<void> asked = state.subscribe();
  if (!asked) co_return std::move(asked).error();
  while (!state.subscribed) {
    Result<void> turned = co_await turn(deadline);
    if (!turned) co_return std::move(turned).error().with("subscribing at " + state.where());
  }
  for (std::size_t i = 0; i < state.granted.size() && i < state.options.topics.size(); ++i) {
    if (state.granted[i] < refused_reason) continue;
    co_return make_error(Errc::subscription_refused, state.options.topics[i],
                         "ask whoever runs the broker, or name other topics");
  }
  co_return Result<void>();
}

Task<void> Client::run() {
  for (;;) {
    Result<void> turned = co_await turn(TimePoint::max());
    if (!turned) co_return std::move(turned).error();
  }
}

Task<void> Client::work_until(TimePoint end) {
  Result<void> turned = co_await turn(end);
  if (!turned && turned.error().code == net::Errc::timed_out) co_return Result<void>();
  co_return turned;
}

Task<void> Client::come_back(Clock& clock) {
  Duration pause = first_pause;
  for (;;) {
    Result<void> slept = co_await clock.sleep_for(pause);
    AIOT_CO_CHECK(std::move(slept));
    Result<void> connected = co_await connect(clock.now() + connect_time);
    if (connected) co_return connected;
    const Condition why = connected.error().condition();
    const bool patient = why == Condition::timeout || why == Condition::resource ||
                         why == Condition::no_match || connected.error().retryable();
    if (!patient) co_return connected;
    pause = std::min<Duration>(2 * pause, longest_pause);
  }
}

Result<void> Client::check_topic(const std::string& topic) {
  AIOT_TRY(const Library* library, Library::open());
  if (!topic.empty() && library->pub_topic_check(topic.c_str()) == MOSQ_ERR_SUCCESS) return {};
  return make_error(Errc::bad_topic, fmt::format("\"{}\"", topic),
                    "to publish, name one topic: no + and no # in it");
}

Result<void> Client::publish(const Publication& what) {
  AIOT_CHECK(check_topic(what.topic));
  const int sent = state_->library.publish(state_->client, nullptr, what.topic.c_str(),
                                           static_cast<int>(what.payload.size()),
                                           what.payload.data(), what.qos, what.retained);
  if (sent != MOSQ_ERR_SUCCESS) return state_->failed(sent);
  return {};
}

bool Client::is_congested() const { return state_->library.want_write(state_->client); }

/// Waits for the socket and lets the library work it, once.
Task<void> Client::turn(TimePoint deadline) {
  State& state = *state_;
  const Library& library = state.library;
  const int fd = library.socket(state.client);
  if (fd < 0) co_return make_error(net::Errc::link_lost, state.where());
  const auto descriptor = std::make_shared<asio::posix::stream_descriptor>(
      co_await asio::this_coro::executor, ::dup(fd));
  using Wait = asio::posix::stream_descriptor;
  auto start = [descriptor, &library, client = state.client](auto handler) {
    const auto what = library.want_write(client) ? Wait::wait_write : Wait::wait_read;
    descriptor->async_wait(what,
                           [descriptor, handler = std::move(handler)](
                               const boost::system::error_code& error) mutable { handler(error); });
  };
  auto stop = [descriptor] {
    boost::system::error_code ignored;
    descriptor->cancel(ignored);
  };
  for (;;) {
    const TimePoint wake = std::min(deadline, std::chrono::steady_clock::now() + misc_interval);
    auto ready = co_await by_deadline<boost::system::error_code>(wake, start, stop);
    if (!ready && ready.error().code != net::Errc::timed_out) co_return std::move(ready).error();
    int code = MOSQ_ERR_SUCCESS;
    if (!ready) {
      code = library.loop_misc(state.client);
      if (code == MOSQ_ERR_SUCCESS && std::chrono::steady_clock::now() >= deadline) {
        co_return std::move(ready).error();
      }
    } else {
      if (library.want_write(state.client)) code = library.loop_write(state.client, 1);
      // errno tells when all that had arrived is read.
      errno = 0;
      for (int i = 0; code == MOSQ_ERR_SUCCESS && i < batch && errno != EAGAIN; ++i) {
        code = library.loop_read(state.client, 1);
      }
    }
    if (code != MOSQ_ERR_SUCCESS) co_return state.failed(code);
    if (deadline != TimePoint::max()) co_return Result<void>();
  }
}

void Client::close() {
  if (!state_ || state_->client == nullptr) return;
  const Library& library = state_->library;
  if (library.socket(state_->client) < 0) return;
  mosquitto_property* properties = nullptr;
  if (state_->made_up && state_->options.version == 5) {
    library.property_add_int32(&properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL, 0);
  }
  library.disconnect_v5(state_->client, 0, properties);
  library.property_free_all(&properties);
}

}  // namespace aiot::net::mqtt
