#include "xml/document.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

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
  const auto prefixed = xml::parse("<p:a><q:b>1</q:b><b>2</b></p:a>");
  REQUIRE(prefixed.has_value());
  CHECK(prefixed->name == "a");
  CHECK(prefixed->child_text("b") == "1");
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

constexpr std::size_t most_text = 256 * 1024;

/// A root with a namespace of so many bytes, and elements that have it too.
std::string of_elements(std::size_t namespace_bytes) {
  std::string text = "<r xmlns='" + std::string(namespace_bytes, 'n') + "'>";
  for (int i = 0; i < 4000 && text.size() < most_text - 10; ++i) text += "<a/>";
  return text + "</r>";
}

/// A root with a namespace of half of the document, and an element whose attributes have it too.
std::string of_attributes(bool in_one_element) {
  const std::string space = " xmlns:p='" + std::string(most_text / 2, 'n') + "'";
  std::string text = "<r" + (in_one_element ? "" : space) + "><a" + (in_one_element ? space : "");
  for (int i = 0; text.size() < most_text - 30; ++i) text += " p:a" + std::to_string(i) + "=''";
  return text + "/></r>";
}

/// The most memory that this process has had, in KiB.
long peak_kib() {  // NOLINT(google-runtime-int)
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

}  // namespace

TEST_CASE("a namespace is not multiplied by the elements and attributes that have it") {
  REQUIRE(xml::parse("<a/>").has_value());  // expat is opened
  for (const std::string& text : {of_elements(49000), of_elements(256), of_elements(most_text / 2),
                                  of_attributes(false), of_attributes(true)}) {
    REQUIRE(text.size() <= most_text);
    const long before = peak_kib();  // NOLINT(google-runtime-int)
    const std::clock_t start = std::clock();
    const auto root = xml::parse(text);
    REQUIRE(root.has_value());
    CHECK(root->children.size() >= 1);
    CHECK(peak_kib() - before < 20'000);
    CHECK(std::clock() - start < CLOCKS_PER_SEC / 2);
  }
}
