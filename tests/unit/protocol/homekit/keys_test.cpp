#include "protocol/homekit/keys.hpp"

#include "crypto/srp.hpp"
#include "provisioning/error.hpp"
#include "show.hpp"

using namespace aiot;
using namespace aiot::homekit;

// npm fast-srp-hap 2.0.4: a salt of zeros, and an A that starts with one.
TEST_CASE("SRP as HomeKit has it, and the key that seals its messages") {
  const crypto::SrpClient client(crypto::SrpRules::homekit,
                                 hex("356995cb1ef4acd15a91cf2e635c9171"));
  CHECK(client.public_key().front() == 0);
  const Bytes salt(16, 0);
  const crypto::SrpServer server(crypto::SrpRules::homekit, "Pair-Setup", salt,
                                 crypto::srp_verifier("Pair-Setup", "123-45-678", salt),
                                 hex("dbc790e8e909a64aee3afae7d07b43e7"));
  const auto shared = client.share("Pair-Setup", "123-45-678", salt, server.public_key());
  REQUIRE(shared);
  CHECK(to_hex(shared->client_proof) ==
        "4117d0e93e82d1c82f3cdf8047dd383dc362562e87d979171bb4cde7121b9121"
        "fb1da9180ac833c797f7ac317a7866cb19f281146e44795e794e34936c4986aa");
  CHECK(to_hex(shared->key) == vectors::setup_key);
  CHECK(to_hex(derive(shared->key, "Pair-Setup-Encrypt")) ==
        "94beff4e5f8a456389a929c570045849847e69604f326c722b2a786716bbfa86");
  CHECK(server.share(client.public_key())->client_proof == shared->client_proof);
  CHECK(server.share(client.public_key())->server_proof == shared->server_proof);
}

TEST_CASE("a message inside of another opens with its key and its name alone") {
  const Bytes key = hex(vectors::encrypt_key);
  const Result<Tlv> fifth = Tlv::decode(hex(vectors::m5));
  REQUIRE(fifth);
  const Result<Tlv> inner = open(key, "PS-Msg05", fifth->find(Tag::encrypted));
  REQUIRE(inner);
  CHECK(to_string(inner->find(Tag::identifier)) == vectors::controller_id);
  CHECK(seal(key, "PS-Msg05", *inner) ==
        Bytes(fifth->find(Tag::encrypted).begin(), fifth->find(Tag::encrypted).end()));
  CHECK(!open(key, "PS-Msg06", fifth->find(Tag::encrypted)));
  CHECK(!open(Bytes(32, 0), "PS-Msg05", fifth->find(Tag::encrypted)));
  CHECK(!open(key, "PS-Msg05", {}));
}

TEST_CASE("a code is written in one way") {
  CHECK(normal_code("03145154") == "031-45-154");
  CHECK(normal_code("031-45-154") == "031-45-154");
  for (const auto* bad : {"", "0314515", "031451544", "031 45 154", "0314-5154", "031-45-15a",
                          "0314515-4-", "031--5-154"})
    CHECK_MESSAGE(!normal_code(bad), bad);
}

TEST_CASE("codes that everybody guesses first are not allowed") {
  CHECK(is_allowed_code("031-45-154"));
  CHECK(!is_allowed_code("123-45-678"));
  CHECK(!is_allowed_code("876-54-321"));
  CHECK(!is_allowed_code("000-00-000"));
  CHECK(!is_allowed_code("999-99-999"));
}

// Category 5 over IP, as npm hap-nodejs 1.2.0 writes it.
TEST_CASE("the code on a label") {
  CHECK(setup_uri("031-45-154", 5, "1QJ8") == "X-HM://00522H1VM1QJ8");
}

// The first 4 bytes of SHA-512("1QJ81A:2B:3C:4D:5E:6F"), by Node 20.
TEST_CASE("the hash by which an accessory is found that a label names") {
  CHECK(setup_hash("1QJ8", "1A:2B:3C:4D:5E:6F") == "sDectQ==");
}
