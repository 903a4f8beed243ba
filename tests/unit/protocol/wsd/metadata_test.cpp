#include "protocol/wsd/message.hpp"

#include <doctest/doctest.h>

#include "xml/document.hpp"

using namespace aiot;

TEST_CASE("what wsdd 0.7.0 answered to a Get") {
  const auto found = wsd::parse_metadata(
      R"(<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope" xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:wsd="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:wsx="http://schemas.xmlsoap.org/ws/2004/09/mex" xmlns:wsdp="http://schemas.xmlsoap.org/ws/2006/02/devprof" xmlns:pnpx="http://schemas.microsoft.com/windows/pnpx/2005/10" xmlns:pub="http://schemas.microsoft.com/windows/pub/2005/07"><soap:Header><wsa:To>http://schemas.xmlsoap.org/ws/2004/08/addressing/role/anonymous</wsa:To><wsa:Action>http://schemas.xmlsoap.org/ws/2004/09/transfer/GetResponse</wsa:Action><wsa:MessageID>urn:uuid:2011a0ca-e7f1-11f1-b440-d24eb7dc71d4</wsa:MessageID><wsa:RelatesTo>urn:uuid:98190dc2-0890-4ef8-ac9a-5940995e6119</wsa:RelatesTo></soap:Header><soap:Body><wsx:Metadata><wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/ThisDevice"><wsdp:ThisDevice><wsdp:FriendlyName>WSD Device ROOMDESK</wsdp:FriendlyName><wsdp:FirmwareVersion>1.0</wsdp:FirmwareVersion><wsdp:SerialNumber>1</wsdp:SerialNumber></wsdp:ThisDevice></wsx:MetadataSection><wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/ThisModel"><wsdp:ThisModel><wsdp:Manufacturer>wsdd</wsdp:Manufacturer><wsdp:ModelName>wsdd</wsdp:ModelName><pnpx:DeviceCategory>Computers</pnpx:DeviceCategory></wsdp:ThisModel></wsx:MetadataSection><wsx:MetadataSection Dialect="http://schemas.xmlsoap.org/ws/2006/02/devprof/Relationship"><wsdp:Relationship Type="http://schemas.xmlsoap.org/ws/2006/02/devprof/host"><wsdp:Host><wsa:EndpointReference><wsa:Address>urn:uuid:6f1f3bd0-6ba1-4a3c-8f1b-2f7c3a9d0e55</wsa:Address></wsa:EndpointReference><wsdp:Types>pub:Computer</wsdp:Types><wsdp:ServiceId>urn:uuid:6f1f3bd0-6ba1-4a3c-8f1b-2f7c3a9d0e55</wsdp:ServiceId><pub:Computer>ROOMDESK/Workgroup:WORKGROUP</pub:Computer></wsdp:Host></wsdp:Relationship></wsx:MetadataSection></wsx:Metadata></soap:Body></soap:Envelope>)");
  REQUIRE(found.has_value());
  CHECK(found->name == "WSD Device ROOMDESK");
  CHECK(found->version == "1.0");
  CHECK(found->serial == "1");
  CHECK(found->manufacturer == "wsdd");
  CHECK(found->model == "wsdd");
  CHECK(found->computer == "ROOMDESK/Workgroup:WORKGROUP");
}

TEST_CASE("what is no metadata") {
  CHECK(wsd::parse_metadata("").error().condition() == Condition::protocol);
  CHECK(wsd::parse_metadata("<Envelope><Body/></Envelope>").error().stable_code() == "wsd.syntax");
  CHECK(wsd::parse_metadata("<Metadata/>").error().stable_code() == "wsd.syntax");
  const auto empty = wsd::parse_metadata(
      "<Envelope><Body><Metadata><MetadataSection/></Metadata></Body></Envelope>");
  REQUIRE(empty.has_value());
  CHECK(empty->name.empty());
  CHECK(empty->computer.empty());
}

TEST_CASE("a stranger's endpoint cannot change what we say") {
  const std::string hostile = "urn:<x/>&\"'</wsa:To>";
  for (const std::string& text : {wsd::get("1", hostile), wsd::resolve("1", hostile)}) {
    CAPTURE(text);
    const auto envelope = xml::parse(text);
    REQUIRE(envelope.has_value());
    const bool in_header = envelope->child("Header")->child_text("To") == hostile;
    const xml::Element* resolve = envelope->child("Body")->child("Resolve");
    CHECK((in_header || (resolve != nullptr &&
                         resolve->child("EndpointReference")->child_text("Address") == hostile)));
  }
}
