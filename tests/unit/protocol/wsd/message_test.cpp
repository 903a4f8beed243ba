// Messages as WS-Discovery 1.1 and its 2005/04 draft have them (sections 4 and 5, example of a
// printer).
#include "protocol/wsd/message.hpp"

#include <doctest/doctest.h>

using namespace aiot;

namespace {

std::string envelope(const std::string& discovery, const std::string& body) {
  return "<s:Envelope xmlns:a=\"http://schemas.xmlsoap.org/ws/2004/08/addressing\" xmlns:d=\"" +
         discovery +
         "\" xmlns:i=\"http://printer.example.org/2003/imaging\" "
         "xmlns:s=\"http://www.w3.org/2003/05/soap-envelope\"><s:Header><a:Action>x</a:Action></"
         "s:Header>"
         "<s:Body>" +
         body + "</s:Body></s:Envelope>";
}

const std::string match =
    "<d:ProbeMatches><d:ProbeMatch>"
    "<a:EndpointReference><a:Address>urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119</a:Address>"
    "</a:EndpointReference>"
    "<d:Types>i:PrintBasic i:PrintAdvanced</d:Types>"
    "<d:Scopes>ldap:///ou=engineering,o=examplecom,c=us onvif://www.onvif.org/name/Front%20door "
    "onvif://www.onvif.org/hardware/CAM-2</d:Scopes>"
    "<d:XAddrs>http://prn-example/PRN42/b42-1668-a</d:XAddrs>"
    "<d:MetadataVersion>75965</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>";

}  // namespace

TEST_CASE("matches of a probe, in both versions' namespaces") {
  for (const char* version : {"http://schemas.xmlsoap.org/ws/2005/04/discovery",
                              "http://docs.oasis-open.org/ws-dd/ns/discovery/2009/01"}) {
    CAPTURE(version);
    const auto found = wsd::parse_message(envelope(version, match));
    REQUIRE(found.has_value());
    REQUIRE(found->size() == 1);
    const wsd::Target& target = found->front();
    CHECK(target.endpoint == "urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119");
    CHECK(target.types == std::vector<std::string>{"PrintBasic", "PrintAdvanced"});
    CHECK(target.scopes.size() == 3);
    CHECK(target.addresses == std::vector<std::string>{"http://prn-example/PRN42/b42-1668-a"});
    CHECK_FALSE(target.gone);
  }
}

TEST_CASE("what wsdd 0.7.0 answered to a probe for devices") {
  const auto found = wsd::parse_message(
      R"(<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsx="http://schemas.xmlsoap.org/ws/2004/09/mex" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof" xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/10" xmlns:pub="http://schemas.microsoft.com/windows/pub/2005/07"><soap:Header><wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To><wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/ProbeMatches</wsa:Action><wsa:MessageID>urn:uuid:ea298864-e7d8-11f1-9da4-6a10de47d2bd</wsa:MessageID><wsa:RelatesTo>urn:uuid:2ecc1cf0-6988-4a09-acf3-3fff7bbbdb76</wsa:RelatesTo><wsd:AppSequence InstanceId="1795505421" SequenceId="urn:uuid:ea298b20-e7d8-11f1-9da4-6a10de47d2bd" MessageNumber="1" /></soap:Header><soap:Body><wsd:ProbeMatches><wsd:ProbeMatch><wsa:EndpointReference><wsa:Address>urn:uuid:5f8e2b1c-90a7-4c51-9d5e-0c5f3a6d1e42</wsa:Address></wsa:EndpointReference><wsd:Types>wsdp:Device pub:Computer</wsd:Types><wsd:MetadataVersion>1</wsd:MetadataVersion></wsd:ProbeMatch></wsd:ProbeMatches></soap:Body></soap:Envelope>)");
  REQUIRE(found.has_value());
  CHECK(found->front().endpoint == "urn:uuid:5f8e2b1c-90a7-4c51-9d5e-0c5f3a6d1e42");
  CHECK(found->front().types == std::vector<std::string>{"Device", "Computer"});
}

TEST_CASE("who was asked by its endpoint says where it is") {
  std::string resolved = match;
  for (auto at = resolved.find("Probe"); at != std::string::npos; at = resolved.find("Probe")) {
    resolved.replace(at, 5, "Resolve");
  }
  const auto found =
      wsd::parse_message(envelope("http://schemas.xmlsoap.org/ws/2005/04/discovery", resolved));
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 1);
  CHECK(found->front().addresses ==
        std::vector<std::string>{"http://prn-example/PRN42/b42-1668-a"});
}

TEST_CASE("hello and bye") {
  const std::string reference =
      "<a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>";
  const std::string version = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
  CHECK_FALSE(
      wsd::parse_message(envelope(version, "<d:Hello>" + reference + "</d:Hello>"))->front().gone);
  CHECK(wsd::parse_message(envelope(version, "<d:Bye>" + reference + "</d:Bye>"))->front().gone);
}

TEST_CASE("what says nothing of a device is refused") {
  const std::string version = "http://schemas.xmlsoap.org/ws/2005/04/discovery";
  CHECK_FALSE(
      wsd::parse_message(wsd::probe("6ba7b810-9dad-11d1-80b4-00c04fd430c8", wsd::Wanted::devices))
          .has_value());
  CHECK_FALSE(wsd::parse_message(envelope(version, "<d:Hello/>")).has_value());
  CHECK_FALSE(wsd::parse_message("<a/>").has_value());
  CHECK_FALSE(wsd::parse_message("").has_value());
  std::string many;
  for (int i = 0; i < 200; ++i) many += match.substr(16, match.size() - 33);
  CHECK(wsd::parse_message(envelope(version, "<d:ProbeMatches>" + many + "</d:ProbeMatches>"))
            ->size() == 64);
}
