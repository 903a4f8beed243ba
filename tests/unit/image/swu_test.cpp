#include "image/swu.hpp"

#include <algorithm>
#include <chrono>

#include "crypto/cms.hpp"
#include "image/libconfig.hpp"
#include "unit/image/bundle_files.hpp"

using namespace aiot;
using namespace aiot::image;

namespace {

constexpr std::chrono::sys_seconds now{std::chrono::seconds{1800000000}};  // 2027-01-15

template <class T>
std::string code(const Result<T>& result) {
  return result ? "accepted" : result.error().stable_code();
}

/// `from` in the file becomes `to`, of the same length.
Bytes with(const Bytes& file, std::string_view from, std::string_view to) {
  std::string text = to_string(file);
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  REQUIRE(from.size() == to.size());
  text.replace(at, from.size(), to);
  return Bytes(text.begin(), text.end());
}

}  // namespace

TEST_CASE("swu: what cpio and openssl made") {
  const Bytes file = ota_vector("signed.swu");
  CHECK(is_swu(file));
  const Result<SwuArchive> archive = parse_swu(file);
  REQUIRE(archive.has_value());
  REQUIRE(archive->files.size() == 3);
  CHECK(archive->files[2].name == "app.bin");
  CHECK(to_string(contents(file, archive->files[2])) == "hello world payload\n");
  CHECK(archive->version == "1.0.1");
  CHECK(archive->hardware == std::vector<std::string>{"1.0", "1.1"});
  REQUIRE(archive->artifacts.size() == 1);
  CHECK(archive->artifacts[0].file == "app.bin");
  CHECK(archive->artifacts[0].type == "rawfile");
  CHECK(archive->problems.empty());
}

TEST_CASE("swu: hardware by entry, board, revision, or a name that ends with a revision") {
  SwuArchive archive;
  CHECK(is_for(archive, "anything"));
  archive.hardware = {"1.0", "lamp:2.1"};
  archive.boards = {"kettle"};
  for (const char* good : {"1.0", "lamp:2.1", "lamp", "2.1", "lamp-2.1", "rev_1.0", "kettle"}) {
    CAPTURE(good);
    CHECK(is_for(archive, good));
  }
  for (const char* bad : {"", "1.1", "11.0", "lam", "2", "kettle2", "rev1.0", "lamp-2.2"}) {
    CAPTURE(bad);
    CHECK_FALSE(is_for(archive, bad));
  }
  archive.hardware = {"#RE:^rev-[0-9]$"};
  CHECK(is_for(archive, "rev-7"));
  const auto boards = parse_swu(ota_vector("signed.swu"));
  REQUIRE(boards.has_value());
  CHECK(boards->boards.empty());
  CHECK(is_for(*boards, "1.1"));
  CHECK_FALSE(is_for(*boards, "1.2"));
}

TEST_CASE("swu: the signature of its description") {
  const Bytes file = ota_vector("signed.swu");
  const SwuArchive archive = *parse_swu(file);
  const ByteSpan description = contents(file, archive.files[0]);
  const ByteSpan signature = contents(file, *archive.find(swu_signature));
  const std::string trusted = to_string(ota_vector("signer.pem"));
  const std::string other = to_string(ota_vector("other.pem"));

  const Result<crypto::CmsMessage> message = crypto::read_cms(signature);
  REQUIRE(message.has_value());
  CHECK_FALSE(message->content.has_value());
  REQUIRE(message->signers.size() == 1);
  CHECK(message->signers[0].subject == "CN=s");

  CHECK(code(crypto::verify_cms(signature, description, trusted, now)) == "accepted");
  CHECK(code(crypto::verify_cms(signature, description, other + trusted, now)) == "accepted");
  CHECK(code(crypto::verify_cms(signature, description, other, now)) == "cms.signer");
  CHECK(code(crypto::verify_cms(signature, description, "", now)) == "cms.certificate");
  CHECK(code(crypto::verify_cms(signature, std::nullopt, trusted, now)) == "cms.signature");
  const std::chrono::sys_seconds late = now + std::chrono::hours{24 * 365 * 30};
  CHECK(code(crypto::verify_cms(signature, description, trusted, late)) == "cms.signer");
  Bytes changed(description.begin(), description.end());
  changed.back() ^= 1;
  CHECK(code(crypto::verify_cms(signature, changed, trusted, now)) == "cms.signature");
  Bytes damaged(signature.begin(), signature.end());
  damaged.back() ^= 1;
  CHECK(code(crypto::verify_cms(damaged, description, trusted, now)) == "cms.signature");
  CHECK(code(crypto::verify_cms(signature.first(60), description, trusted, now)) == "cms.format");
}

TEST_CASE("swu: a changed file, a changed hash, a file that is missing") {
  const Bytes file = ota_vector("signed.swu");
  const auto problems = [](const Bytes& changed) {
    std::vector<Errc> out;
    const SwuArchive archive = *parse_swu(changed);
    for (const Problem& problem : archive.problems) out.push_back(problem.code);
    return out;
  };
  CHECK(problems(with(file, "hello world", "hellO world")) ==
        std::vector{Errc::bad_checksum, Errc::bad_hash});
  // The sum of bytes is blind to their order; the SHA-256 is not.
  CHECK(problems(with(file, "hello world", "ehllo world")) == std::vector{Errc::bad_hash});
  CHECK(problems(with(file, "\"app.bin\"", "\"bpp.ain\"")) == std::vector{Errc::truncated});
  CHECK(code(parse_swu(with(file, "sw-description", "xw-description"))) == "image.bundle");
  CHECK_FALSE(is_swu(with(file, "sw-description", "xw-description")));
}

TEST_CASE("swu: lengths that lie, and ends that come early") {
  const Bytes file = ota_vector("signed.swu");
  const std::string text = to_string(file);
  const std::size_t last = (text.find("TRAILER!!!") + 11 + 3) / 4 * 4;
  for (std::size_t size = 0; size < last; ++size) {
    CHECK(code(parse_swu(ByteSpan(file).first(size))) != "accepted");
  }
  CHECK(code(parse_swu(ByteSpan(file).first(last))) == "accepted");
  Bytes lies = file;
  std::fill_n(lies.begin() + 54, 8, 'F');  // the size of the first file
  CHECK(code(parse_swu(lies)) == "image.truncated");
  lies = file;
  std::fill_n(lies.begin() + 94, 8, 'F');  // the size of its name
  CHECK(code(parse_swu(lies)) == "image.bundle");
  lies = file;
  std::fill_n(lies.begin() + 94, 8, '0');
  CHECK(code(parse_swu(lies)) == "image.bundle");
}

TEST_CASE("libconfig: the syntax of its manual") {
  const Result<Object> read = parse_libconfig(R"(
    # three kinds of
    // comments /*
    /* and = settings; */
    a = 1; b : 0x1F, c = 2.5
    long = 12L; yes = TRUE; no = false;
    text = "one " "two\n" /* joined */ "\x41\"\\";
    list = ( { n = 1; }, (2, "x"), [] );
    array : [ 1, 2, ];
    group = { inner : { deep = "er" } };
  )");
  REQUIRE(read.has_value());
  CHECK(*read->find("a") == Value(std::int64_t{1}));
  CHECK(*read->find("b") == Value(std::int64_t{31}));
  CHECK(*read->find("c") == Value(2.5));
  CHECK(*read->find("long") == Value(std::int64_t{12}));
  CHECK(*read->find("yes") == Value(true));
  CHECK(*read->find("text")->string() == "one two\nA\"\\");
  CHECK(read->find("list")->array()->size() == 3);
  CHECK(read->find("array")->array()->size() == 2);
  CHECK(*read->find("group")->object()->find("inner")->object()->find("deep")->string() == "er");

  for (const char* bad :
       {"a", "a =", "a = {", "a = \"x", "= 1", "a = (1", "a = (1 2)", "1 = 2", "/* ", "a = \"\\q\"",
        "a = 1x", "@include \"x\"", "a = 1; }", "a = \"\\x4"}) {
    CAPTURE(bad);
    CHECK(code(parse_libconfig(bad)) == "image.bundle");
  }
  std::string deep = "a = ";
  for (int i = 0; i < 100000; ++i) deep += "(";
  CHECK(code(parse_libconfig(deep)) == "image.bundle");
}
