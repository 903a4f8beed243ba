#include "protocol/dpp/configuration.hpp"

#include <doctest/doctest.h>

#include "transcript.hpp"

using namespace aiot;
using namespace aiot::dpp;
using provisioning::Errc;

namespace {

const WifiCredentials home{"home", "secret-pass", "", false};

WifiCredentials with(std::string password, std::string security) {
  return {"home", std::move(password), std::move(security), false};
}

/// What both ends have after the authentication of a transcript.
Session session_of(const Transcript& t) {
  Session session;
  session.ke = *from_hex(t.ke);
  session.initiator_nonce = *from_hex(t.i_nonce);
  session.responder_nonce = *from_hex(t.r_nonce);
  session.peer_version = 2;
  return session;
}

Frame frame_from(std::string_view text) { return *parse_frame(*from_hex(text)); }

}  // namespace

TEST_CASE("configurations of wpa_supplicant") {
  for (const Transcript* t : {&one_sided, &mutual}) {
    const Session session = session_of(*t);
    Configurator configurator(session);
    const auto info = configurator.on_request(frame_from(t->configuration_request));
    REQUIRE(info.has_value());
    CHECK(info->name == "Test");
    CHECK(info->role == "sta");
    CHECK(info->mud_url.empty());
    const auto status = configurator.on_result(frame_from(t->result));
    REQUIRE(status.has_value());
    CHECK(*status == Status::ok);

    const Enrollee enrollee(session, *from_hex(t->e_nonce));
    CHECK(to_hex(write_frame(enrollee.request({"Test", "sta", ""}))).substr(8) ==
          t->configuration_request);
    CHECK(to_hex(write_frame(enrollee.result(Status::ok))).substr(8) == t->result);
    const auto offer = enrollee.on_response(frame_from(t->configuration_response));
    REQUIRE(offer.has_value());
    CHECK(offer->wifi.ssid == "home");
    CHECK(offer->wifi.password == "secret-pass");
    CHECK(offer->wifi.security == (t == &mutual ? "wpa3" : "wpa2"));
    CHECK(!offer->wants_connection_status);
  }
}

TEST_CASE("configuration objects") {
  const auto written = [](const WifiCredentials& wifi, unsigned version = 2) {
    return *write_configuration(wifi, version);
  };
  // The object of hostap's dpp_build_conf_obj_legacy() for conf=sta-psk.
  CHECK(written(with("secret-pass", "wpa2")) ==
        R"({"wi-fi_tech":"infra","discovery":{"ssid":"home"},)"
        R"("cred":{"akm":"psk","pass":"secret-pass"}})");
  CHECK(written(with("secret-pass", "wpa3")).find(R"("akm":"sae")") != std::string::npos);
  CHECK(written(home).find(R"("akm":"psk+sae")") != std::string::npos);
  CHECK(written(home, 1).find(R"("akm":"psk")") != std::string::npos);
  CHECK(written(with(std::string(64, 'a'), "")).find(R"("akm":"psk","psk_hex":"aaaa)") !=
        std::string::npos);
  CHECK(write_configuration(with("", "open"), 2).error().code == Errc::bad_wifi);
  CHECK(write_configuration(with(std::string(64, 'a'), "wpa3"), 2).error().code == Errc::bad_wifi);

  WifiCredentials odd = home;
  for (const std::string name : {"\xff\xfe?>", "\xff", "\xff\xfb", "a\"b\\"}) {
    odd.ssid = name;
    const auto read = read_configuration(written(odd));
    REQUIRE(read.has_value());
    CHECK(read->ssid == name);
    CHECK(read->password == "secret-pass");
    CHECK(read->security == "wpa2/wpa3");
  }
  odd.ssid = "\xff\xfe?>";
  CHECK(written(odd).find(R"("ssid64":"__4_Pg")") != std::string::npos);

  for (
      const std::string_view text :
      {"", "[]", "{}", R"({"wi-fi_tech":"infra"})",
       R"({"wi-fi_tech":"map","discovery":{"ssid":"a"},"cred":{"akm":"psk","pass":"12345678"}})",
       R"({"wi-fi_tech":"infra","discovery":{},"cred":{"akm":"psk","pass":"12345678"}})",
       R"({"wi-fi_tech":"infra","discovery":{"ssid":"a"},"cred":{"akm":"dpp"}})",
       R"({"wi-fi_tech":"infra","discovery":{"ssid":"a"},"cred":{"akm":"dot1x","pass":"12345678"}})",
       R"({"wi-fi_tech":"infra","discovery":{"ssid":5},"cred":5})"}) {
    CAPTURE(text);
    CHECK(read_configuration(text).error().code == Errc::protocol_violated);
  }
}

TEST_CASE("the status of a connection") {
  const Session session = session_of(one_sided);
  Configurator configurator(session);
  REQUIRE(configurator.on_request(frame_from(one_sided.configuration_request)).has_value());
  const Enrollee enrollee(session, *from_hex(one_sided.e_nonce));
  for (const Status status :
       {Status::ok, Status::no_access_point, Status::authentication_failure}) {
    const auto read = configurator.on_connection(enrollee.connection_status(status, "home"));
    REQUIRE(read.has_value());
    CHECK(*read == status);
  }
  // Of an earlier request.
  const Enrollee other(session, Bytes(16, 1));
  CHECK(configurator.on_connection(other.connection_status(Status::ok, "home")).error().code ==
        Errc::protocol_violated);
  CHECK(configurator.on_result(other.result(Status::ok)).error().code == Errc::protocol_violated);
  const auto refused = enrollee.on_response(configurator.refusal());
  CHECK(refused.error().code == Errc::device_refused);
  const auto offer = enrollee.on_response(configurator.response(*write_configuration(home, 2)));
  REQUIRE(offer.has_value());
  CHECK(offer->wants_connection_status);
}
