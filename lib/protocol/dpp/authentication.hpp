#pragma once

#include <optional>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/digest.hpp"
#include "crypto/ec.hpp"
#include "protocol/dpp/attributes.hpp"
#include "protocol/dpp/frame.hpp"

/// The authentication exchange (Wi-Fi Easy Connect 3.0, chapter 6): three messages, after which
/// both ends share a key. Pure: what is random is passed in.
namespace aiot::dpp {

/// Which end does what in the configuration that follows: bits of the capabilities.
enum class Role : std::uint8_t { enrollee = 1, configurator = 2 };

/// The version that this host speaks: with a configuration result and a connection's status.
inline constexpr std::uint8_t own_version = 2;

/// A public key from a DPP: code, which proves who a device is.
struct BootstrapKey {
  crypto::EcPublicKey key;
  Bytes der;  ///< as the code has it

  crypto::Sha256 hash() const { return crypto::sha256(der); }
  /// By which a device announces itself without telling its key to those who do not have it.
  crypto::Sha256 announced_hash() const;
};
/// provisioning::Errc::bad_code when it is no key on a curve of DPP.
Result<BootstrapKey> read_bootstrap_key(ByteSpan der);

/// A bootstrap key of this end's, with its secret.
struct OwnKey {
  BootstrapKey bootstrap;
  Bytes secret;
};
OwnKey own_key(crypto::EcCurve curve, Bytes secret);

/// What is random in one exchange: a protocol key and a nonce, which never serve twice.
struct Material {
  Bytes secret;
  Bytes nonce;
};
Material new_material(crypto::EcCurve curve);

std::size_t nonce_bytes(crypto::EcCurve curve);

/// A key of AES-SIV, and what it seals.
Bytes seal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan attributes);
/// The attributes in `wrapped`; nothing when the key or the associated data is not the sender's.
std::optional<Bytes> unseal(ByteSpan key, std::span<const ByteSpan> associated, ByteSpan wrapped);
/// `attributes` and behind them `secret` ones, sealed with the frame's header and `attributes`.
Frame sealed_frame(FrameKind kind, ByteSpan key, Bytes attributes, ByteSpan secret);
/// The sealed attributes of an action frame.
Result<std::optional<Attributes>> unseal_frame(FrameKind kind, ByteSpan key,
                                               const Attributes& attributes);

/// What both ends know at the end, or are about to.
struct Session {
  crypto::EcCurve curve = crypto::EcCurve::p256;
  Bytes initiator_nonce;
  Bytes responder_nonce;
  Bytes initiator_key;  ///< points
  Bytes responder_key;
  Bytes responder_bootstrap;
  Bytes initiator_bootstrap;  ///< with mutual authentication; else empty
  Bytes k1;
  Bytes k2;
  Bytes ke;
  std::uint8_t peer_version = 1;

  bool mutual() const { return !initiator_bootstrap.empty(); }
  /// k1 of M.x, k2 of N.x, ke of all (6.3.3, 6.3.4); `l_x` is empty unless mutual.
  void derive_k1(ByteSpan m_x);
  void derive_k2(ByteSpan n_x);
  void derive_ke(ByteSpan m_x, ByteSpan n_x, ByteSpan l_x);
  /// By which the responder proves what it has, and the initiator.
  Bytes responder_tag() const;
  Bytes initiator_tag() const;
};

/// The end that sends the first message.
class Initiator {
 public:
  /// `own` proves this end to a peer that has its code; it is sent as a hash in any case.
  Initiator(BootstrapKey peer, OwnKey own, Material material, Role role);

  Frame request() const;

  /// What the answer leads to.
  struct Answer {
    bool pending = false;          ///< the peer needs more time, and answers again
    std::optional<Frame> confirm;  ///< to be sent, also when `refused` says why this is the end
    std::optional<Error> refused;
  };
  /// Errors: protocol_violated for what cannot be answered.
  Result<Answer> on_response(const Frame& response);

  const Session& session() const { return session_; }

 private:
  Result<Answer> on_status(Status status, const Attributes& attributes);
  Frame confirm(Status status) const;

  BootstrapKey peer_;
  OwnKey own_;
  Material material_;
  Role role_;
  Session session_;
  Bytes m_x_;
};

/// The end that is spoken to.
class Responder {
 public:
  /// With `peer` only the holder of that key is served (mutual authentication).
  Responder(OwnKey own, std::optional<BootstrapKey> peer, Material material, Role role);

  /// What the request leads to: an answer, and why it is the last one.
  struct Answer {
    Frame response;
    std::optional<Error> refused;
  };
  /// provisioning::Errc::wrong_proof for a request to another key or, with a peer, from another:
  /// it is not answered. protocol_violated likewise.
  Result<Answer> on_request(const Frame& request);
  /// wrong_proof when the peer does not prove what it has, or says that this end does not.
  Result<void> on_confirm(const Frame& confirm);

  const Session& session() const { return session_; }

 private:
  OwnKey own_;
  std::optional<BootstrapKey> peer_;
  Material material_;
  Role role_;
  Session session_;
};

}  // namespace aiot::dpp
