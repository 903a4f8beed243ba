#include <fmt/format.h>

#include <algorithm>

#include "config/secrets.hpp"
#include "config/yaml.hpp"
#include "job/listen/error.hpp"
#include "job/listen/source.hpp"
#include "mqtt/client.hpp"
#include "net/error.hpp"

namespace aiot::listen {
namespace {

constexpr std::chrono::seconds broker_time{15};
constexpr std::chrono::seconds leave_time{1};

/// What a broker publishes on the topics of an address.
class MqttSource final : public Source {
 public:
  MqttSource(mqtt::Options options, bool reconnect)
      : options_(std::move(options)), reconnect_(reconnect) {}

  net::Task<void> run(SourceContext& context) override {
    AIOT_CO_TRY(client_, mqtt::Client::make(options_, [&context](const auto& message) {
                  report(context, message);
                }));
    Result<void> ended = co_await listen(context);
    Result<void> left = co_await client_->disconnect(context.clock.now() + leave_time);
    (void)left;  // the broker may be gone
    co_return ended;
  }

 private:
  net::Task<void> listen(SourceContext& context) {
    // Only a broker that has been there is waited for.
    Result<void> connected = co_await client_->connect(context.clock.now() + broker_time);
    while (connected) {
      Result<void> lost = co_await client_->run();
      if (lost.error().code != net::Errc::link_lost || !reconnect_) co_return lost;
      context.notice("listen.lost", "the broker went away; waiting for it to come back", "");
      connected = co_await client_->come_back(context.clock);
      if (connected) context.notice("listen.back", "the broker is back", "");
    }
    co_return connected;
  }

  static void report(SourceContext& context, const mqtt::Message& from) {
    Message message{.payload = std::string(from.payload), .topic = std::string(from.topic)};
    message.qos = from.qos;
    message.retained = from.retained;
    const std::string_view type = from.properties.text(mqtt::PropertyId::content_type);
    if (!type.empty()) {
      message.mqtt = Object({{"content_type", std::string(type)}});
    }
    context.report(std::move(message));
  }

  mqtt::Options options_;
  bool reconnect_;
  std::unique_ptr<mqtt::Client> client_;
};

}  // namespace

Result<std::unique_ptr<Source>> make_mqtt_source(const Address& address, const Request& request) {
  AIOT_CHECK(check_settings(address, {}));
  mqtt::Options options;
  options.host = address.host;
  options.port = address.port;
  // One slash divides the host from the topic; a second begins a topic that starts with one.
  const std::string topic = address.path.substr(std::min<std::size_t>(1, address.path.size()));
  options.topics = {topic.empty() ? "#" : topic};
  options.version = request.mqtt_version == 5 ? mqtt::Version::v5 : mqtt::Version::v3_1_1;
  options.qos = request.mqtt_qos;
  options.client_id = request.mqtt_client_id;
  options.tls = address.scheme == "mqtts";
  options.ca_file = request.ca_file;
  options.certificate_file = request.certificate_file;
  options.key_file = request.key_file;
  if (!request.credentials_file.empty()) {
    AIOT_TRY(config::Credentials login, config::read_credentials(request.credentials_file));
    options.user = std::move(login.user);
    options.password = std::move(login.password);
  }
  if (options.certificate_file.empty() != options.key_file.empty()) {
    return make_error(Errc::bad_setting, address.str(),
                      "a client certificate and its key go together");
  }
  if (!options.key_file.empty()) {
    // Read for its permissions alone: a key that others can read is no key.
    AIOT_TRY(const std::string key, config::read_secret_file(options.key_file));
  }
  return std::make_unique<MqttSource>(std::move(options), request.reconnect.value_or(true));
}

}  // namespace aiot::listen
