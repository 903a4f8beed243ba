#include "protocol/dpp/frame.hpp"

#include <doctest/doctest.h>

#include "protocol/dpp/attributes.hpp"
#include "provisioning/error.hpp"
#include "transcript.hpp"

using namespace aiot;
using namespace aiot::dpp;
using provisioning::Errc;

namespace {

Bytes unhex(std::string_view text) { return *from_hex(text); }

}  // namespace

TEST_CASE("frames of wpa_supplicant are read and written") {
  const std::pair<std::string_view, FrameKind> frames[] = {
      {one_sided.request, FrameKind::authentication_request},
      {one_sided.response, FrameKind::authentication_response},
      {one_sided.confirm, FrameKind::authentication_confirm},
      {one_sided.configuration_response, FrameKind::configuration_response},
      {one_sided.result, FrameKind::configuration_result},
  };
  for (const auto& [text, kind] : frames) {
    const Bytes bytes = unhex(text);
    const auto frame = parse_frame(bytes);
    REQUIRE(frame.has_value());
    CHECK(frame->kind == kind);
    Bytes expected{0, 0, static_cast<std::uint8_t>(bytes.size() >> 8U),
                   static_cast<std::uint8_t>(bytes.size())};
    append(expected, bytes);
    CHECK(to_hex(write_frame(*frame)) == to_hex(expected));
  }
  const auto request = parse_frame(unhex(one_sided.configuration_request));
  REQUIRE(request.has_value());
  CHECK(request->kind == FrameKind::configuration_request);
  CHECK(request->token == 0);
}

TEST_CASE("a stream is cut into frames, wherever it is cut itself") {
  const auto first = parse_frame(unhex(one_sided.request));
  const auto second = parse_frame(unhex(one_sided.configuration_request));
  REQUIRE((first && second));
  Bytes stream = write_frame(*first);
  append(stream, write_frame(*second));
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    FrameReader reader;
    std::vector<FrameKind> kinds;
    for (const ByteSpan part : {ByteSpan(stream).first(cut), ByteSpan(stream).subspan(cut)}) {
      reader.feed(part);
      for (;;) {
        const auto frame = reader.take();
        REQUIRE(frame.has_value());
        if (!*frame) break;
        kinds.push_back((*frame)->kind);
      }
    }
    CHECK(kinds ==
          std::vector{FrameKind::authentication_request, FrameKind::configuration_request});
    CHECK(reader.wanted() == 4);
  }
}

TEST_CASE("what is no frame") {
  const auto error_of = [](std::string_view text) {
    const auto frame = parse_frame(unhex(text));
    return frame ? boost::system::error_code() : frame.error().code;
  };
  CHECK(error_of("") == Errc::protocol_violated);
  CHECK(error_of("09506f9a1a01") == Errc::protocol_violated);
  CHECK(error_of("09506f9a090100") == Errc::protocol_violated);    // P2P
  CHECK(error_of("09506f9a1a0200") == Errc::unsupported_version);  // another crypto suite
  CHECK(error_of("0a006c087fdd05506f9a1a01") == Errc::protocol_violated);
  CHECK(error_of("0a006c087fdd05506f9a1a010100") == Errc::protocol_violated);
  CHECK(error_of("0a006c087fdd05506f9a0a010000") == Errc::protocol_violated);
  CHECK(error_of("0b000100006c087fdd05506f9a1a010000") == Errc::protocol_violated);
  CHECK(parse_frame(unhex("0c00"))->kind == FrameKind::other);
  CHECK(parse_frame(unhex("09506f9a1a0105"))->kind == FrameKind::other);

  FrameReader reader;
  reader.feed(unhex("00010000"));  // 65536
  CHECK(reader.take().error().code == Errc::protocol_violated);
}

TEST_CASE("attributes") {
  const Bytes bytes = unhex("001001000003100100aa0310 0200bbbb 04100100cc");
  const auto attributes = Attributes::parse(bytes);
  REQUIRE(attributes.has_value());
  CHECK(to_hex(*attributes->find(Id::status)) == "00");
  CHECK(to_hex(*attributes->find(Id::i_protocol_key)) == "aa");  // the first of two
  CHECK(!attributes->find(Id::r_nonce));
  CHECK(attributes->require(Id::status, 1).has_value());
  CHECK(attributes->require(Id::status, 2).error().code == Errc::protocol_violated);
  CHECK(attributes->require(Id::r_nonce).error().code == Errc::protocol_violated);
  CHECK(attributes->before_wrapped().size() == bytes.size() - 5);

  CHECK(Attributes::parse({}).has_value());
  for (const std::size_t length : {1, 2, 3, 4})
    CHECK(!Attributes::parse(ByteSpan(bytes).first(length)));
  CHECK(!Attributes::parse(unhex("04100100cc0010010000")));  // a status that nothing protects
  CHECK(describe(Status::no_access_point) == "status 10 (no access point found)");
  CHECK(describe(static_cast<Status>(200)) == "status 200");
}
