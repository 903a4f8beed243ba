// A hostile device: frames as they are, and attributes that are sealed with the right keys, in each
// place where the host reads some.
#include <array>
#include <cstdlib>

#include "protocol/dpp/configuration.hpp"

using namespace aiot;
using namespace aiot::dpp;

namespace {

OwnKey key(const char* secret) { return own_key(crypto::EcCurve::p256, *from_hex(secret)); }

/// The host of the transcript of tests/unit/protocol/dpp/transcript.hpp.
Initiator make_host() {
  return {key("54ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0").bootstrap,
          key("cd4b209bd69aec26f8da313c82d618b4133df6f1e80e7b03776f2b4ee30d4b2c"),
          {*from_hex("2b8de25af966be674652ea72ffa13772bcf376c44528e5851e6d419e1f1b158e"),
           *from_hex("8fdd46f72ec737e41d733da25163664c")},
          Role::configurator};
}

/// After the authentication; nonces and key are as good as any.
Session make_session() {
  Session session;
  session.initiator_nonce = Bytes(16, 1);
  session.responder_nonce = Bytes(16, 2);
  session.ke = Bytes(32, 3);
  session.peer_version = 2;
  return session;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Initiator made = make_host();
  static const Session session = make_session();
  const ByteSpan bytes(data, std::min<std::size_t>(size, 60000));

  Initiator host = made;
  if (const auto frame = parse_frame(bytes)) {
    if (frame->kind != FrameKind::other && !parse_frame(ByteSpan(write_frame(*frame)).subspan(4)))
      std::abort();
    host.on_response(*frame).has_value();
  }
  host.on_response({FrameKind::authentication_response, 0, 0, Bytes(bytes.begin(), bytes.end())})
      .has_value();
  if (bytes.empty()) return 0;

  // A device that reports that it is not compatible, and then whatever it likes.
  Bytes status;
  append_attribute(status, Id::status, static_cast<std::uint8_t>(data[0]));
  append_attribute(
      status, Id::r_bootstrap_hash,
      key("54ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0").bootstrap.hash());
  host.on_response(
          sealed_frame(FrameKind::authentication_response, made.session().k1, status, bytes))
      .has_value();

  Configurator configurator(session);
  Frame request;
  request.kind = FrameKind::configuration_request;
  append_attribute(request.attributes, Id::wrapped_data, seal(session.ke, {}, bytes));
  if (const auto info = configurator.on_request(request)) {
    const Enrollee enrollee(session, Bytes(16, 4));
    enrollee.on_response(configurator.refusal()).has_value();
  }
  for (const FrameKind kind : {FrameKind::configuration_result, FrameKind::connection_status}) {
    const Frame frame = sealed_frame(kind, session.ke, {}, bytes);
    configurator.on_result(frame).has_value();
    configurator.on_connection(frame).has_value();
  }

  const Enrollee enrollee(session, Bytes(16, 4));
  Frame response;
  response.kind = FrameKind::configuration_response;
  append_attribute(response.attributes, Id::status, std::uint8_t{0});
  const std::array<ByteSpan, 1> associated = {response.attributes};
  const Bytes wrapped = seal(session.ke, associated, bytes);
  append_attribute(response.attributes, Id::wrapped_data, wrapped);
  enrollee.on_response(response).has_value();
  return 0;
}
