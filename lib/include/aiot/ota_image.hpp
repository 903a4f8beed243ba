#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "aiot/describe.hpp"
#include "aiot/export.hpp"
#include "aiot/result.hpp"

/// Firmware files on their way to devices: signed for a boot loader, and verified before they are
/// used.
namespace aiot::ota {

/// What an image of MCUboot is made with; see imgtool's options of the same names.
struct SignRequest {
  std::string input;        ///< raw bytes, as objcopy writes them
  std::string output;       ///< written whole or not at all
  std::string key;          ///< private key in PEM, or a PKCS#11 URI
  std::string secret_file;  ///< its passphrase or PIN in the first line; "" for none
  std::string version;      ///< such as 1.2.3+4
  std::uint32_t header_bytes = 32;
  bool pad_header = false;       ///< put the header in front; else it takes zeros of the input
  std::string security_counter;  ///< a number, "auto" (from the version), or "" for none
  std::vector<std::string> dependencies;  ///< such as 1:2.3.4+5, an image and its least version
  bool pure = false;                      ///< sign the bytes in place of their hash (Ed25519)
  std::uint64_t slot_bytes = 0;           ///< 0: not checked
  std::uint32_t align = 8;                ///< of writes to the flash of the slot
  bool pad = false;                       ///< fill the slot, and mark the image to be booted
  bool confirm = false;                   ///< and to stay
};
/// "aiot.ota.sign/1"
struct SignResult {
  std::string output;
  std::string version;
  std::string algorithm;   ///< "ed25519" or "ecdsa-p256"
  std::string key_hash;    ///< SHA-256 of the public key in DER, hexadecimal: what MCUboot looks up
  std::string image_hash;  ///< that the signature is for, hexadecimal
  std::uint64_t size_bytes = 0;
  std::optional<std::uint32_t> security_counter;
};
/// Makes an image of MCUboot. Condition::usage, invalid_input, mismatch (it does not fit into its
/// slot); the errors of keys.
AIOT_API Result<SignResult> sign_image(const SignRequest& request);

enum class FileKind {
  raw,  ///< of no format that is known
  esp_image,
  mcuboot,
  elf,
  intel_hex,
  swu,  ///< SWUpdate
  rauc,
  delta,     ///< aiot.delta/1
  metadata,  ///< of a TUF repository
};

struct VerifyRequest {
  std::string source;                     ///< a file, or an https:// URL
  std::vector<std::string> keys;          ///< public keys in PEM
  std::vector<std::string> certificates;  ///< PEM; for update bundles
  std::string ca_file;                    ///< of the server; "" for the authorities of this machine
  std::string fingerprint;  ///< or the SHA-256 of the server's certificate, hexadecimal
  std::chrono::milliseconds timeout{0};  ///< of the transfer, 0 for none but the steps' own
};

/// Something in the file that says whether the rest is whole.
struct FileCheck {
  std::string name;  ///< such as "checksum", "SHA-256", "hash tree"
  bool ok = false;
  std::string detail;
};
struct FileSignature {
  std::string algorithm;   ///< "ed25519", "ecdsa-p256", "cms", "secure-boot-v2"
  std::string signer;      ///< hash of the key, id of the key, or subject of the certificate
  std::string trusted_by;  ///< the given key or certificate that verifies it; "" for none
};
/// "aiot.ota.verify/1"
struct VerifyResult {
  std::string source;
  FileKind kind = FileKind::raw;
  std::uint64_t size_bytes = 0;
  std::string sha256;  ///< of all of it, hexadecimal
  std::string version;
  std::string name;                   ///< of the project, the software, or the role
  std::string chip;                   ///< that it is for
  std::vector<std::string> hardware;  ///< likewise, as update bundles have it
  std::string expires;                ///< of metadata
  std::vector<FileCheck> checks;
  std::vector<FileSignature> signatures;
  bool whole = true;            ///< no check failed
  std::optional<bool> trusted;  ///< a given key or certificate verifies it; none was given
};
/// Reads a file, and holds it against itself and the given keys. What is wrong with it is in the
/// result; an error only when it cannot be read.
AIOT_API Result<VerifyResult> verify_file(const VerifyRequest& request, std::stop_token stop);
/// Whether to use the file. Condition::mismatch: it is damaged; Condition::refused_security: keys
/// were given, and none verifies it.
AIOT_API Result<void> acceptable(const VerifyResult& result);

AIOT_API SchemaInfo schema_of(const SignResult&);
AIOT_API SchemaInfo schema_of(const VerifyResult&);
AIOT_API void describe(FieldVisitor& v, SignResult& result);
AIOT_API void describe(FieldVisitor& v, FileCheck& check);
AIOT_API void describe(FieldVisitor& v, FileSignature& signature);
AIOT_API void describe(FieldVisitor& v, VerifyResult& result);

}  // namespace aiot::ota
