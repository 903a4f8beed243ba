#include "xml/document.hpp"

#include <doctest/doctest.h>
#include <malloc.h>

#include <ctime>

using namespace aiot;

TEST_CASE("elements, namespaces and text") {
  const auto root = xml::parse(
      "<?xml version=\"1.0\"?>\n<a:root xmlns:a=\"urn:x\" xmlns=\"urn:y\"> one <b>&lt;two&gt; "
      "&#233;</b>"
      "<b/><!-- no --><![CDATA[three]]></a:root>");
  REQUIRE(root.has_value());
  CHECK(root->name == "root");
  CHECK(root->text == "one three");
  REQUIRE(root->children.size() == 2);
  CHECK(root->child_text("b") == "<two> \xc3\xa9");
  CHECK(root->child("c") == nullptr);
  CHECK(root->child_text("c").empty());
}

TEST_CASE("what is no document, or would grow, is refused") {
  const auto code = [](std::string_view text) { return xml::parse(text).error().code; };
  CHECK(code("") == make_error_code(xml::Errc::not_xml));
  CHECK(code("<a>") == make_error_code(xml::Errc::not_xml));
  CHECK(code("<a></b>") == make_error_code(xml::Errc::not_xml));
  CHECK(code("plain") == make_error_code(xml::Errc::not_xml));
  CHECK(code(std::string(300 * 1024, ' ') + "<a/>") == make_error_code(xml::Errc::too_large));
  // "Billion laughs": no document type, no entities.
  CHECK(code("<!DOCTYPE a [<!ENTITY x \"ha\"><!ENTITY y \"&x;&x;\">]><a>&y;</a>") ==
        make_error_code(xml::Errc::forbidden));
  CHECK(code("<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>") ==
        make_error_code(xml::Errc::forbidden));
  std::string deep;
  for (int i = 0; i < 100; ++i) deep += "<a>";
  CHECK(code(deep) == make_error_code(xml::Errc::too_large));
  std::string wide = "<a>";
  for (int i = 0; i < 5000; ++i) wide += "<b/>";
  CHECK(code(wide + "</a>") == make_error_code(xml::Errc::too_large));
}

namespace {

/// A document of 64 KiB: a root with a namespace of so many bytes, and elements that have it too.
std::string amplifier(std::size_t namespace_bytes) {
  std::string text = "<r xmlns='" + std::string(namespace_bytes, 'n') + "'>";
  for (int i = 0; i < 4000 && text.size() < 65500; ++i) text += "<a/>";
  return text + "</r>";
}

}  // namespace

TEST_CASE("a namespace is not multiplied by the elements that have it") {
  CHECK(xml::parse(amplifier(49000)).error().code == make_error_code(xml::Errc::too_large));
  CHECK(xml::parse(amplifier(257)).error().code == make_error_code(xml::Errc::too_large));
  const std::size_t before = mallinfo2().uordblks;
  const std::clock_t start = std::clock();
  const auto root = xml::parse(amplifier(256));
  const std::size_t grown = mallinfo2().uordblks - before;
  REQUIRE(root.has_value());
  CHECK(root->children.size() == 4000);
  CHECK(grown < 1'000'000);
  CHECK(std::clock() - start < CLOCKS_PER_SEC / 2);
}
