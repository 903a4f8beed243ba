#include "protocol/dpp/authentication.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "crypto/aes_siv.hpp"
#include "crypto/hkdf.hpp"
#include "crypto/random.hpp"
#include "provisioning/error.hpp"

namespace aiot::dpp {
namespace {

using crypto::EcCurve;
using crypto::Hash;
using provisioning::Errc;

/// The hash of a curve, by which its keys have their lengths too (table 4).
Hash hash_of(EcCurve curve) {
  switch (crypto::ec_field_bytes(curve)) {
    case 32: return Hash::sha256;
    case 48: return Hash::sha384;
    default: return Hash::sha512;
  }
}

Bytes derive(EcCurve curve, ByteSpan secret, ByteSpan salt, std::string_view info) {
  const Hash hash = hash_of(curve);
  return crypto::hkdf(hash, secret, salt, as_bytes(info), crypto::hash_bytes(hash));
}

Bytes joined(std::initializer_list<ByteSpan> parts) {
  Bytes out;
  for (const ByteSpan part : parts) append(out, part);
  return out;
}

/// The X of a point.
ByteSpan x_of(const Bytes& point) { return ByteSpan(point).first(point.size() / 2); }

bool plays(ByteSpan capabilities, Role role) {
  return !capabilities.empty() && (capabilities[0] & static_cast<std::uint8_t>(role)) != 0;
}

Role other_than(Role role) {
  return role == Role::configurator ? Role::enrollee : Role::configurator;
}

/// A key that has just come over the wire.
Result<Bytes> shared(EcCurve curve, ByteSpan secret, ByteSpan peer) {
  auto x = crypto::ec_shared_x(curve, secret, peer);
  if (!x) return violation("a key is no point of the curve");
  return *std::move(x);
}

Error wrong_key(std::string what) {
  return make_error(Errc::wrong_proof, std::move(what), "check that the code is this device's");
}

std::uint8_t version_of(const Attributes& attributes) {
  const auto version = attributes.find(Id::protocol_version);
  return version && !version->empty() && version->front() != 0 ? version->front() : 1;
}

Result<Status> status_of(const Attributes& attributes) {
  AIOT_TRY(const ByteSpan status, attributes.require(Id::status, 1));
  return static_cast<Status>(status[0]);
}

Result<void> check_nonce(const Attributes& attributes, Id id, const Bytes& expected) {
  AIOT_TRY(const ByteSpan nonce, attributes.require(id, expected.size()));
  if (!std::ranges::equal(nonce, expected))
    return violation("a nonce is not the one that was sent");
  return {};
}

/// The one attribute that {R-auth} and {I-auth} have.
Bytes tag_attribute(Id id, const Bytes& tag) {
  Bytes out;
  append_attribute(out, id, tag);
  return out;
}

bool has_tag(const Attributes& attributes, Id id, const Bytes& expected) {
  const auto tag = attributes.find(id);
  return tag && std::ranges::equal(*tag, expected);
}

}  // namespace

std::size_t nonce_bytes(EcCurve curve) { return crypto::hash_bytes(hash_of(curve)) / 2; }

crypto::Sha256 BootstrapKey::announced_hash() const {
  return crypto::sha256(joined({as_bytes("chirp"), der}));
}

Result<BootstrapKey> read_bootstrap_key(ByteSpan der) {
  auto key = crypto::ec_read_spki(der);
  if (!key) {
    return make_error(Errc::bad_code, "its key is on no curve of DPP",
                      "the curves are P-256, P-384, P-521 and Brainpool's r1");
  }
  return BootstrapKey{*std::move(key), Bytes(der.begin(), der.end())};
}

OwnKey own_key(EcCurve curve, Bytes secret) {
  OwnKey own;
  own.bootstrap.key = {curve, crypto::ec_public(curve, secret)};
  own.bootstrap.der = crypto::ec_write_spki(own.bootstrap.key);
  own.secret = std::move(secret);
  return own;
}

Material new_material(EcCurve curve) {
  return {crypto::ec_random_secret(curve), crypto::random_bytes(nonce_bytes(curve))};
}

Bytes seal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan attributes) {
  return crypto::aes_siv_seal(key, associated, attributes);
}

std::optional<Bytes> unseal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan wrapped) {
  return crypto::aes_siv_open(key, associated, wrapped);
}

Frame sealed_frame(FrameKind kind, ByteSpan key, Bytes attributes, ByteSpan secret) {
  const Bytes header = sealed_header(kind);
  const std::array<ByteSpan, 2> associated = {header, attributes};
  const Bytes wrapped = seal(key, associated, secret);
  append_attribute(attributes, Id::wrapped_data, wrapped);
  return {kind, 0, 0, std::move(attributes)};
}

Result<std::optional<Attributes>> unseal_frame(FrameKind kind, ByteSpan key,
                                               const Attributes& attributes) {
  AIOT_TRY(const ByteSpan wrapped, attributes.require(Id::wrapped_data));
  const Bytes header = sealed_header(kind);
  const std::array<ByteSpan, 2> associated = {header, attributes.before_wrapped()};
  const auto opened = unseal(key, associated, wrapped);
  if (!opened) return std::optional<Attributes>();
  AIOT_TRY(Attributes inner, Attributes::parse(*opened));
  return std::optional<Attributes>(std::move(inner));
}

void Session::derive_k1(ByteSpan m_x) { k1 = derive(curve, m_x, {}, "first intermediate key"); }

void Session::derive_k2(ByteSpan n_x) { k2 = derive(curve, n_x, {}, "second intermediate key"); }

void Session::derive_ke(ByteSpan m_x, ByteSpan n_x, ByteSpan l_x) {
  ke =
      derive(curve, joined({m_x, n_x, l_x}), joined({initiator_nonce, responder_nonce}), "DPP Key");
}

Bytes Session::responder_tag() const {
  constexpr std::uint8_t zero = 0;
  return crypto::digest(
      hash_of(curve),
      joined({initiator_nonce, responder_nonce, x_of(initiator_key), x_of(responder_key),
              x_of(initiator_bootstrap), x_of(responder_bootstrap), ByteSpan(&zero, 1)}));
}

Bytes Session::initiator_tag() const {
  constexpr std::uint8_t one = 1;
  return crypto::digest(
      hash_of(curve),
      joined({responder_nonce, initiator_nonce, x_of(responder_key), x_of(initiator_key),
              x_of(responder_bootstrap), x_of(initiator_bootstrap), ByteSpan(&one, 1)}));
}

Initiator::Initiator(BootstrapKey peer, OwnKey own, Material material, Role role)
    : peer_(std::move(peer)), own_(std::move(own)), material_(std::move(material)), role_(role) {
  session_.curve = peer_.key.curve;
  session_.initiator_nonce = material_.nonce;
  session_.initiator_key = crypto::ec_public(session_.curve, material_.secret);
  session_.responder_bootstrap = peer_.key.point;
  // The key of a code is a point: ec_read_spki() has looked.
  m_x_ = *crypto::ec_shared_x(session_.curve, material_.secret, peer_.key.point);
  session_.derive_k1(m_x_);
}

Frame Initiator::request() const {
  Bytes attributes;
  append_attribute(attributes, Id::r_bootstrap_hash, peer_.hash());
  append_attribute(attributes, Id::i_bootstrap_hash, own_.bootstrap.hash());
  append_attribute(attributes, Id::i_protocol_key, session_.initiator_key);
  append_attribute(attributes, Id::protocol_version, own_version);
  Bytes secret;
  append_attribute(secret, Id::i_nonce, session_.initiator_nonce);
  append_attribute(secret, Id::i_capabilities, static_cast<std::uint8_t>(role_));
  return sealed_frame(FrameKind::authentication_request, session_.k1, std::move(attributes),
                      secret);
}

Result<Initiator::Answer> Initiator::on_response(const Frame& response) {
  AIOT_TRY(const Attributes attributes, Attributes::parse(response.attributes));
  AIOT_TRY(const ByteSpan hash, attributes.require(Id::r_bootstrap_hash, peer_.hash().size()));
  if (!std::ranges::equal(hash, peer_.hash())) return violation("the answer is for another key");
  AIOT_TRY(const Status status, status_of(attributes));
  if (status != Status::ok) return on_status(status, attributes);

  session_.peer_version = version_of(attributes);
  session_.initiator_bootstrap.clear();
  if (const auto own_hash = attributes.find(Id::i_bootstrap_hash)) {
    if (!std::ranges::equal(*own_hash, own_.bootstrap.hash()))
      return violation("the answer names another initiator");
    session_.initiator_bootstrap = own_.bootstrap.key.point;
  }
  AIOT_TRY(const ByteSpan key, attributes.require(Id::r_protocol_key));
  AIOT_TRY(const Bytes n_x, shared(session_.curve, material_.secret, key));
  session_.responder_key.assign(key.begin(), key.end());
  session_.derive_k2(n_x);

  AIOT_TRY(const auto opened,
           unseal_frame(FrameKind::authentication_response, session_.k2, attributes));
  if (!opened) return violation("the answer is sealed with another key");
  AIOT_TRY(const ByteSpan nonce, opened->require(Id::r_nonce, material_.nonce.size()));
  session_.responder_nonce.assign(nonce.begin(), nonce.end());
  AIOT_CHECK(check_nonce(*opened, Id::i_nonce, material_.nonce));
  AIOT_TRY(const ByteSpan capabilities, opened->require(Id::r_capabilities));
  AIOT_TRY(const ByteSpan wrapped_tag, opened->require(Id::wrapped_data));

  Bytes l_x;
  if (session_.mutual()) {
    // L = bI * (BR + PR)
    const auto sum = crypto::ec_add_points(session_.curve, peer_.key.point, session_.responder_key);
    if (!sum) return violation("keys that cancel each other");
    AIOT_TRY(l_x, shared(session_.curve, own_.secret, *sum));
  }
  session_.derive_ke(m_x_, n_x, l_x);

  Answer answer;
  const auto tag_bytes = unseal(session_.ke, {}, wrapped_tag);
  const auto tag = tag_bytes ? Attributes::parse(*tag_bytes) : violation("no tag");
  if (!tag || !has_tag(*tag, Id::r_auth_tag, session_.responder_tag())) {
    answer.confirm = confirm(Status::authentication_failure);
    answer.refused = wrong_key("the device does not have the key of its code");
  } else if (!plays(capabilities, other_than(role_))) {
    answer.confirm = confirm(Status::not_compatible);
    answer.refused = make_error(Errc::window_closed, "the device is not an enrollee now");
  } else {
    answer.confirm = confirm(Status::ok);
  }
  return answer;
}

Result<Initiator::Answer> Initiator::on_status(Status status, const Attributes& attributes) {
  AIOT_TRY(const auto opened,
           unseal_frame(FrameKind::authentication_response, session_.k1, attributes));
  if (!opened) return violation("the answer is sealed with another key");
  AIOT_CHECK(check_nonce(*opened, Id::i_nonce, material_.nonce));
  Answer answer;
  if (status == Status::response_pending) {
    answer.pending = true;
  } else if (status == Status::not_compatible) {
    answer.refused = make_error(Errc::window_closed, describe(status),
                                "switch the device to its state for pairing, and try again");
  } else if (status == Status::authentication_failure) {
    answer.refused = wrong_key(describe(status));
  } else {
    answer.refused = make_error(Errc::device_refused, describe(status));
  }
  return answer;
}

Frame Initiator::confirm(Status status) const {
  Bytes attributes;
  append_attribute(attributes, Id::status, static_cast<std::uint8_t>(status));
  append_attribute(attributes, Id::r_bootstrap_hash, peer_.hash());
  if (session_.mutual()) append_attribute(attributes, Id::i_bootstrap_hash, own_.bootstrap.hash());
  if (status == Status::ok) {
    return sealed_frame(FrameKind::authentication_confirm, session_.ke, std::move(attributes),
                        tag_attribute(Id::i_auth_tag, session_.initiator_tag()));
  }
  Bytes secret;
  append_attribute(secret, Id::r_nonce, session_.responder_nonce);
  return sealed_frame(FrameKind::authentication_confirm, session_.k2, std::move(attributes),
                      secret);
}

Responder::Responder(OwnKey own, std::optional<BootstrapKey> peer, Material material, Role role)
    : own_(std::move(own)), peer_(std::move(peer)), material_(std::move(material)), role_(role) {
  session_.curve = own_.bootstrap.key.curve;
  session_.responder_bootstrap = own_.bootstrap.key.point;
  session_.responder_nonce = material_.nonce;
  session_.responder_key = crypto::ec_public(session_.curve, material_.secret);
  if (peer_) session_.initiator_bootstrap = peer_->key.point;
}

Result<Responder::Answer> Responder::on_request(const Frame& request) {
  AIOT_TRY(const Attributes attributes, Attributes::parse(request.attributes));
  AIOT_TRY(const ByteSpan own_hash, attributes.require(Id::r_bootstrap_hash));
  if (!std::ranges::equal(own_hash, own_.bootstrap.hash()))
    return wrong_key("a request to another key");
  AIOT_TRY(const ByteSpan peer_hash, attributes.require(Id::i_bootstrap_hash));
  if (peer_ && !std::ranges::equal(peer_hash, peer_->hash()))
    return wrong_key("a request from another device than that of the code");
  session_.peer_version = version_of(attributes);

  AIOT_TRY(const ByteSpan key, attributes.require(Id::i_protocol_key));
  AIOT_TRY(const Bytes m_x, shared(session_.curve, own_.secret, key));
  session_.initiator_key.assign(key.begin(), key.end());
  session_.derive_k1(m_x);
  AIOT_TRY(const auto opened,
           unseal_frame(FrameKind::authentication_request, session_.k1, attributes));
  if (!opened) return wrong_key("a request that is sealed with another key");
  AIOT_TRY(const ByteSpan nonce, opened->require(Id::i_nonce, material_.nonce.size()));
  session_.initiator_nonce.assign(nonce.begin(), nonce.end());
  AIOT_TRY(const ByteSpan capabilities, opened->require(Id::i_capabilities));

  Bytes response;
  const bool fits = plays(capabilities, other_than(role_));
  append_attribute(response, Id::status,
                   static_cast<std::uint8_t>(fits ? Status::ok : Status::not_compatible));
  append_attribute(response, Id::r_bootstrap_hash, own_.bootstrap.hash());
  if (session_.mutual()) append_attribute(response, Id::i_bootstrap_hash, peer_->hash());
  Bytes secret;
  if (!fits) {
    append_attribute(secret, Id::i_nonce, session_.initiator_nonce);
    append_attribute(secret, Id::r_capabilities, static_cast<std::uint8_t>(role_));
    return Answer{
        sealed_frame(FrameKind::authentication_response, session_.k1, std::move(response), secret),
        make_error(Errc::window_closed, describe(Status::not_compatible))};
  }

  AIOT_TRY(const Bytes n_x, shared(session_.curve, material_.secret, session_.initiator_key));
  session_.derive_k2(n_x);
  Bytes l_x;
  if (session_.mutual()) {
    // L = (bR + pR) * BI
    const auto sum = crypto::ec_add_secrets(session_.curve, own_.secret, material_.secret);
    if (!sum) return violation("keys that cancel each other");
    AIOT_TRY(l_x, shared(session_.curve, *sum, session_.initiator_bootstrap));
  }
  session_.derive_ke(m_x, n_x, l_x);
  append_attribute(response, Id::r_protocol_key, session_.responder_key);
  if (session_.peer_version >= 2) append_attribute(response, Id::protocol_version, own_version);
  append_attribute(secret, Id::r_nonce, session_.responder_nonce);
  append_attribute(secret, Id::i_nonce, session_.initiator_nonce);
  append_attribute(secret, Id::r_capabilities, static_cast<std::uint8_t>(role_));
  append_attribute(secret, Id::wrapped_data,
                   seal(session_.ke, {}, tag_attribute(Id::r_auth_tag, session_.responder_tag())));
  return Answer{
      sealed_frame(FrameKind::authentication_response, session_.k2, std::move(response), secret),
      std::nullopt};
}

Result<void> Responder::on_confirm(const Frame& confirm) {
  AIOT_TRY(const Attributes attributes, Attributes::parse(confirm.attributes));
  AIOT_TRY(const Status status, status_of(attributes));
  if (status != Status::ok) return wrong_key(describe(status));
  AIOT_TRY(const auto opened,
           unseal_frame(FrameKind::authentication_confirm, session_.ke, attributes));
  if (!opened || !has_tag(*opened, Id::i_auth_tag, session_.initiator_tag()))
    return wrong_key("the peer does not prove its key");
  return {};
}

}  // namespace aiot::dpp
