// A virtual HomeKit accessory. The first byte says what the rest is: bytes of a connection; bodies
// of pairing messages; what is sealed in the third message of pair-verify; requests in a session.
#include <algorithm>
#include <cstdlib>

#include "protocol/homekit/accessory.hpp"
#include "provisioning/error.hpp"

using namespace aiot;
using namespace aiot::homekit;

namespace {

constexpr net::TimePoint now{std::chrono::hours(1)};
const Identity controller{"controller", Bytes(32, 3)};

/// As many bytes as asked for, always the same.
Bytes no_chance(std::size_t count) { return Bytes(count, 7); }

AccessoryOptions options() {
  AccessoryOptions out;
  out.random = no_chance;
  return out;
}

Bytes in_http(const std::string& path, ByteSpan body) {
  net::HttpMessage request = net::http_request("POST", path);
  request.body.assign(body.begin(), body.end());
  return net::write_http(request);
}

/// The message that answers; none when there is no whole one.
Tlv answer_of(ByteSpan bytes) {
  net::HttpParser parser(net::HttpParser::Kind::response, 64 * 1024);
  const Result<std::size_t> taken = parser.feed(bytes);
  if (!taken || !parser.done()) return {};
  const Result<Tlv> message = Tlv::decode(parser.take().body);
  return message ? *message : Tlv();
}

Tlv ask(AccessoryConnection& connection, const std::string& path, const Tlv& message) {
  connection.on_bytes(now, in_http(path, message.encode()));
  return answer_of(connection.take_output(now));
}

void pair(Accessory& accessory) {
  AccessoryConnection connection(accessory);
  const crypto::SrpClient srp(crypto::SrpRules::homekit, Bytes(32, 9));
  const Tlv second = ask(connection, "/pair-setup", Tlv().add(Tag::state, 1));
  const auto shared = srp.share("Pair-Setup", accessory.options().code, second.find(Tag::salt),
                                second.find(Tag::public_key));
  if (!shared) std::abort();
  Tlv third;
  third.add(Tag::state, 3).add(Tag::public_key, srp.public_key());
  ask(connection, "/pair-setup", third.add(Tag::proof, shared->client_proof));
  const auto key = crypto::ed25519_public(controller.secret);
  Tlv own;
  own.add(Tag::identifier, controller.id).add(Tag::public_key, key);
  own.add(Tag::signature, sign(controller, derive(shared->key, "Pair-Setup-Controller-Sign"), key));
  Tlv fifth;
  fifth.add(Tag::state, 5);
  fifth.add(Tag::encrypted, seal(derive(shared->key, "Pair-Setup-Encrypt"), "PS-Msg05", own));
  ask(connection, "/pair-setup", fifth);
  if (!accessory.is_paired()) std::abort();
}

/// The third message of pair-verify with `inner`, or with the controller's own proof; what both
/// ends share then.
Bytes verify_with(AccessoryConnection& connection, const ByteSpan* inner) {
  const Bytes secret(32, 5);
  const auto own_key = crypto::x25519_public(secret);
  Tlv first;
  first.add(Tag::state, 1).add(Tag::public_key, own_key);
  const Tlv second = ask(connection, "/pair-verify", first);
  const ByteSpan peer = second.find(Tag::public_key);
  const auto shared = crypto::x25519(secret, peer);
  if (!shared) std::abort();
  Tlv proof;
  proof.add(Tag::identifier, controller.id);
  proof.add(Tag::signature, sign(controller, own_key, peer));
  if (inner != nullptr) {
    const Result<Tlv> given = Tlv::decode(*inner);
    if (given) proof = *given;
  }
  Tlv third;
  third.add(Tag::state, 3);
  third.add(Tag::encrypted, seal(derive(*shared, "Pair-Verify-Encrypt"), "PV-Msg03", proof));
  ask(connection, "/pair-verify", third);
  return {shared->begin(), shared->end()};
}

void in_session(ByteSpan bytes) {
  static Accessory accessory(options());
  if (!accessory.is_paired()) pair(accessory);
  AccessoryConnection connection(accessory);
  FrameCipher cipher(session_keys(verify_with(connection, nullptr)));
  connection.on_bytes(now, cipher.seal(in_http("/pairings", bytes)));
  connection.on_bytes(now, cipher.seal(bytes));
  if (!cipher.open(connection.take_output(now))) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan bytes(data + 1, std::min<std::size_t>(size - 1, 16 * 1024));
  if (data[0] % 4 == 3) {
    in_session(bytes);
    return 0;
  }
  Accessory accessory(options());
  AccessoryConnection connection(accessory);
  if (data[0] % 4 == 0) {
    ByteSpan rest = bytes;
    while (!rest.empty()) {
      const ByteSpan piece =
          rest.first(std::min<std::size_t>(rest.size(), data[0] + std::size_t{1}));
      connection.on_bytes(now, piece);
      rest = rest.subspan(piece.size());
    }
  } else if (data[0] % 4 == 1) {
    const std::string path = data[0] & 4 ? "/pair-verify" : "/pair-setup";
    if (data[0] & 8) ask(connection, path, Tlv().add(Tag::state, 1));
    connection.on_bytes(now, in_http(path, bytes));
  } else {
    verify_with(connection, &bytes);
  }
  if (accessory.is_paired()) std::abort();  // nobody has the code
  return 0;
}
