#include "image/mcuboot_sign.hpp"

#include <doctest/doctest.h>

#include <algorithm>

#include "crypto/digest.hpp"
#include "image/mcuboot.hpp"

using namespace aiot;
using namespace aiot::image;
using crypto::KeyType;

namespace {

// Expected images are what imgtool 2.4.0 writes on Debian 12, with the command beside each.

Bytes counted(std::uint8_t first, std::size_t count) {
  Bytes out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint8_t>(first + i);
  return out;
}

crypto::PrivateKey ed25519_key() {
  return *crypto::PrivateKey::from_raw(KeyType::ed25519, counted(0, 32));
}
crypto::PrivateKey p256_key() {
  return *crypto::PrivateKey::from_raw(KeyType::ecdsa_p256, counted(1, 32));
}

McubootSettings settings(std::string_view version) {
  McubootSettings out;
  out.version = *parse_mcuboot_version(version);
  out.pad_header = true;
  return out;
}

const std::string payload_hex =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f";

template <class T>
std::string code(const Result<T>& result) {
  return result ? "accepted" : result.error().stable_code();
}

}  // namespace

TEST_CASE("MCUboot: an Ed25519 image, as imgtool -v 1.2.3+4 -s 7 -d '(1, 2.3.4+5)'") {
  McubootSettings wanted = settings("1.2.3+4");
  wanted.security_counter = 7;
  wanted.dependencies = {{1, {2, 3, 4, 5}}};
  const crypto::PrivateKey key = ed25519_key();
  const Result<Bytes> image = sign_mcuboot(counted(0, 64), wanted, key);
  REQUIRE(image.has_value());
  CHECK(to_hex(*image) ==
        "3db8f3960000000020001c004000000000000000010203000400000000000000" + payload_hex +
            "08691c00500004000700000040000c000100000002030400050000000769900010002000490813"
            "6619ecd55f70e252f4e0d2d02a86c13ac5a9857c214e89a6222be9b24c01002000a050837d8507"
            "0582ccf7394b0988847cc312cb88259b894899f6f239cf1791a524004000adb8a34567cfdb366b"
            "5f752477ca963ab856d4a455fb316d522507e38d8d7efa03a4d5a2593db9562ea67531c6747691"
            "742dfca3bae6e58da0ed9756f7516b0e");
  const Result<McubootImage> parsed = parse_mcuboot(*image);
  REQUIRE(parsed.has_value());
  CHECK(is_signed_by(*image, *parsed, key.public_key()));
  CHECK_FALSE(is_signed_by(*image, *parsed, p256_key().public_key()));
}

TEST_CASE("MCUboot: a pure Ed25519 image, as imgtool --pure") {
  McubootSettings wanted = settings("1.2.3+4");
  wanted.pure = true;
  const crypto::PrivateKey key = ed25519_key();
  const Result<Bytes> image = sign_mcuboot(counted(0, 64), wanted, key);
  REQUIRE(image.has_value());
  CHECK(
      to_hex(*image) ==
      "3db8f39600000000200000004000000000000000010203000400000000000000" + payload_hex +
          "0769d50012004000627cd6b7d397a454a23dbd489d4d69f50ff9658b1f2a8c4a69e36d2f0ccbdc9c1db8c6bb"
          "986f65e63edceaa54a24cb3c68da0f7cfd8627a501923ba5d7f0db8f250001000101004000ef1791e20bdd75"
          "4315724f86bd2c5197178c113cb38926f230593037431232dfad9cdb950c9a59fe65ee12a1a462b06ec4d59c"
          "9b40e6f508e169f5857a348dea240040005ea056b4194e928cebce7b36814ebc03daddb7a6fa2a0c3c72d223"
          "06af2ebb89b32b8a20de6358ac591e8ff846c85e566bc61d1251a6c779ca9bbbbabc7a680e");
  const Result<McubootImage> parsed = parse_mcuboot(*image);
  REQUIRE(parsed.has_value());
  CHECK(parsed->hash.size() == 64);
  CHECK(is_signed_by(*image, *parsed, key.public_key()));
  CHECK(code(sign_mcuboot(counted(0, 64), wanted, p256_key())) == "image.unsupported");
}

TEST_CASE("MCUboot: an ECDSA image; imgtool's own is verified") {
  // imgtool sign -k ec.pem -H 32 --pad-header -v 1.2.3+4 -s auto -d "(1, 2.3.4+5)"; ECDSA
  // signatures differ from run to run, all before them does not.
  const std::string head = "3db8f3960000000020001c004000000000000000010203000400000000000000" +
                           payload_hex + "08691c00500004000300020140000c00010000000203040005000000";
  const std::string tlvs =
      "10002000227c767849a872bc8fe1c9a3c1ab8ad8f259c561fd24a2bd539500efec9556c801002000"
      "f1d59449b727165de732bf283338122b99628a615918fedc67d878fffcf47da72200";
  const std::string signature =
      "3045022100dc1a1448dcd0c41589ddac7b7aa4088797af10d8639bab66ce84e1c5221f7a850220341366e0ee37"
      "cf5b81638c1d105f742f4f2795c3f10f8b44a2b1304171f0cde2";
  const Bytes theirs = *from_hex(head + "07699700" + tlvs + "4700" + signature);
  const crypto::PrivateKey key = p256_key();
  CHECK(is_signed_by(theirs, *parse_mcuboot(theirs), key.public_key()));
  // --pad-sig fills the signature with a zero.
  const Bytes padded = *from_hex(head + "07699800" + tlvs + "4800" + signature + "00");
  CHECK(is_signed_by(padded, *parse_mcuboot(padded), key.public_key()));

  McubootSettings wanted = settings("1.2.3+4");
  wanted.security_counter = security_counter_of(wanted.version);
  wanted.dependencies = {{1, {2, 3, 4, 5}}};
  const Result<Bytes> image = sign_mcuboot(counted(0, 64), wanted, key);
  REQUIRE(image.has_value());
  const std::string ours = to_hex(*image);
  CHECK(ours.starts_with(head + "0769"));
  CHECK(ours.substr(head.size() + 8, tlvs.size()) == tlvs);
  CHECK(is_signed_by(*image, *parse_mcuboot(*image), key.public_key()));
}

TEST_CASE("MCUboot: a byte that changed ends the signature") {
  const crypto::PrivateKey key = ed25519_key();
  Bytes image = *sign_mcuboot(counted(0, 64), settings("1.0.0"), key);
  const std::size_t signature_at = image.size() - 1;
  for (const std::size_t at : {std::size_t{20}, std::size_t{40}, signature_at}) {
    image[at] ^= 1;
    CHECK_FALSE(is_signed_by(image, *parse_mcuboot(image), key.public_key()));
    image[at] ^= 1;
  }
  // A changed payload with a hash that fits: the signature is what finds it.
  image[40] ^= 1;
  const McubootImage parsed = *parse_mcuboot(image);
  const crypto::Sha256 renewed =
      crypto::sha256(ByteSpan(image).first(static_cast<std::size_t>(parsed.hashed_bytes)));
  std::ranges::copy(renewed, image.begin() + 32 + 64 + 4 + 4);
  CHECK(parse_mcuboot(image)->hash_valid);
  CHECK_FALSE(is_signed_by(image, *parse_mcuboot(image), key.public_key()));
}

TEST_CASE("MCUboot: room for the header, of any size") {
  // imgtool sign -k ed.pem -H 64 --pad-header -v 1.2.3
  McubootSettings wanted = settings("1.2.3");
  wanted.header_bytes = 64;
  const Result<Bytes> image = sign_mcuboot(counted(0, 64), wanted, ed25519_key());
  REQUIRE(image.has_value());
  CHECK(
      to_hex(*image) ==
      "3db8f39600000000400000004000000000000000010203000000000000000000"
      "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" +
          payload_hex +
          "0769900010002000cf15f5464407bf681a72cbc1640d5dac4f02cb691291ed488eac8547b943166c01002000"
          "a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a52400400061251803c28019f1"
          "cc0be36594f869e4dd0f577f151db7f4f94bbe810fe8097441b8fd5ce8769fea282fce2a27c12f2c3969086a"
          "e7fe246157eef03115bca600");
  // Without it, zeros in front of the payload are the room.
  wanted.pad_header = false;
  CHECK(code(sign_mcuboot(counted(0, 64), wanted, ed25519_key())) == "image.header");
  Bytes with_room(64, 0);
  append(with_room, counted(0, 64));
  const Result<Bytes> inside = sign_mcuboot(with_room, wanted, ed25519_key());
  REQUIRE(inside.has_value());
  CHECK(parse_mcuboot(*inside)->payload_bytes == 64);
  CHECK(code(sign_mcuboot(Bytes(64, 0), wanted, ed25519_key())) == "image.empty");
  wanted.header_bytes = 30;
  CHECK(code(sign_mcuboot(with_room, wanted, ed25519_key())) == "image.header");
}

TEST_CASE("MCUboot: a slot, as imgtool -S 4096 --align 1 -M 8 --pad --confirm") {
  McubootSettings wanted = settings("1.2.3+4");
  wanted.security_counter = security_counter_of(wanted.version);
  wanted.slot = McubootSlot{4096, 1, 8, true, true};
  const Result<Bytes> image = sign_mcuboot(counted(0, 64), wanted, ed25519_key());
  REQUIRE(image.has_value());
  REQUIRE(image->size() == 4096);
  CHECK(to_hex(ByteSpan(*image).subspan(0xb8, 68)) ==
        "24004000de9505241c29d346636777dc3489b6f0cb3487e95f89940d9e9c77f56890bdbf03e72082af00925f"
        "f2a8330ec2a0f5e900a9adc6941d67a1004e4204e6a4a005");
  CHECK(to_hex(ByteSpan(*image).subspan(0xfe0)) ==
        "ffffffffffffffff01ffffffffffffff77c295f360d2ef7f3552500f2cb67980");
  const auto is_erased = [](std::uint8_t byte) { return byte == 0xFF; };
  CHECK(std::ranges::all_of(ByteSpan(*image).subspan(0xfc, 0xfe8 - 0xfc), is_erased));

  wanted.slot->confirm = false;  // only a test boot
  CHECK((*sign_mcuboot(counted(0, 64), wanted, ed25519_key()))[0xfe8] == 0xFF);
  wanted.slot->pad = false;
  CHECK(sign_mcuboot(counted(0, 64), wanted, ed25519_key())->size() == 0xfc);
  wanted.slot->bytes = 300;  // the trailer has 72
  CHECK(code(sign_mcuboot(counted(0, 64), wanted, ed25519_key())) == "image.size");
  wanted.slot->align = 3;
  CHECK(code(sign_mcuboot(counted(0, 64), wanted, ed25519_key())) == "image.header");
}

TEST_CASE("MCUboot: versions") {
  const Result<McubootVersion> full = parse_mcuboot_version("255.254.65535+4294967295");
  REQUIRE(full.has_value());
  CHECK(full->major == 255);
  CHECK(full->minor == 254);
  CHECK(full->revision == 65535);
  CHECK(full->build == 4294967295);
  CHECK(parse_mcuboot_version("1")->major == 1);
  CHECK(parse_mcuboot_version("1.2")->minor == 2);
  CHECK(parse_mcuboot_version("1.2+7")->build == 7);
  for (const char* bad : {"", "256", "1.256", "1.2.65536", "1.2.3.4", "v1", "1.2.3-rc1", "1..2",
                          "1.2.3+", "1.2.3+4294967296", " 1", "-1"}) {
    CAPTURE(bad);
    CHECK(code(parse_mcuboot_version(bad)) == "image.version");
  }
  CHECK(security_counter_of({1, 2, 3, 4}) == 0x01020003);
}
