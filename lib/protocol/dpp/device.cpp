#include "protocol/dpp/device.hpp"

#include <utility>

namespace aiot::dpp {
namespace {

using provisioning::FaultKind;

/// Until it has tried the network.
constexpr std::chrono::milliseconds time_to_join{50};
/// Until it listens again after it closed its link.
constexpr std::chrono::milliseconds time_to_return{20};

}  // namespace

void Device::reset() {
  reader_ = {};
  enrollee_.reset();
  responder_.reset();
  initiator_.reset();
  timer_.reset();
  output_.clear();
}

void Device::drop(net::TimePoint now) {
  reset();
  up_ = false;
  timer_ = now + time_to_return;
}

void Device::begin() {
  if (!options_.configurator) {
    Frame frame;
    frame.kind = FrameKind::presence_announcement;
    append_attribute(frame.attributes, Id::r_bootstrap_hash,
                     options_.own.bootstrap.announced_hash());
    append(output_, write_frame(frame));
    return;
  }
  initiator_.emplace(*options_.configurator, options_.own,
                     options_.material(options_.own.bootstrap.key.curve), Role::enrollee);
  append(output_, write_frame(initiator_->request()));
}

void Device::on_bytes(net::TimePoint now, ByteSpan bytes) {
  if (!up_) return;
  reader_.feed(bytes);
  while (up_) {
    const auto frame = reader_.take();
    if (frame && !*frame) return;
    if (!frame || !handle(now, **frame)) drop(now);
  }
}

void Device::send(net::TimePoint now, const Frame& frame, provisioning::Stage stage) {
  const auto faulty = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind, stage);
  };
  if (faulty(FaultKind::silent)) return;
  if (faulty(FaultKind::drop)) return drop(now);
  if (faulty(FaultKind::garbage)) return append(output_, Bytes(16, 0xff));
  append(output_, write_frame(frame));
}

Result<void> Device::handle(net::TimePoint now, const Frame& frame) {
  if (frame.kind == FrameKind::authentication_request) return on_authentication_request(now, frame);
  if (frame.kind == FrameKind::authentication_response)
    return on_authentication_response(now, frame);
  if (frame.kind == FrameKind::configuration_response) return on_configuration(now, frame);
  if (frame.kind != FrameKind::authentication_confirm) return {};
  if (!responder_ || enrollee_) return violation("a confirm without a request");
  AIOT_CHECK(responder_->on_confirm(frame));
  request_configuration(now, responder_->session());
  return {};
}

Result<void> Device::on_authentication_request(net::TimePoint now, const Frame& frame) {
  if (responder_ || initiator_) return violation("a second request");
  ++sessions_;
  const Role role = has(FaultKind::wrong_state) ? Role::configurator : Role::enrollee;
  responder_.emplace(options_.own, std::nullopt,
                     options_.material(options_.own.bootstrap.key.curve), role);
  AIOT_TRY(const Responder::Answer answer, responder_->on_request(frame));
  send(now, answer.response, provisioning::Stage::authenticated);
  return {};
}

Result<void> Device::on_authentication_response(net::TimePoint now, const Frame& frame) {
  if (!initiator_ || enrollee_) return violation("an answer without a request");
  AIOT_TRY(const Initiator::Answer answer, initiator_->on_response(frame));
  if (answer.confirm) send(now, *answer.confirm, provisioning::Stage::authenticated);
  if (answer.refused) return *answer.refused;
  if (up_ && !answer.pending) request_configuration(now, initiator_->session());
  return {};
}

void Device::request_configuration(net::TimePoint now, const Session& session) {
  enrollee_.emplace(session, options_.material(session.curve).nonce);
  send(now, enrollee_->request(options_.info), provisioning::Stage::credentials_sent);
}

Result<void> Device::on_configuration(net::TimePoint now, const Frame& frame) {
  if (!enrollee_ || timer_) return violation("a configuration that was not asked for");
  Result<Enrollee::Offer> offer = enrollee_->on_response(frame);
  if (offer) given_ = offer->wifi;
  if (enrollee_->sends_result()) {
    const Status status = offer ? Status::ok : Status::configuration_rejected;
    send(now, enrollee_->result(status), provisioning::Stage::credentials_sent);
  }
  if (up_ && offer && offer->wants_connection_status) timer_ = now + time_to_join;
  return {};
}

Status Device::join() const {
  const WifiCredentials& around = options_.network;
  if (has(FaultKind::no_network) || (!around.ssid.empty() && given_->ssid != around.ssid))
    return Status::no_access_point;
  if (has(FaultKind::refuse_password) ||
      (!around.ssid.empty() && given_->password != around.password))
    return Status::authentication_failure;
  return Status::ok;
}

void Device::on_timer(net::TimePoint now) {
  if (!timer_ || now < *timer_) return;
  timer_.reset();
  if (!up_) {
    up_ = true;
    return;
  }
  const Status status = join();
  joined_ = status == Status::ok;
  send(now, enrollee_->connection_status(status, given_->ssid), provisioning::Stage::joined);
}

Bytes Device::take_output(net::TimePoint) { return std::exchange(output_, {}); }

}  // namespace aiot::dpp
