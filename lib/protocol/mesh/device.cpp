#include "protocol/mesh/device.hpp"

#include <algorithm>

#include "crypto/ec.hpp"

namespace aiot::mesh {

using crypto::EcCurve;
using provisioning::FaultKind;
using provisioning::Stage;

/// 5.4.1.
enum class Device::Pdu : std::uint8_t {
  invite,
  capabilities,
  start,
  public_key,
  input_complete,
  confirmation,
  random,
  data,
  complete,
  failed,
};

/// 5.4.4.
enum class Device::Failure : std::uint8_t {
  invalid_pdu = 1,
  invalid_format = 2,
  unexpected_pdu = 3,
  confirmation_failed = 4,
  decryption_failed = 6,
  cannot_assign_addresses = 8,
};

namespace {

constexpr std::size_t public_key_bytes = 64;
/// One element, the algorithm with P-256, no public key out of band, no output, no input.
constexpr std::array<std::uint8_t, 11> capabilities = {1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0};
constexpr std::size_t static_oob_at = 4;

Key key_of(ByteSpan bytes) {
  Key out{};
  std::ranges::copy(bytes, out.begin());
  return out;
}

}  // namespace

Device::Device(DeviceOptions options) : options_(std::move(options)), bearer_(options_.uuid) {}

void Device::begin() {
  expected_ = static_cast<std::uint8_t>(Pdu::invite);
  failed_ = false;
  uses_oob_ = false;
  inputs_.clear();
  shared_secret_.clear();
}

std::optional<Bytes> Device::beacon() const {
  if (bearer_.is_open() || node_ || silent_) return std::nullopt;
  return unprovisioned_beacon(options_.uuid, 0);
}

void Device::on_packet(net::TimePoint now, ByteSpan packet) {
  if (node_ && !bearer_.is_open()) return;
  const bool was_open = bearer_.is_open();
  if (silent_ || provisioning::has_fault(options_.faults, FaultKind::wrong_state)) return;
  if (!was_open && provisioning::has_fault(options_.faults, FaultKind::silent, Stage::connected))
    return;
  bearer_.on_packet(now, packet);
  if (!was_open && bearer_.is_open()) begin();
  while (const auto pdu = bearer_.take_pdu()) on_pdu(now, *pdu);
}

void Device::on_timer(net::TimePoint now) { bearer_.on_timer(now); }

void Device::send(net::TimePoint now, Pdu type, ByteSpan parameters) {
  Bytes pdu{static_cast<std::uint8_t>(type)};
  append(pdu, parameters);
  bearer_.send(now, std::move(pdu));
}

void Device::fail(net::TimePoint now, Failure failure) {
  failed_ = true;
  const auto code = static_cast<std::uint8_t>(failure);
  send(now, Pdu::failed, ByteSpan(&code, 1));
}

bool Device::is_at_fault(net::TimePoint now, Stage stage) {
  const auto has = [&](FaultKind kind) {
    return provisioning::has_fault(options_.faults, kind, stage);
  };
  if (has(FaultKind::silent)) silent_ = true;
  if (has(FaultKind::drop)) bearer_.close(Bearer::Reason::fail);
  if (has(FaultKind::garbage)) send(now, Pdu::input_complete, Bytes(24, 0xFF));
  return silent_ || has(FaultKind::drop) || has(FaultKind::garbage);
}

void Device::on_pdu(net::TimePoint now, ByteSpan pdu) {
  if (failed_) return;
  const auto type = static_cast<Pdu>(pdu[0]);
  const ByteSpan parameters = pdu.subspan(1);
  if (pdu[0] > static_cast<std::uint8_t>(Pdu::failed)) return fail(now, Failure::invalid_pdu);
  if (pdu[0] != expected_) return fail(now, Failure::unexpected_pdu);
  bool fits = false;
  switch (type) {
    case Pdu::invite: fits = on_invite(now, parameters); break;
    case Pdu::start: fits = on_start(parameters); break;
    case Pdu::public_key: fits = on_public_key(now, parameters); break;
    case Pdu::confirmation: fits = on_confirmation(now, parameters); break;
    case Pdu::random: fits = on_random(now, parameters); break;
    case Pdu::data: fits = on_data(now, parameters); break;
    default: break;
  }
  if (!fits) fail(now, Failure::invalid_format);
}

bool Device::on_invite(net::TimePoint now, ByteSpan parameters) {
  if (parameters.size() != 1) return false;
  if (is_at_fault(now, Stage::connected)) return true;
  auto own = capabilities;
  if (options_.static_oob) own[static_oob_at] = 1;
  append(inputs_, parameters);
  append(inputs_, own);
  expected_ = static_cast<std::uint8_t>(Pdu::start);
  send(now, Pdu::capabilities, own);
  return true;
}

bool Device::on_start(ByteSpan parameters) {
  // Algorithm, public key, method of authentication, action and size.
  if (parameters.size() != 5 || parameters[0] != 0 || parameters[1] != 0 || parameters[2] > 1 ||
      parameters[3] != 0 || parameters[4] != 0) {
    return false;
  }
  uses_oob_ = parameters[2] == 1;
  if (uses_oob_ != options_.static_oob.has_value()) return false;
  append(inputs_, parameters);
  expected_ = static_cast<std::uint8_t>(Pdu::public_key);
  return true;
}

bool Device::on_public_key(net::TimePoint now, ByteSpan parameters) {
  if (parameters.size() != public_key_bytes) return false;
  const Bytes own = crypto::ec_public(EcCurve::p256, options_.secret);
  // A point of the curve; the device's own would give away the confirmation.
  const auto shared = crypto::ec_shared_x(EcCurve::p256, options_.secret, parameters);
  if (!shared || std::ranges::equal(parameters, own)) return false;
  shared_secret_ = *shared;
  append(inputs_, parameters);
  append(inputs_, own);
  confirmations_ = Confirmations(inputs_, shared_secret_);
  expected_ = static_cast<std::uint8_t>(Pdu::confirmation);
  send(now, Pdu::public_key, own);
  return true;
}

bool Device::on_confirmation(net::TimePoint now, ByteSpan parameters) {
  if (parameters.size() != provisioner_confirmation_.size()) return false;
  if (is_at_fault(now, Stage::authenticated)) return true;
  provisioner_confirmation_ = key_of(parameters);
  const Key own = confirmations_.of(options_.random, uses_oob_ ? *options_.static_oob : Key{});
  expected_ = static_cast<std::uint8_t>(Pdu::random);
  send(now, Pdu::confirmation, own);
  return true;
}

bool Device::on_random(net::TimePoint now, ByteSpan parameters) {
  if (parameters.size() != provisioner_random_.size()) return false;
  provisioner_random_ = key_of(parameters);
  const Key expected =
      confirmations_.of(provisioner_random_, uses_oob_ ? *options_.static_oob : Key{});
  if (expected != provisioner_confirmation_) {
    fail(now, Failure::confirmation_failed);
    return true;
  }
  expected_ = static_cast<std::uint8_t>(Pdu::data);
  send(now, Pdu::random, options_.random);
  return true;
}

bool Device::on_data(net::TimePoint now, ByteSpan parameters) {
  if (is_at_fault(now, Stage::joined)) return true;
  const auto data = open_data(parameters, shared_secret_, confirmations_.salt, provisioner_random_,
                              options_.random);
  if (!data) {
    fail(now, Failure::decryption_failed);
    return true;
  }
  constexpr std::uint16_t last_unicast = 0x7FFF;
  if (data->address == 0 || data->address > last_unicast) {
    fail(now, Failure::cannot_assign_addresses);
    return true;
  }
  node_ = *data;
  expected_ = static_cast<std::uint8_t>(Pdu::complete);  // of which there is none to come
  send(now, Pdu::complete, {});
  return true;
}

}  // namespace aiot::mesh
