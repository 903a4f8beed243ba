#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "crypto/srp.hpp"
#include "protocol/protocomm/message.hpp"
#include "provisioning/error.hpp"

/// How a session of ESP-IDF's provisioning is protected: security 0 not at all, 1 by X25519, a
/// proof of possession and AES-CTR, 2 by SRP-6a and AES-GCM (components/protocomm/src/security).
namespace aiot::protocomm {

/// Gives random bytes: the machine's, or a test's.
using Random = std::function<Bytes(std::size_t count)>;

/// What protects the bodies of an established session. Both ends call seal() and open() in the same
/// order: the schemes count across both directions.
class Cipher {
 public:
  virtual ~Cipher() = default;
  /// Errors when the session is used up, and must begin anew: Errc::protocol_violated.
  virtual Result<Bytes> seal(ByteSpan text) = 0;
  /// Errc::protocol_violated for what the other end did not seal.
  virtual Result<Bytes> open(ByteSpan sealed) = 0;
};

/// What the two ends know beforehand.
struct Credentials {
  unsigned security = 0;
  unsigned patch = 0;    ///< sec_patch_ver of the device
  std::string username;  ///< of security 2; never empty there
  std::string proof;     ///< proof of possession ("" for none), or password
  /// Of security 2: how the device's verifier was made.
  crypto::SrpVerifierForm form = crypto::SrpVerifierForm::bytes;
};

/// The host's side of the handshake, without I/O: one or two requests and their answers.
class HostHandshake {
 public:
  HostHandshake(Credentials credentials, const Random& random);

  Bytes command0() const;
  /// The second request; nothing when security 0 needs none. Errc::unsupported_version, busy and
  /// device_refused by the device's status; protocol_violated.
  Result<std::optional<Bytes>> command1(ByteSpan response0);
  /// The session. Also Errc::wrong_proof, when it is the device that does not know the proof.
  Result<std::unique_ptr<Cipher>> finish(ByteSpan response1);
  /// After command1(): a verifier made in the other form would be another one, so that a proof that
  /// the device drops may still be good.
  bool has_other_form() const;

 private:
  Credentials credentials_;
  Bytes secret_;
  Bytes salt_;
  std::optional<crypto::SrpClient> srp_;
  std::optional<crypto::SrpShared> shared_;
  Bytes own_key_;
  Bytes device_key_;
  std::unique_ptr<Cipher> cipher_;
};

/// The device's side. It answers, or drops the request as devices do with what is not right.
class DeviceHandshake {
 public:
  DeviceHandshake(const Credentials& credentials, const Random& random);

  /// Nothing: the request is dropped. A new command 0 begins a new handshake at any time.
  std::optional<Bytes> on_request(ByteSpan request);
  /// Once the session is established.
  Cipher* cipher() { return done_ ? cipher_.get() : nullptr; }

 private:
  std::optional<Bytes> on_command0(const SessionMessage& message);
  std::optional<Bytes> on_command1(const SessionMessage& message);

  Credentials credentials_;
  Random random_;
  Bytes salt_;
  Bytes verifier_;
  std::optional<crypto::SrpShared> shared_;
  Bytes host_key_;
  Bytes own_key_;
  bool began_ = false;
  bool done_ = false;
  std::unique_ptr<Cipher> cipher_;
};

}  // namespace aiot::protocomm
