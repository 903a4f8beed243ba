#include "protocol/protocomm/security.hpp"

#include <algorithm>

#include "crypto/aead.hpp"
#include "crypto/aes.hpp"
#include "crypto/curve25519.hpp"
#include "crypto/digest.hpp"

namespace aiot::protocomm {
namespace {

using provisioning::Errc;
using Step = SessionMessage::Step;

constexpr std::size_t key_bytes = 32;
constexpr std::size_t counter_block_bytes = 16;
constexpr std::size_t salt_bytes = 16;
constexpr std::size_t nonce_prefix_bytes = 8;

/// Security 0.
class PlainCipher final : public Cipher {
 public:
  Result<Bytes> seal(ByteSpan text) override { return Bytes(text.begin(), text.end()); }
  Result<Bytes> open(ByteSpan sealed) override { return Bytes(sealed.begin(), sealed.end()); }
};

/// Security 1: one key stream for all messages of both directions.
class StreamCipher final : public Cipher {
 public:
  StreamCipher(ByteSpan key, ByteSpan counter) : stream_(key, counter) {}
  Result<Bytes> seal(ByteSpan text) override { return stream_.next(text); }
  Result<Bytes> open(ByteSpan sealed) override { return stream_.next(sealed); }

 private:
  crypto::AesCtr stream_;
};

/// Security 2. With patch 0 all messages have the same nonce; from patch 1 on its last four bytes
/// count the messages of both directions that were sealed or opened, and never become 0 again.
class SealedCipher final : public Cipher {
 public:
  SealedCipher(ByteSpan key, ByteSpan nonce, bool counts)
      : key_(key.begin(), key.end()), nonce_(nonce.begin(), nonce.end()), counts_(counts) {}

  Result<Bytes> seal(ByteSpan text) override {
    AIOT_CHECK(check());
    Bytes out = crypto::aes_gcm_seal(key_, nonce_, {}, text);
    count();
    return out;
  }
  Result<Bytes> open(ByteSpan sealed) override {
    AIOT_CHECK(check());
    std::optional<Bytes> out = crypto::aes_gcm_open(key_, nonce_, {}, sealed);
    if (!out)
      return make_error(Errc::protocol_violated, "the message is not sealed by this session");
    count();
    return *std::move(out);
  }

 private:
  std::uint32_t counter() const { return load_be32(nonce_.data() + nonce_prefix_bytes); }
  Result<void> check() const {
    if (counts_ && counter() == 0)
      return make_error(Errc::protocol_violated, "the session's nonces are used up");
    return {};
  }
  void count() {
    if (!counts_) return;
    const std::uint32_t next = counter() + 1;
    for (unsigned i = 0; i < 4; ++i)
      nonce_[nonce_prefix_bytes + i] = static_cast<std::uint8_t>(next >> (24 - 8 * i));
  }

  Bytes key_;
  Bytes nonce_;
  bool counts_;
};

std::unique_ptr<Cipher> sealed_cipher(ByteSpan srp_key, ByteSpan nonce, unsigned patch) {
  return std::make_unique<SealedCipher>(srp_key.first(key_bytes), nonce, patch != 0);
}

/// X25519's shared secret, with the proof mixed in. Nothing for a key that no honest end has.
std::optional<Bytes> stream_key(ByteSpan secret, ByteSpan peer, const std::string& proof) {
  const auto shared = crypto::x25519(secret, peer);
  if (!shared) return std::nullopt;
  Bytes out(shared->begin(), shared->end());
  if (!proof.empty()) {
    const crypto::Sha256 hash = crypto::sha256(as_bytes(proof));
    std::ranges::transform(out, hash, out.begin(), std::bit_xor<>());
  }
  return out;
}

SessionMessage message_of(const Credentials& credentials, Step step) {
  SessionMessage out;
  out.security = credentials.security;
  out.step = step;
  return out;
}

Error failed(Status status) {
  Errc cause = Errc::device_refused;
  if (status == Status::bad_scheme || status == Status::bad_protocol)
    cause = Errc::unsupported_version;
  if (status == Status::too_many_sessions) cause = Errc::busy;
  return make_error(cause, "prov-session").with_peer_text(std::string(name_of(status)));
}

/// A response of the step and scheme that is due, with success in it.
Result<SessionMessage> response_of(ByteSpan bytes, const Credentials& credentials, Step step) {
  AIOT_TRY(SessionMessage message, decode_session(bytes));
  if (message.security != credentials.security || message.step != step)
    return make_error(Errc::protocol_violated, "prov-session answers another step");
  if (message.status != Status::success) return failed(message.status);
  return message;
}

Error bad_key() { return make_error(Errc::protocol_violated, "the device's key is not valid"); }
Error bad_length() {
  return make_error(Errc::protocol_violated, "the handshake has a field of another length");
}
Error bad_proof() {
  return make_error(Errc::wrong_proof, "the device does not prove that it knows it");
}

}  // namespace

HostHandshake::HostHandshake(Credentials credentials, const Random& random)
    : credentials_(std::move(credentials)) {
  if (credentials_.security == 0) return;
  secret_ = random(key_bytes);
  if (credentials_.security == 1) {
    const auto key = crypto::x25519_public(secret_);
    own_key_.assign(key.begin(), key.end());
  } else {
    srp_.emplace(crypto::SrpRules::esp, secret_);
    own_key_ = srp_->public_key();
  }
}

Bytes HostHandshake::command0() const {
  SessionMessage message = message_of(credentials_, Step::command0);
  const ByteSpan username = as_bytes(credentials_.username);
  message.username.assign(username.begin(), username.end());
  message.public_key = own_key_;
  return encode(message);
}

Result<std::optional<Bytes>> HostHandshake::command1(ByteSpan response0) {
  AIOT_TRY(const SessionMessage response, response_of(response0, credentials_, Step::response0));
  SessionMessage message = message_of(credentials_, Step::command1);
  device_key_ = response.public_key;
  if (credentials_.security == 0) {
    cipher_ = std::make_unique<PlainCipher>();
    return std::optional<Bytes>();
  }
  if (credentials_.security == 1) {
    if (response.random.size() != counter_block_bytes) return bad_length();
    const auto key = stream_key(secret_, device_key_, credentials_.proof);
    if (!key) return bad_key();
    cipher_ = std::make_unique<StreamCipher>(*key, response.random);
    AIOT_TRY(message.proof, cipher_->seal(device_key_));
  } else {
    if (response.random.empty() || response.random.size() > 64) return bad_length();
    salt_ = response.random;
    shared_ = srp_->share(credentials_.username, credentials_.proof, salt_, device_key_,
                          credentials_.form);
    if (!shared_) return bad_key();
    message.proof = shared_->client_proof;
  }
  return std::optional<Bytes>(encode(message));
}

Result<std::unique_ptr<Cipher>> HostHandshake::finish(ByteSpan response1) {
  if (credentials_.security == 0) return std::move(cipher_);
  AIOT_TRY(const SessionMessage response, response_of(response1, credentials_, Step::response1));
  if (credentials_.security == 1) {
    AIOT_TRY(const Bytes proven, cipher_->open(response.proof));
    if (!crypto::is_same_proof(proven, own_key_)) return bad_proof();
    return std::move(cipher_);
  }
  if (!crypto::is_same_proof(response.proof, shared_->server_proof)) return bad_proof();
  if (response.random.size() != crypto::aead_nonce_bytes) return bad_length();
  return sealed_cipher(shared_->key, response.random, credentials_.patch);
}

bool HostHandshake::has_other_form() const {
  const auto verifier = [this](crypto::SrpVerifierForm form) {
    return crypto::srp_verifier(credentials_.username, credentials_.proof, salt_, form);
  };
  return credentials_.security == 2 &&
         verifier(crypto::SrpVerifierForm::bytes) != verifier(crypto::SrpVerifierForm::numbers);
}

DeviceHandshake::DeviceHandshake(const Credentials& credentials, const Random& random)
    : credentials_(credentials), random_(random) {
  if (credentials_.security != 2) return;
  salt_ = random_(salt_bytes);
  verifier_ =
      crypto::srp_verifier(credentials_.username, credentials_.proof, salt_, credentials_.form);
}

std::optional<Bytes> DeviceHandshake::on_request(ByteSpan request) {
  const Result<SessionMessage> message = decode_session(request);
  if (!message || message->security != credentials_.security) return std::nullopt;
  if (message->step == Step::command0) return on_command0(*message);
  if (message->step == Step::command1 && began_ && !done_) return on_command1(*message);
  return std::nullopt;
}

std::optional<Bytes> DeviceHandshake::on_command0(const SessionMessage& message) {
  began_ = done_ = false;
  cipher_.reset();
  SessionMessage response = message_of(credentials_, Step::response0);
  host_key_ = message.public_key;
  if (credentials_.security == 0) {
    cipher_ = std::make_unique<PlainCipher>();
    done_ = true;
    return encode(response);
  }
  if (credentials_.security == 1) {
    const Bytes secret = random_(key_bytes);
    const auto key = crypto::x25519_public(secret);
    own_key_.assign(key.begin(), key.end());
    response.public_key = own_key_;
    response.random = random_(counter_block_bytes);
    const auto shared = stream_key(secret, host_key_, credentials_.proof);
    if (!shared) return std::nullopt;
    cipher_ = std::make_unique<StreamCipher>(*shared, response.random);
  } else {
    if (message.username.empty() || host_key_.size() != crypto::srp_bytes) return std::nullopt;
    // The device proves what it computes with the name that the host gave.
    const crypto::SrpServer server(crypto::SrpRules::esp, to_string(message.username), salt_,
                                   verifier_, random_(key_bytes));
    shared_ = server.share(host_key_);
    if (!shared_) return std::nullopt;
    response.public_key = server.public_key();
    response.random = salt_;
  }
  began_ = true;
  return encode(response);
}

std::optional<Bytes> DeviceHandshake::on_command1(const SessionMessage& message) {
  began_ = false;
  SessionMessage response = message_of(credentials_, Step::response1);
  if (credentials_.security == 1) {
    const Result<Bytes> proven = cipher_->open(message.proof);
    if (!proven || !crypto::is_same_proof(*proven, own_key_)) return std::nullopt;
    Result<Bytes> proof = cipher_->seal(host_key_);
    if (!proof) return std::nullopt;
    response.proof = *std::move(proof);
  } else {
    if (!crypto::is_same_proof(message.proof, shared_->client_proof)) return std::nullopt;
    response.proof = shared_->server_proof;
    Bytes nonce = random_(credentials_.patch == 0 ? crypto::aead_nonce_bytes : nonce_prefix_bytes);
    if (credentials_.patch != 0) append(nonce, Bytes{0, 0, 0, 1});
    response.random = nonce;
    cipher_ = sealed_cipher(shared_->key, nonce, credentials_.patch);
  }
  done_ = true;
  return encode(response);
}

}  // namespace aiot::protocomm
