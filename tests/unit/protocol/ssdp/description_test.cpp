// A description as UPnP Device Architecture 2.0, 2.3 has it.
#include "protocol/ssdp/message.hpp"

#include <doctest/doctest.h>

using namespace aiot;

TEST_CASE("the root device of a description") {
  const auto found = ssdp::parse_description(
      R"(<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0" configId="1">
  <specVersion><major>2</major><minor>0</minor></specVersion>
  <device>
    <deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
    <friendlyName>Philips hue (192.168.1.23)</friendlyName>
    <manufacturer>Royal Philips Electronics</manufacturer>
    <manufacturerURL>http://www.philips.com</manufacturerURL>
    <modelDescription>Philips hue Personal Wireless Lighting</modelDescription>
    <modelName>Philips hue bridge 2015</modelName>
    <modelNumber>BSB002</modelNumber>
    <serialNumber>00178823a5b1</serialNumber>
    <UDN>uuid:2f402f80-da50-11e1-9b23-00178823a5b1</UDN>
    <presentationURL>index.html</presentationURL>
    <deviceList><device><friendlyName>inner</friendlyName></device></deviceList>
  </device>
</root>)");
  REQUIRE(found.has_value());
  CHECK(found->friendly_name == "Philips hue (192.168.1.23)");
  CHECK(found->manufacturer == "Royal Philips Electronics");
  CHECK(found->model_name == "Philips hue bridge 2015");
  CHECK(found->model_number == "BSB002");
  CHECK(found->serial_number == "00178823a5b1");
  CHECK(found->udn == "uuid:2f402f80-da50-11e1-9b23-00178823a5b1");
  CHECK(found->device_type == "urn:schemas-upnp-org:device:Basic:1");
  CHECK(found->presentation_url == "index.html");
}

TEST_CASE("other XML is refused, long text is cut") {
  CHECK_FALSE(ssdp::parse_description("<html><body/></html>").has_value());
  CHECK_FALSE(ssdp::parse_description("<root/>").has_value());
  const auto found = ssdp::parse_description(
      "<root><device><friendlyName>" + std::string(5000, 'x') + "</friendlyName></device></root>");
  REQUIRE(found.has_value());
  CHECK(found->friendly_name.size() == 256);
}
