#include "image/mcuboot.hpp"

#include <doctest/doctest.h>

using namespace aiot;
using namespace aiot::image;

namespace {

/// Made by imgtool 2.4.0: payload 00 to 3f, `-v 1.2.3+4 -s 7 -d "(1, 2.3.4+5)"`, Ed25519 key of
/// seed 00 to 1f.
Bytes imgtool_image() {
  Bytes image = *from_hex("3db8f3960000000020001c004000000000000000010203000400000000000000");
  for (unsigned i = 0; i < 0x40; ++i) image.push_back(static_cast<std::uint8_t>(i));
  append(image,
         *from_hex("08691c00500004000700000040000c000100000002030400050000000769900010002000490813"
                   "6619ecd55f70e252f4e0d2d02a86c13ac5a9857c214e89a6222be9b24c01002000a050837d8507"
                   "0582ccf7394b0988847cc312cb88259b894899f6f239cf1791a524004000adb8a34567cfdb366b"
                   "5f752477ca963ab856d4a455fb316d522507e38d8d7efa03a4d5a2593db9562ea67531c6747691"
                   "742dfca3bae6e58da0ed9756f7516b0e"));
  return image;
}

std::string code(ByteSpan file) {
  const Result<McubootImage> image = parse_mcuboot(file);
  return image ? "accepted" : image.error().stable_code();
}

}  // namespace

TEST_CASE("MCUboot: an image that imgtool signed") {
  const Bytes file = imgtool_image();
  const Result<McubootImage> image = parse_mcuboot(file);
  REQUIRE(image.has_value());
  CHECK(image->version == "1.2.3+4");
  CHECK(image->header_bytes == 32);
  CHECK(image->payload_bytes == 64);
  CHECK(image->security_counter == 7);
  CHECK(image->total_bytes == file.size());
  CHECK(image->hashed_bytes == 32 + 64 + 28);
  CHECK(to_hex(image->hash) == "4908136619ecd55f70e252f4e0d2d02a86c13ac5a9857c214e89a6222be9b24c");
  CHECK(image->hash_valid);
  REQUIRE(image->tlvs.size() == 5);
  CHECK(image->tlvs[0].is_protected);
  CHECK(image->find(McubootTlvType::ed25519)->value.size() == 64);
  CHECK(image->find(McubootTlvType::ecdsa) == nullptr);
}

TEST_CASE("MCUboot: what follows the image is not its own; a changed byte is found") {
  Bytes file = imgtool_image();
  const std::size_t size = file.size();
  file.resize(size + 100, 0xFF);
  CHECK(parse_mcuboot(file)->total_bytes == size);
  file[40] ^= 1;
  CHECK(!parse_mcuboot(file)->hash_valid);
}

TEST_CASE("MCUboot: damage is refused at every length, and lengths that lie") {
  const Bytes file = imgtool_image();
  for (std::size_t size = 0; size < file.size(); ++size) {
    CAPTURE(size);
    CHECK(code(ByteSpan(file).first(size)) != "accepted");
  }
  const auto with = [&](std::size_t at, std::uint8_t byte) {
    Bytes changed = file;
    changed[at] = byte;
    return code(changed);
  };
  CHECK(with(0, 0) == "image.format");
  CHECK(with(8, 16) == "image.header");
  CHECK(with(10, 20) == "image.header");
  CHECK(with(14, 0xFF) == "image.truncated");
  CHECK(with(32 + 64 + 6, 0x40) == "image.header");
}
