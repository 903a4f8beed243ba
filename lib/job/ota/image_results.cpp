#include <array>

#include "aiot/ota_image.hpp"

namespace aiot::ota {
namespace {

constexpr std::array<std::string_view, 9> file_kinds = {
    "raw", "esp-image", "mcuboot", "elf", "intel-hex", "swu", "rauc", "delta", "tuf-metadata"};

}  // namespace

SchemaInfo schema_of(const SignResult&) {
  return {"aiot.ota.sign/1", "Result of `aiotctl ota sign`"};
}
SchemaInfo schema_of(const VerifyResult&) {
  return {"aiot.ota.verify/1", "Result of `aiotctl ota verify`"};
}

void describe(FieldVisitor& v, SignResult& result) {
  v("output", result.output, "the image");
  v("version", result.version, "version in its header");
  v("algorithm", result.algorithm, "ed25519 or ecdsa-p256");
  v("key_hash", result.key_hash, "SHA-256 of the public key in DER, hexadecimal");
  v("image_hash", result.image_hash, "hash of header, payload and protected TLVs, hexadecimal");
  v("size_bytes", result.size_bytes, "size of the image");
  v("security_counter", result.security_counter, "security counter");
}

void describe(FieldVisitor& v, FileCheck& check) {
  v("name", check.name, "what was checked");
  v("ok", check.ok, "it is right");
  v("detail", check.detail, "what is wrong", Presence::if_set);
}

void describe(FieldVisitor& v, FileSignature& signature) {
  v("algorithm", signature.algorithm, "kind of the signature", Presence::if_set);
  v.text("signer", signature.signer, "hash or id of the key, or subject of the certificate",
         Presence::if_set);
  v("trusted_by", signature.trusted_by, "given key or certificate that verifies it",
    Presence::if_set);
}

void describe(FieldVisitor& v, VerifyResult& result) {
  v("source", result.source, "file or URL");
  v.choice("kind", result.kind, file_kinds, "format of the file");
  v("size_bytes", result.size_bytes, "size of the file");
  v("sha256", result.sha256, "SHA-256 of the file, hexadecimal");
  v.text("version", result.version, "version, as the file has it", Presence::if_set);
  v.text("name", result.name, "project, software, or role of metadata", Presence::if_set);
  v("chip", result.chip, "chip that it is for", Presence::if_set);
  v.text("hardware", result.hardware, "hardware that it is for", Presence::if_set);
  v.text("expires", result.expires, "when metadata expires", Presence::if_set);
  v("checks", result.checks, "what the file says of itself, held against it");
  v("signatures", result.signatures, "signatures of the file");
  v("whole", result.whole, "no check failed");
  v("trusted", result.trusted, "a given key or certificate verifies it");
}

}  // namespace aiot::ota
