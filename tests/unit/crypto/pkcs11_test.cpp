#include "crypto/pkcs11.hpp"

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "skip.hpp"
#include "support/temporary_folder.hpp"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

using namespace aiot;
using namespace aiot::crypto;

namespace {

/// SoftHSM 2.6 loses a string each time it reads the parameters of an Ed25519 key.
struct ModuleLeaks {
#if defined(__SANITIZE_ADDRESS__)
  ModuleLeaks() { __lsan_disable(); }
  ~ModuleLeaks() { __lsan_enable(); }
#else
  ModuleLeaks() {}
#endif
};

template <class T>
void check_code(const Result<T>& result, Errc code) {
  REQUIRE_FALSE(result.has_value());
  INFO(result.error().message());
  CHECK(result.error().code == code);
}

constexpr const char* softhsm = "/usr/lib/softhsm/libsofthsm2.so";

bool run(const std::string& command) { return std::system((command + " >&2").c_str()) == 0; }

}  // namespace

TEST_CASE("PKCS#11 URIs") {
  // RFC 7512, 3, with names of this file.
  const auto uri = parse_pkcs11_uri(
      "pkcs11:token=The%20Software%20PKCS%2311;object=root;id=%01%ff;type=private"
      "?module-path=/usr/lib/p.so&pin-source=file:/etc/token");
  REQUIRE(uri.has_value());
  CHECK(uri->at("token") == "The Software PKCS#11");
  CHECK(uri->at("id") == "\x01\xff");
  CHECK(uri->at("module-path") == "/usr/lib/p.so");
  CHECK(uri->at("pin-source") == "file:/etc/token");
  CHECK(parse_pkcs11_uri("pkcs11:")->empty());
  for (const char* bad :
       {"pkcs:token=a", "pkcs11:token", "pkcs11:colour=red", "pkcs11:token=%0", "pkcs11:token=%zz",
        "pkcs11:token=a;token=b", "pkcs11:object=a;type=public"}) {
    INFO(bad);
    check_code(parse_pkcs11_uri(bad), Errc::bad_uri);
  }
  const auto secret = parse_pkcs11_uri("pkcs11:token=a?pin-value=1234");
  check_code(secret, Errc::bad_uri);
  CHECK(secret.error().message().find("1234") == std::string::npos);
}

TEST_CASE("keys on a SoftHSM token") {
  if (!std::filesystem::exists(softhsm) || !run("command -v pkcs11-tool >/dev/null")) {
    AIOT_SKIP("softhsm2 and opensc are not installed: no PKCS#11 token to sign with");
  }
  const ModuleLeaks not_ours;
  const TemporaryFolder folder;
  const std::string at = folder.path().string();
  folder.write("softhsm2.conf", "directories.tokendir = " + at + "\nlog.level = ERROR\n");
  folder.write("pin", "1234\n");
  folder.write("wrong", "4321\n");
  REQUIRE(::chmod((at + "/pin").c_str(), 0600) == 0);
  REQUIRE(::chmod((at + "/wrong").c_str(), 0600) == 0);
  ::setenv("SOFTHSM2_CONF", (at + "/softhsm2.conf").c_str(), 1);
  ::setenv("PKCS11_MODULE_PATH", softhsm, 1);
  REQUIRE(run("softhsm2-util --init-token --free --label keys --so-pin 5678 --pin 1234"));
  REQUIRE(run("softhsm2-util --init-token --free --label empty --so-pin 5678 --pin 1234"));
  const std::string make = std::string("pkcs11-tool --module ") + softhsm +
                           " --token-label keys --login --pin 1234 --keypairgen --key-type ";
  REQUIRE(run(make + "EC:prime256v1 --label root --id 01"));
  REQUIRE(run(make + "EC:edwards25519 --label targets --id 02"));
  REQUIRE(run(make + "EC:secp384r1 --label long --id 03"));
  REQUIRE(run(make + "EC:prime256v1 --label twice --id 04"));
  REQUIRE(run(make + "EC:prime256v1 --label twice --id 05"));

  // One token holds both kinds; the second key is found by its id, the PIN comes from a file.
  for (const auto& [uri, pin, type] :
       {std::tuple("pkcs11:token=keys;object=root;type=private", "1234", KeyType::ecdsa_p256),
        std::tuple("pkcs11:token=keys;object=targets", "1234", KeyType::ed25519),
        std::tuple("pkcs11:token=keys;id=%05?pin-source=file:PIN", "", KeyType::ecdsa_p256)}) {
    std::string text = uri;
    if (const auto place = text.find("PIN"); place != std::string::npos) {
      text.replace(place, 3, at + "/pin");
    }
    INFO(text);
    const auto key = load_signer(text, pin);
    REQUIRE_MESSAGE(key.has_value(), key.error().message());
    CHECK((*key)->public_key().type() == type);
    for (int i = 0; i < 20; ++i) {  // numbers of a signature have 31 to 33 bytes in DER
      const std::string message(static_cast<std::size_t>(i) * 50, 'm');
      const auto signature = (*key)->sign(as_bytes(message));
      REQUIRE_MESSAGE(signature.has_value(), signature.error().message());
      CHECK((*key)->public_key().verify(as_bytes(message), *signature));
    }
  }
  // What OpenSSL's tool reads from the token is the same key.
  REQUIRE(run(std::string("pkcs11-tool --module ") + softhsm +
              " --token-label keys --read-object --type pubkey --id 01 -o " + at + "/root.der"));
  REQUIRE(run("openssl pkey -pubin -inform DER -in " + at + "/root.der -out " + at + "/root.pem"));
  std::ifstream pem(at + "/root.pem");
  const std::string text{std::istreambuf_iterator<char>(pem), {}};
  CHECK((*load_signer("pkcs11:token=keys;object=root", "1234"))->public_key().pem() == text);

  // Made on the token.
  for (const KeyType type : {KeyType::ed25519, KeyType::ecdsa_p256}) {
    const std::string uri = "pkcs11:token=empty;object=" + std::string(name_of(type));
    const auto made = generate_pkcs11(uri, type, "1234");
    REQUIRE_MESSAGE(made.has_value(), made.error().message());
    CHECK((*made)->public_key().type() == type);
    const auto found = load_signer(uri, "1234");
    REQUIRE(found.has_value());
    CHECK((*found)->public_key() == (*made)->public_key());
    CHECK((*made)->sign(as_bytes("x")).has_value());
    check_code(generate_pkcs11(uri, type, "1234"), Errc::key_exists);
  }
  check_code(generate_pkcs11("pkcs11:token=empty", KeyType::ed25519, "1234"), Errc::bad_uri);

  check_code(load_signer("pkcs11:token=other;object=root", "1234"), Errc::no_token);
  check_code(load_signer("pkcs11:object=root", "1234"), Errc::no_token);
  check_code(load_signer("pkcs11:token=keys;object=other", "1234"), Errc::no_key);
  check_code(load_signer("pkcs11:token=keys;object=twice", "1234"), Errc::no_key);
  check_code(load_signer("pkcs11:token=keys;object=long", "1234"), Errc::unsupported_key);
  check_code(load_signer("pkcs11:token=empty;object=root"), Errc::needs_pin);
  check_code(load_signer("pkcs11:token=empty;object=root?pin-source=" + at + "/wrong"),
             Errc::wrong_pin);
  check_code(load_signer("pkcs11:object=root?module-path=/nowhere.so"), Errc::no_pkcs11_module);
  check_code(load_signer("pkcs11:object=root?module-path=libz.so.1"), Errc::no_pkcs11_module);
  ::unsetenv("PKCS11_MODULE_PATH");
  check_code(load_signer("pkcs11:token=keys;object=root", "1234"), Errc::no_pkcs11_module);
}
