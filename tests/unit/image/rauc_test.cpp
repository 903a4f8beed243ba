#include "image/rauc.hpp"

#include <chrono>

#include "crypto/cms.hpp"
#include "unit/image/bundle_files.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds{1800000000}};  // 2027-01-15

template <class T>
std::string code(const Result<T>& result) {
  return result ? "accepted" : result.error().stable_code();
}

}  // namespace

TEST_CASE("rauc: a bundle of the format verity") {
  // Expected is what `rauc info` says of it.
  Bytes file = ota_vector("verity.raucb");
  REQUIRE(is_rauc(file));
  const Result<RaucBundle> bundle = parse_rauc(file);
  REQUIRE(bundle.has_value());
  CHECK(bundle->format == RaucFormat::verity);
  CHECK(bundle->compatible == "board");
  CHECK(bundle->version == "1.2.3");
  REQUIRE(bundle->images.size() == 1);
  CHECK(bundle->images[0].slot == "rootfs");
  CHECK(bundle->images[0].file == "rootfs.img");
  CHECK(bundle->images[0].size_bytes == 9600);
  CHECK(bundle->images[0].sha256 ==
        "8f2cba09ea3f970d29a3347b3ed9d89f07cbba00ced6e849b6dd4cd322405291");
  CHECK(to_hex(bundle->verity_hash) ==
        "28b57105e476aafce7dd5164d6ad94085f327bbcbff77a8bf49b3848582cb21e");
  CHECK(bundle->verity_bytes == 4096);
  CHECK(bundle->payload_bytes == 16384);
  CHECK(bundle->signature_bytes == 1081);
  const std::string trusted = to_string(ota_vector("signer.pem"));
  CHECK(code(crypto::verify_cms(bundle->signature(file), std::nullopt, trusted, now)) ==
        "accepted");
  CHECK(is_tree_valid(file, *bundle));
  // Of the data, its last block, the tree: each byte counts, where `rauc info` looks at none.
  for (const std::size_t at : {200U, 12287U, 12288U, 16383U}) {
    file[at] ^= 1;
    CHECK_FALSE(is_tree_valid(file, *bundle));
    file[at] ^= 1;
  }
}

TEST_CASE("rauc: a bundle of the format plain") {
  Bytes file = ota_vector("plain.raucb");
  const Result<RaucBundle> bundle = parse_rauc(file);
  REQUIRE(bundle.has_value());
  CHECK(bundle->format == RaucFormat::plain);
  CHECK(bundle->payload_bytes == 12288);
  const std::string trusted = to_string(ota_vector("signer.pem"));
  const std::string other = to_string(ota_vector("other.pem"));
  const auto verify = [&](const std::string& pem) {
    return code(crypto::verify_cms(bundle->signature(file), bundle->payload(file), pem, now));
  };
  CHECK(verify(trusted) == "accepted");
  CHECK(verify(other) == "cms.signer");
  file[300] ^= 1;
  CHECK(verify(trusted) == "cms.signature");
  CHECK_FALSE(is_tree_valid(file, *bundle));
}

TEST_CASE("rauc: lengths that lie") {
  const Bytes file = ota_vector("verity.raucb");
  CHECK_FALSE(is_rauc({}));
  CHECK_FALSE(is_rauc(ByteSpan(file).first(100)));
  CHECK_FALSE(is_rauc(ByteSpan(file).first(file.size() - 8)));
  for (const std::uint64_t length : {std::uint64_t{0}, std::uint64_t{20000}, ~std::uint64_t{0}}) {
    Bytes lies = file;
    for (unsigned i = 0; i < 8; ++i) {
      lies[lies.size() - 1 - i] = static_cast<std::uint8_t>(length >> (8 * i));
    }
    CHECK(code(parse_rauc(lies)) == "image.format");
  }
  Bytes shorter = file;
  shorter.erase(shorter.begin() + 4096, shorter.begin() + 4097);
  CHECK(code(parse_rauc(shorter)) == "image.bundle");  // no whole blocks any more
}
