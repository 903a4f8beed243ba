#include "crypto/signing_key.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "crypto/digest.hpp"
#include "support/temporary_folder.hpp"

using namespace aiot;
using namespace aiot::crypto;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

Bytes counted(std::uint8_t first) {
  Bytes out(32);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

// Made with OpenSSL 3.0: `openssl pkey` of the seed 00..1f, encrypted with the passphrase
// "correct"; `openssl ecparam -name prime256v1 -genkey`, its public key in both forms, a signature
// over "hello" by `openssl dgst -sha256 -sign`; keys of other kinds.
constexpr const char* ed25519_public_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* ed25519_encrypted_pem =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIGbMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAiveEk814J/9AICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEMI470shktXYGOftuPQCD+YEQK9w\n"
    "cC+SOO4A9DAAex5yqRfnxngQuBJi0TfVKe98AGO1y/HOtZem2QCeKGt8Ix+c/tTl\n"
    "yVekbwHlSfn2mnfOkzs=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
constexpr const char* p256_private_pem =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "MHcCAQEEIBE3HF5etLF22hZ0G2VLKGKQuoTyBLvRph/O4DZIRSY8oAoGCCqGSM49\n"
    "AwEHoUQDQgAEfyHvlOIMrs6wqPBtleeLiG03BQrlGFGsQNXgX+Vnd2TYwnJVObxT\n"
    "kB7WKI/ktwZVWvXEsB3KCS7GrPQhBzyFNg==\n"
    "-----END EC PRIVATE KEY-----\n";
constexpr const char* p256_public_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEfyHvlOIMrs6wqPBtleeLiG03BQrl\n"
    "GFGsQNXgX+Vnd2TYwnJVObxTkB7WKI/ktwZVWvXEsB3KCS7GrPQhBzyFNg==\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* p256_compressed_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACfyHvlOIMrs6wqPBtleeLiG03BQrl\n"
    "GFGsQNXgX+Vnd2Q=\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* p256_signature =
    "3046022100f5c9d7838939cea85614787cf5a3936bb1be82ef4d6af94d2f650928bd26fba6"
    "022100ebf71911d4fa3e2389c4a2299be9549110aadbf2aad7be2a1d376dbd6a5291cf";
constexpr const char* p384_public_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEkU/fdbAlnLfzSaOBrrHjaI3SUToy4Aj/\n"
    "n6bnu39PlAwGIYkg1Lb0yGnMNSKhNuuHJyo0wuSz8qI9jmOBGDCznqJLHrNZSykV\n"
    "oJwW6aDV+zIKcGU+uotUdoilQTJtINvc\n"
    "-----END PUBLIC KEY-----\n";
constexpr const char* rsa_public_pem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKY111GuYl/y6dHVY7fPMWwQyNpOz7SK\n"
    "p7sSRdTmcb5CRYiSRZt3bk/6PXwngpxIG6rXE4Lzl987GeSQhyKvGwcCAwEAAQ==\n"
    "-----END PUBLIC KEY-----\n";

template <class T>
void check_code(const Result<T>& result, Errc code) {
  REQUIRE_FALSE(result.has_value());
  CHECK(result.error().code == code);
  CHECK_FALSE(result.error().hint.empty());
}

}  // namespace

TEST_CASE("Ed25519 keys in raw form, DER and PEM") {
  // RFC 8032, 7.1, test 2.
  const auto key = PrivateKey::from_raw(
      KeyType::ed25519, hex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"));
  REQUIRE(key.has_value());
  CHECK(to_hex(key->public_key().raw()) ==
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const auto signature = key->sign(hex("72"));
  REQUIRE(signature.has_value());
  CHECK(to_hex(*signature) ==
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  CHECK(key->public_key().verify(hex("72"), *signature));
  CHECK_FALSE(key->public_key().verify(hex("73"), *signature));

  const auto counting = PrivateKey::from_raw(KeyType::ed25519, counted(0));
  REQUIRE(counting.has_value());
  CHECK(counting->public_key().pem() == ed25519_public_pem);
  const auto read = PublicKey::from_pem(ed25519_public_pem);
  REQUIRE(read.has_value());
  CHECK(*read == counting->public_key());
  CHECK(*PublicKey::from_spki_der(read->spki_der()) == *read);
}

TEST_CASE("ECDSA keys on P-256 in raw form, DER and PEM") {
  // MCUboot's key hash, of imgtool 2.4.0, is the SHA-256 of the DER.
  const auto counting = PrivateKey::from_raw(KeyType::ecdsa_p256, counted(1));
  REQUIRE(counting.has_value());
  CHECK(to_hex(sha256(counting->public_key().spki_der())) ==
        "f1d59449b727165de732bf283338122b99628a615918fedc67d878fffcf47da7");

  const auto key = PrivateKey::from_pem(p256_private_pem);
  REQUIRE(key.has_value());
  CHECK(key->public_key().pem() == p256_public_pem);
  CHECK(*PublicKey::from_pem(p256_compressed_pem) == key->public_key());
  CHECK(*PublicKey::from_raw(KeyType::ecdsa_p256, key->public_key().raw()) == key->public_key());
  CHECK(key->public_key().verify(as_bytes("hello"), hex(p256_signature)));
  CHECK_FALSE(key->public_key().verify(as_bytes("hallo"), hex(p256_signature)));
  CHECK_FALSE(key->public_key().verify(as_bytes("hello"), hex("3006020101020101")));
  CHECK_FALSE(key->public_key().verify(as_bytes("hello"), {}));
  const auto own = key->sign(as_bytes("bytes"));
  REQUIRE(own.has_value());
  CHECK(key->public_key().verify(as_bytes("bytes"), *own));
}

TEST_CASE("public keys that are refused") {
  check_code(PublicKey::from_pem("no key"), Errc::bad_key);
  check_code(PublicKey::from_pem(p384_public_pem), Errc::unsupported_key);
  check_code(PublicKey::from_pem(rsa_public_pem), Errc::unsupported_key);
  const auto key = PublicKey::from_pem(p256_public_pem);
  Bytes der = key->spki_der();
  der.push_back(0);
  check_code(PublicKey::from_spki_der(der), Errc::bad_key);
  der.pop_back();
  der.back() ^= 1;  // no point of the curve
  check_code(PublicKey::from_spki_der(der), Errc::bad_key);
  check_code(PublicKey::from_raw(KeyType::ed25519, hex("00")), Errc::bad_key);
  check_code(PublicKey::from_raw(KeyType::ecdsa_p256, Bytes(64)), Errc::bad_key);
  check_code(PrivateKey::from_raw(KeyType::ecdsa_p256, Bytes(32)), Errc::bad_key);
  check_code(PrivateKey::from_raw(KeyType::ed25519, Bytes(31)), Errc::bad_key);
}

TEST_CASE("private keys with a passphrase") {
  const auto key = PrivateKey::from_pem(ed25519_encrypted_pem, "correct");
  REQUIRE(key.has_value());
  CHECK(key->public_key().pem() == ed25519_public_pem);
  check_code(PrivateKey::from_pem(ed25519_encrypted_pem), Errc::needs_passphrase);
  check_code(PrivateKey::from_pem(ed25519_encrypted_pem, "wrong"), Errc::wrong_passphrase);
  check_code(PrivateKey::from_pem(p256_public_pem), Errc::bad_key);
  check_code(PrivateKey::from_pem(""), Errc::bad_key);
  const std::string own = key->pem("other");
  CHECK(own.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
  CHECK(PrivateKey::from_pem(own, "other")->public_key() == key->public_key());
}

TEST_CASE("key files are their owner's alone, and never overwritten") {
  const TemporaryFolder folder;
  for (const KeyType type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const std::string file = (folder.path() / name_of(type)).string();
    const PrivateKey key = PrivateKey::generate(type);
    REQUIRE(key.write(file).has_value());
    struct stat info {};
    REQUIRE(::stat(file.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const auto loaded = load_signer(file);
    REQUIRE(loaded.has_value());
    CHECK((*loaded)->public_key() == key.public_key());
    CHECK(key.public_key().verify(as_bytes("x"), *(*loaded)->sign(as_bytes("x"))));

    check_code(PrivateKey::generate(type).write(file), Errc::key_exists);
    CHECK((*load_signer(file))->public_key() == key.public_key());
    for (const mode_t mode : {0640, 0604, 0620, 0602}) {
      REQUIRE(::chmod(file.c_str(), mode) == 0);
      check_code(load_signer(file), Errc::readable_by_others);
    }
  }
  check_code(load_signer((folder.path() / "missing").string()), Errc::unreadable);
  check_code(load_signer(folder.path().string()), Errc::unreadable);
  check_code(PrivateKey::generate(KeyType::ed25519).write((folder.path() / "no/key").string()),
             Errc::unwritable);
  folder.write("pin", "1234\r\nmore\n");
  check_code(read_secret_line((folder.path() / "pin").string()), Errc::readable_by_others);
  REQUIRE(::chmod((folder.path() / "pin").c_str(), 0600) == 0);
  CHECK(*read_secret_line((folder.path() / "pin").string()) == "1234");
}
