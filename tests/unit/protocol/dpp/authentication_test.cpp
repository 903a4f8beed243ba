#include "protocol/dpp/authentication.hpp"

#include <doctest/doctest.h>

#include "provisioning/error.hpp"
#include "transcript.hpp"

using namespace aiot;
using namespace aiot::dpp;
using crypto::EcCurve;
using provisioning::Errc;

namespace {

Bytes from(std::string_view text) { return *from_hex(text); }

OwnKey own(std::string_view secret) { return own_key(EcCurve::p256, from(secret)); }

Frame frame_of(std::string_view text) { return *parse_frame(from(text)); }

/// The frame without its length.
std::string written(const Frame& frame) { return to_hex(write_frame(frame)).substr(8); }

/// A pair on any curve.
struct Ends {
  explicit Ends(EcCurve curve, Role role = Role::configurator, Role other = Role::enrollee,
                bool mutual = false)
      : device(own_key(curve, crypto::ec_random_secret(curve))),
        host(own_key(curve, crypto::ec_random_secret(curve))),
        initiator(device.bootstrap, host, new_material(curve), role),
        responder(device, mutual ? std::optional(host.bootstrap) : std::nullopt,
                  new_material(curve), other) {}
  OwnKey device;
  OwnKey host;
  Initiator initiator;
  Responder responder;
};

}  // namespace

TEST_CASE("the exchanges of two wpa_supplicants are made again") {
  for (const Transcript* t : {&one_sided, &mutual}) {
    const bool both = t == &mutual;
    CAPTURE(both);
    const Role role = both ? Role::enrollee : Role::configurator;
    Initiator initiator(own(t->br).bootstrap, own(t->bi), {from(t->pi), from(t->i_nonce)}, role);
    CHECK(written(initiator.request()) == t->request);
    const auto answer = initiator.on_response(frame_of(t->response));
    REQUIRE(answer.has_value());
    CHECK(!answer->refused);
    CHECK(!answer->pending);
    REQUIRE(answer->confirm.has_value());
    CHECK(written(*answer->confirm) == t->confirm);
    CHECK(to_hex(initiator.session().k1) == t->k1);
    CHECK(to_hex(initiator.session().k2) == t->k2);
    CHECK(to_hex(initiator.session().ke) == t->ke);
    CHECK(initiator.session().mutual() == both);
    CHECK(initiator.session().peer_version == 2);

    Responder responder(own(t->br), both ? std::optional(own(t->bi).bootstrap) : std::nullopt,
                        {from(t->pr), from(t->r_nonce)},
                        both ? Role::configurator : Role::enrollee);
    const auto response = responder.on_request(frame_of(t->request));
    REQUIRE(response.has_value());
    CHECK(!response->refused);
    CHECK(written(response->response) == t->response);
    CHECK(responder.on_confirm(frame_of(t->confirm)).has_value());
    CHECK(to_hex(responder.session().ke) == t->ke);
    CHECK(responder.session().peer_version == 2);
  }
}

// The scalars and keys of another run of the same programs.
TEST_CASE("keys of a session") {
  const Bytes br = from("54ce181a98525f217216f59b245f60e9df30ac7f6b26c939418cfc3c42d1afa0");
  const Bytes pr = from("766660e4063761713323e828e169d4b84ee40d1b6e6631190437ce61d219d7eb");
  const Bytes pi = from("deddcc4cc46949ad36cfa5abbf6a9c23c68381d93a7b120411fb04c846fa1996");
  Session session;
  session.initiator_nonce = from("90ae54b8d882f385da1f6eea191064a9");
  session.responder_nonce = from("d2b6891eec67b78e3da4fb04c50f60a0");
  const Bytes m_x = *crypto::ec_shared_x(EcCurve::p256, br, crypto::ec_public(EcCurve::p256, pi));
  const Bytes n_x = *crypto::ec_shared_x(EcCurve::p256, pr, crypto::ec_public(EcCurve::p256, pi));
  session.derive_k1(m_x);
  session.derive_k2(n_x);
  session.derive_ke(m_x, n_x, {});
  CHECK(to_hex(session.k1) == "6f52146422d5126c3985c94515a46a7d49df7cd6d0a6b5af1ecfb2f4fafb263c");
  CHECK(to_hex(session.k2) == "f1d340d10814a4cf8c9d2d35e2c5f1c2288c8cd55c1151b8f122c5d11d86c972");
  CHECK(to_hex(session.ke) == "2de3a15b07001ea80957aff885e1054b898b2b80b18d5d2911d64de752d1671e");
}

TEST_CASE("every curve of DPP, with and without the initiator's proof") {
  for (const EcCurve curve : {EcCurve::p256, EcCurve::p384, EcCurve::p521, EcCurve::brainpool256,
                              EcCurve::brainpool384, EcCurve::brainpool512}) {
    for (const bool mutual : {false, true}) {
      Ends ends(curve, Role::configurator, Role::enrollee, mutual);
      const auto response = ends.responder.on_request(ends.initiator.request());
      REQUIRE(response.has_value());
      const auto answer = ends.initiator.on_response(response->response);
      REQUIRE(answer.has_value());
      REQUIRE(answer->confirm.has_value());
      CHECK(!answer->refused);
      CHECK(ends.responder.on_confirm(*answer->confirm).has_value());
      CHECK(ends.responder.session().ke == ends.initiator.session().ke);
      CHECK(ends.initiator.session().mutual() == mutual);
    }
  }
}

TEST_CASE("who does not have the key of the code") {
  Ends ends(EcCurve::p256);
  const Ends other(EcCurve::p256);
  // A device is asked for another's key: it says nothing.
  CHECK(ends.responder.on_request(other.initiator.request()).error().code == Errc::wrong_proof);

  // A device that has seen the code of another and answers in its name.
  Responder liar({ends.device.bootstrap, crypto::ec_random_secret(EcCurve::p256)}, std::nullopt,
                 new_material(EcCurve::p256), Role::enrollee);
  CHECK(liar.on_request(ends.initiator.request()).error().code == Errc::wrong_proof);

  // Mutual: the initiator is not who was expected.
  Responder strict(ends.device, other.host.bootstrap, new_material(EcCurve::p256), Role::enrollee);
  CHECK(strict.on_request(ends.initiator.request()).error().code == Errc::wrong_proof);

  // The initiator names itself so, and lacks the secret.
  Initiator pretender(ends.device.bootstrap,
                      {other.host.bootstrap, crypto::ec_random_secret(EcCurve::p256)},
                      new_material(EcCurve::p256), Role::configurator);
  const auto response = strict.on_request(pretender.request());
  REQUIRE(response.has_value());
  const auto answer = pretender.on_response(response->response);
  REQUIRE(answer.has_value());
  REQUIRE(answer->refused.has_value());
  CHECK(answer->refused->code == Errc::wrong_proof);
  REQUIRE(answer->confirm.has_value());
  CHECK(strict.on_confirm(*answer->confirm).error().code == Errc::wrong_proof);
}

TEST_CASE("two ends with the same role") {
  Ends ends(EcCurve::p256, Role::configurator, Role::configurator);
  const auto response = ends.responder.on_request(ends.initiator.request());
  REQUIRE(response.has_value());
  REQUIRE(response->refused.has_value());
  CHECK(response->refused->code == Errc::window_closed);
  const auto answer = ends.initiator.on_response(response->response);
  REQUIRE(answer.has_value());
  CHECK(!answer->confirm);
  REQUIRE(answer->refused.has_value());
  CHECK(answer->refused->code == Errc::window_closed);
}

TEST_CASE("any changed bit is seen") {
  Ends ends(EcCurve::p256);
  const auto response = ends.responder.on_request(ends.initiator.request());
  REQUIRE(response.has_value());
  const auto answer = ends.initiator.on_response(response->response);
  REQUIRE(answer.has_value());
  const auto changed = [](const Frame& frame, std::size_t at) {
    Frame out = frame;
    out.attributes[at] ^= 1U;
    return out;
  };
  const Frame request = ends.initiator.request();
  for (std::size_t at = 0; at < request.attributes.size(); ++at) {
    Responder responder(ends.device, std::nullopt, new_material(EcCurve::p256), Role::enrollee);
    CHECK(!responder.on_request(changed(request, at)));
  }
  for (std::size_t at = 0; at < answer->confirm->attributes.size(); ++at)
    CHECK(!ends.responder.on_confirm(changed(*answer->confirm, at)));
  for (std::size_t at = 0; at < response->response.attributes.size(); ++at) {
    const auto wrong = ends.initiator.on_response(changed(response->response, at));
    CHECK((!wrong || wrong->refused));
  }
}

TEST_CASE("bootstrap keys") {
  const BootstrapKey key = own(one_sided.br).bootstrap;
  // What `wpa_cli dpp_bootstrap_get_uri` gives for this key, and its hash in the request.
  CHECK(to_base64(key.der) ==
        "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACCcWFqRtN+f0loEUgGIXDnMXPrjl92u2pV97Ff6DjUD8=");
  CHECK(to_hex(key.hash()) == one_sided.request.substr(22, 64));
  const auto read = read_bootstrap_key(key.der);
  REQUIRE(read.has_value());
  CHECK(read->key == key.key);
  CHECK(read_bootstrap_key(Bytes(40, 1)).error().code == Errc::bad_code);
}
