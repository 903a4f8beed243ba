#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "crypto/error.hpp"

/// Keys that sign metadata and images: Ed25519 (RFC 8032) and ECDSA on P-256 with SHA-256 (FIPS
/// 186-4), in files or on PKCS#11 tokens.
namespace aiot::crypto {

enum class KeyType { ed25519, ecdsa_p256 };

/// "ed25519", "ecdsa-p256".
std::string_view name_of(KeyType type);

/// A public key; what comes from outside is checked when it is read.
class PublicKey {
 public:
  /// Reads SubjectPublicKeyInfo (RFC 5280, RFC 8410, RFC 5480) in PEM, or its DER with nothing
  /// behind it. A compressed point becomes an uncompressed one. Errc::bad_key,
  /// Errc::unsupported_key.
  static Result<PublicKey> from_pem(std::string_view pem);
  static Result<PublicKey> from_spki_der(ByteSpan der);
  /// Reads 32 bytes of Ed25519, or a point of P-256: 04 | X | Y, or compressed.
  static Result<PublicKey> from_raw(KeyType type, ByteSpan raw);

  KeyType type() const { return type_; }
  /// 32 bytes of Ed25519; 04 | X | Y (65 bytes) of P-256.
  const Bytes& raw() const { return raw_; }
  Bytes spki_der() const;
  /// With a line feed behind the last line.
  std::string pem() const;

  /// `signature` is 64 bytes (Ed25519), or ECDSA-Sig-Value in DER over the SHA-256 of `message`.
  bool verify(ByteSpan message, ByteSpan signature) const;

  friend bool operator==(const PublicKey&, const PublicKey&) = default;

 private:
  PublicKey(KeyType type, Bytes raw) : type_(type), raw_(std::move(raw)) {}

  KeyType type_;
  Bytes raw_;
};

/// Signs with a private key, wherever that is.
class Signer {
 public:
  virtual ~Signer() = default;
  virtual const PublicKey& public_key() const = 0;
  /// A signature that PublicKey::verify() accepts. Errc::token_failed where a token holds the key.
  virtual Result<Bytes> sign(ByteSpan message) const = 0;
};

/// A private key in memory.
class PrivateKey final : public Signer {
 public:
  static PrivateKey generate(KeyType type);
  /// Reads PKCS#8 or SEC 1 in PEM, encrypted or not. Nobody is asked for a passphrase.
  /// Errc::needs_passphrase, Errc::wrong_passphrase, Errc::bad_key, Errc::unsupported_key.
  static Result<PrivateKey> from_pem(std::string_view pem, const std::string& passphrase = {});
  /// The 32-byte seed of Ed25519, or the big-endian secret number of P-256. Errc::bad_key.
  static Result<PrivateKey> from_raw(KeyType type, ByteSpan secret);

  const PublicKey& public_key() const override { return public_key_; }
  Result<Bytes> sign(ByteSpan message) const override;

  /// PKCS#8; encrypted with AES-256 where there is a passphrase. Secret: for a file of mode 0600.
  std::string pem(const std::string& passphrase = {}) const;
  /// Writes pem() to a new file of mode 0600. Errc::key_exists, Errc::unwritable.
  Result<void> write(const std::string& file, const std::string& passphrase = {}) const;

 private:
  /// Owns an EVP_PKEY.
  PrivateKey(std::shared_ptr<void> key, PublicKey public_key)
      : key_(std::move(key)), public_key_(std::move(public_key)) {}
  static Result<PrivateKey> from_evp(std::shared_ptr<void> key);

  std::shared_ptr<void> key_;
  PublicKey public_key_;
};

/// Opens the private key `source`: a PEM file that is its owner's alone (regular files and pipes of
/// mode 0600 or less), or a PKCS#11 URI (crypto/pkcs11.hpp). `secret` is the passphrase of the file
/// or the PIN of the token, empty for none. All errors of this room.
Result<std::unique_ptr<Signer>> load_signer(const std::string& source,
                                            const std::string& secret = {});

/// The first line of a file of a passphrase or PIN that is its owner's alone. Errc::unreadable,
/// Errc::readable_by_others.
Result<std::string> read_secret_line(const std::string& file);

}  // namespace aiot::crypto
