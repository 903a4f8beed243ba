#include "crypto/srp.hpp"

#include <doctest/doctest.h>

#include "crypto/hkdf.hpp"

using namespace aiot;
using namespace aiot::crypto;

namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

/// `count` bytes that count up from `first`.
Bytes counting(std::uint8_t first, std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}
Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) append(out, part);
  return out;
}

}  // namespace

// Espressif's esp_prov as the client, security2.c as the device.
TEST_CASE("SRP-6a as Espressif's devices use it") {
  const Bytes salt = counting(0x10, 16);
  const SrpClient client(SrpRules::esp, joined({hex("80"), counting(0x01, 31)}));
  const SrpServer server(SrpRules::esp, "wifiprov", salt,
                         srp_verifier("wifiprov", "abcd1234", salt), counting(0x60, 32));
  CHECK(client.public_key().size() == srp_bytes);
  const auto host = client.share("wifiprov", "abcd1234", salt, server.public_key());
  REQUIRE(host);
  CHECK(to_hex(host->key) ==
        "0269c499695a5c057923e8fa5da520abcea06715bec154e4bdfd109664d40ecd"
        "55f89609be25539ab4508027aabd3992ea9ae9df64f756c292cad0d05cd5c798");
  CHECK(to_hex(host->client_proof) ==
        "d01e79914ffbb74faa53980070d36ab89fc4561494f1922ad5b6315f96ab2580"
        "1bcddb8b1d228e54cde01b5469f03b7847e4f927814fdb4c2df62642cc67a30b");
  CHECK(to_hex(host->server_proof) ==
        "c705dcc7b5a24df8875e2da4e325f90894327bcf60ea747dd3ee6fec92323094"
        "4f588a7b0ec3f4a2aae2eb746e7ef3a8fb14c9f9c0a1ad7b914eb66f7b78f40b");
  const auto device = server.share(client.public_key());
  REQUIRE(device);
  CHECK(device->key == host->key);
  CHECK(device->client_proof == host->client_proof);
  CHECK(device->server_proof == host->server_proof);

  const auto wrong = client.share("wifiprov", "abcd1235", salt, server.public_key());
  REQUIRE(wrong);
  CHECK_FALSE(is_same_proof(wrong->client_proof, device->client_proof));
  CHECK(is_same_proof(host->client_proof, device->client_proof));
}

// The same; the device's key and the shared secret begin with a zero, and lose it.
TEST_CASE("SRP-6a as Espressif's devices use it, with leading zeros") {
  const Bytes salt = counting(0x20, 16);
  const SrpClient client(SrpRules::esp, joined({hex("80"), counting(0x09, 29), hex("0164")}));
  const SrpServer server(SrpRules::esp, "testuser", salt,
                         srp_verifier("testuser", "pass word", salt),
                         joined({hex("01"), counting(0x01, 29), hex("00d3")}));
  CHECK(server.public_key().size() == 383);
  const auto host = client.share("testuser", "pass word", salt, server.public_key());
  REQUIRE(host);
  CHECK(to_hex(host->client_proof) ==
        "664526f17ff5fbe4bb8ab24da9c92462079c2ffdb59e4295049d559cde10ffb2"
        "a0d00913d299a637e4df0645735870f48e9da65ee26c440232600498db401578");
  const auto device = server.share(client.public_key());
  REQUIRE(device);
  CHECK(device->client_proof == host->client_proof);
}

// HomeKit's pair-setup; npm fast-srp-hap 2.0.4 agrees. The salt is zeros, and so is A's first byte.
TEST_CASE("SRP-6a as HomeKit uses it") {
  const Bytes salt(16, 0);
  const SrpClient client(SrpRules::homekit, hex("356995cb1ef4acd15a91cf2e635c9171"));
  const SrpServer server(SrpRules::homekit, "Pair-Setup", salt,
                         srp_verifier("Pair-Setup", "123-45-678", salt),
                         hex("dbc790e8e909a64aee3afae7d07b43e7"));
  CHECK(client.public_key().at(0) == 0);
  const auto host = client.share("Pair-Setup", "123-45-678", salt, server.public_key());
  REQUIRE(host);
  CHECK(to_hex(host->client_proof) ==
        "4117d0e93e82d1c82f3cdf8047dd383dc362562e87d979171bb4cde7121b9121"
        "fb1da9180ac833c797f7ac317a7866cb19f281146e44795e794e34936c4986aa");
  CHECK(to_hex(hkdf(Hash::sha512, host->key, as_bytes("Pair-Setup-Encrypt-Salt"),
                    as_bytes("Pair-Setup-Encrypt-Info"), 32)) ==
        "94beff4e5f8a456389a929c570045849847e69604f326c722b2a786716bbfa86");
  const auto device = server.share(client.public_key());
  REQUIRE(device);
  CHECK(device->client_proof == host->client_proof);
  CHECK(device->server_proof == host->server_proof);
}

TEST_CASE("a public key that no honest end sends") {
  const Bytes salt = counting(0x10, 16);
  const SrpClient client(SrpRules::esp, counting(0x80, 32));
  const SrpServer server(SrpRules::esp, "u", salt, srp_verifier("u", "p", salt),
                         counting(0x60, 32));
  // RFC 3526, section 4: 2^3072 - …, and so the number of all ones is above it.
  for (const Bytes& key : {Bytes(), Bytes(1, 0), Bytes(384, 0), Bytes(384, 0xFF), Bytes(385, 1)}) {
    CAPTURE(key.size());
    CHECK_FALSE(client.share("u", "p", salt, key));
    CHECK_FALSE(server.share(key));
  }
}

TEST_CASE("a verifier made of numbers differs only where zeros lead") {
  const Bytes zeros = joined({hex("00"), counting(1, 15)});
  CHECK(srp_verifier("u", "p", counting(1, 16), SrpVerifierForm::numbers) ==
        srp_verifier("u", "p", counting(1, 16)));
  CHECK(srp_verifier("u", "p", zeros, SrpVerifierForm::numbers) ==
        srp_verifier("u", "p", counting(1, 15)));
  const SrpClient client(SrpRules::esp, counting(0x80, 32));
  const SrpServer server(SrpRules::esp, "u", zeros,
                         srp_verifier("u", "p", zeros, SrpVerifierForm::numbers),
                         counting(0x60, 32));
  const auto device = server.share(client.public_key());
  REQUIRE(device);
  CHECK(client.share("u", "p", zeros, server.public_key())->client_proof != device->client_proof);
  CHECK(
      client.share("u", "p", zeros, server.public_key(), SrpVerifierForm::numbers)->client_proof ==
      device->client_proof);
}
