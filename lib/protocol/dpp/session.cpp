#include "protocol/dpp/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aiot::dpp {
namespace {

using provisioning::Errc;
using provisioning::Flow;
using provisioning::Stage;

/// How long a device may wait for its user, once it has said so.
constexpr std::chrono::seconds consent_time{60};

/// The two ends' messages on a link.
class Conversation {
 public:
  explicit Conversation(net::Link& link) : link_(link) {}

  net::Task<void> send(const Frame& frame) {
    const Bytes bytes = write_frame(frame);
    Result<void> sent = co_await link_.write(bytes, link_.clock().now() + reply_time);
    if (!sent) co_return named(std::move(sent).error());
    co_return Result<void>();
  }

  /// The next frame of a kind; others are passed over.
  net::Task<Frame> receive(FrameKind kind, net::Duration time) {
    const net::TimePoint deadline = link_.clock().now() + time;
    for (;;) {
      Result<Frame> frame = co_await next(deadline);
      if (!frame || frame->kind == kind) co_return frame;
    }
  }

  net::Task<Frame> next(net::TimePoint deadline) {
    for (;;) {
      Result<std::optional<Frame>> complete = reader_.take();
      if (!complete) co_return std::move(complete).error();
      if (*complete) co_return **std::move(complete);
      std::array<std::uint8_t, 2048> buffer{};
      const std::span<std::uint8_t> room =
          std::span(buffer).first(std::min(buffer.size(), reader_.wanted()));
      Result<std::size_t> got = co_await link_.read_some(room, deadline);
      if (!got) co_return named(std::move(got).error());
      reader_.feed(ByteSpan(buffer).first(*got));
    }
  }

  net::TimePoint now() { return link_.clock().now(); }

 private:
  /// A link's error as a cause of pairing's; a cancellation stays one.
  static Error named(Error error) {
    if (error.code == net::Errc::timed_out) return make_error(Errc::no_reply);
    if (error.code == net::Errc::link_lost) return make_error(Errc::link_lost);
    return error;
  }

  net::Link& link_;
  FrameReader reader_;
};

/// The device's status once it has tried the network. A device that sends none, or leaves as it
/// moves to the network, has taken its credentials nevertheless.
net::Task<bool> await_connection(Conversation& talk, const Configurator& configurator, Flow& flow) {
  Result<Frame> frame = co_await talk.receive(FrameKind::connection_status, join_time);
  if (!frame) {
    if (frame.error().code != Errc::no_reply && frame.error().code != Errc::link_lost)
      co_return std::move(frame).error();
    flow.log("the device does not report whether it joins");
    co_return false;
  }
  AIOT_CO_TRY(const Status status, configurator.on_connection(*frame));
  AIOT_CO_CHECK(check_connection(status));
  flow.reached(Stage::joined);
  co_return true;
}

/// From the configuration request to the end.
net::Task<Enrolled> give_credentials(Conversation& talk, const Session& session,
                                     const WifiCredentials& wifi, Flow& flow) {
  flow.reached(Stage::authenticated);
  Configurator configurator(session);
  Result<Frame> request = co_await talk.receive(FrameKind::configuration_request, reply_time);
  if (!request) co_return std::move(request).error().with("waiting for the configuration request");
  Enrolled enrolled;
  enrolled.version = session.peer_version;
  AIOT_CO_TRY(enrolled.info, configurator.on_request(*request));
  if (enrolled.info.role != "sta") {
    const Frame refusal = configurator.refusal();
    AIOT_CO_CHECK(co_await talk.send(refusal));
    co_return make_error(Errc::device_refused, "the device asks to be configured as something else")
        .with_peer_text(enrolled.info.role);
  }
  AIOT_CO_TRY(const std::string configuration, write_configuration(wifi, enrolled.version));
  const Frame response = configurator.response(configuration);
  AIOT_CO_CHECK(co_await talk.send(response));
  if (configurator.sends_result()) {
    Result<Frame> result = co_await talk.receive(FrameKind::configuration_result, reply_time);
    if (!result) co_return std::move(result).error().with("waiting for the configuration result");
    AIOT_CO_TRY(const Status status, configurator.on_result(*result));
    if (status != Status::ok) {
      co_return make_error(Errc::device_refused, "configuring: " + describe(status),
                           "check that the device supports the network's security");
    }
  }
  flow.reached(Stage::credentials_sent);
  if (configurator.sends_result()) {
    AIOT_CO_TRY(enrolled.joined, co_await await_connection(talk, configurator, flow));
  }
  co_return enrolled;
}

/// A device whose link ends in place of an answer does not have the key that was named.
Error without_answer(Error error) {
  if (error.code != Errc::link_lost) {
    return std::move(error)
        .with("waiting for the authentication response")
        .with_hint("switch the device to its state for pairing, and try again");
  }
  return make_error(Errc::wrong_proof, "the device closed the link without an answer",
                    "check that the code is this device's, and that it waits to be configured");
}

net::Task<Enrolled> initiate(Conversation& talk, Setup setup, Flow& flow) {
  Initiator initiator(std::move(setup.device), std::move(setup.own), std::move(setup.material),
                      Role::configurator);
  const Frame request = initiator.request();
  AIOT_CO_CHECK(co_await talk.send(request));
  Initiator::Answer answer;
  for (const net::Duration time : {net::Duration(reply_time), net::Duration(consent_time)}) {
    Result<Frame> response = co_await talk.receive(FrameKind::authentication_response, time);
    if (!response) co_return without_answer(std::move(response).error());
    AIOT_CO_TRY(answer, initiator.on_response(*response));
    if (!answer.pending) break;
    flow.log("the device waits for its user");
  }
  if (answer.pending) co_return violation("the device asks for more time again");
  if (answer.confirm) {
    AIOT_CO_CHECK(co_await talk.send(*answer.confirm));
  }
  if (answer.refused) co_return *std::move(answer.refused);
  Result<Enrolled> enrolled =
      co_await give_credentials(talk, initiator.session(), setup.wifi, flow);
  co_return enrolled;
}

void found(Flow& flow) {
  flow.reached(Stage::found);
  flow.reached(Stage::connected);
}

net::Task<Enrolled> respond(Conversation& talk, Setup setup, const Frame& request, Flow& flow) {
  Responder responder(std::move(setup.own), std::move(setup.device), std::move(setup.material),
                      Role::configurator);
  AIOT_CO_TRY(const Responder::Answer answer, responder.on_request(request));
  found(flow);
  AIOT_CO_CHECK(co_await talk.send(answer.response));
  if (answer.refused) co_return *answer.refused;
  Result<Frame> confirm = co_await talk.receive(FrameKind::authentication_confirm, reply_time);
  if (!confirm) co_return std::move(confirm).error().with("waiting for the authentication confirm");
  AIOT_CO_CHECK(responder.on_confirm(*confirm));
  Result<Enrolled> enrolled =
      co_await give_credentials(talk, responder.session(), setup.wifi, flow);
  co_return enrolled;
}

}  // namespace

Setup new_setup(BootstrapKey device, WifiCredentials wifi) {
  const crypto::EcCurve curve = device.key.curve;
  return {std::move(device), own_key(curve, crypto::ec_random_secret(curve)), new_material(curve),
          std::move(wifi)};
}

Result<void> check_connection(Status status) {
  switch (status) {
    case Status::ok: return {};
    case Status::no_access_point: return make_error(Errc::network_not_found, describe(status));
    case Status::authentication_failure: return make_error(Errc::network_refused, describe(status));
    default: return make_error(Errc::device_refused, "joining: " + describe(status));
  }
}

net::Task<Enrolled> configure(net::Link& link, Setup setup, Flow& flow) {
  Conversation talk(link);
  Result<Enrolled> enrolled = co_await initiate(talk, std::move(setup), flow);
  co_return enrolled;
}

net::Task<Enrolled> serve(net::Link& link, Setup setup, Flow& flow) {
  Conversation talk(link);
  Result<Frame> first = co_await talk.next(talk.now() + reply_time);
  if (!first) co_return std::move(first).error();
  if (first->kind == FrameKind::authentication_request) {
    Result<Enrolled> enrolled = co_await respond(talk, std::move(setup), *first, flow);
    co_return enrolled;
  }
  if (first->kind != FrameKind::presence_announcement)
    co_return violation("the first frame is no beginning");
  AIOT_CO_TRY(const Attributes attributes, Attributes::parse(first->attributes));
  AIOT_CO_TRY(const ByteSpan hash, attributes.require(Id::r_bootstrap_hash));
  if (!std::ranges::equal(hash, setup.device.announced_hash()))
    co_return make_error(Errc::wrong_proof, "another device announces itself");
  found(flow);
  Result<Enrolled> enrolled = co_await initiate(talk, std::move(setup), flow);
  co_return enrolled;
}

}  // namespace aiot::dpp
