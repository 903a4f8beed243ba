#include "xml/document.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "core/module.hpp"

namespace aiot::xml {
namespace {

constexpr std::size_t most_bytes = 256 * 1024;
constexpr std::size_t most_elements = 4096;
constexpr std::size_t most_levels = 32;

/// What is used of expat (Debian's libexpat1).
struct Library : ModuleFunctions {
  using ModuleFunctions::ModuleFunctions;
  // Not XML_ParserCreateNS: it writes a namespace out again for each element and each attribute
  // that has it, so that 64 KiB become 100 MB.
  AIOT_FUNCTION(create, XML_ParserCreate);
  AIOT_FUNCTION(free, XML_ParserFree);
  AIOT_FUNCTION(set_user_data, XML_SetUserData);
  AIOT_FUNCTION(set_element_handler, XML_SetElementHandler);
  AIOT_FUNCTION(set_text_handler, XML_SetCharacterDataHandler);
  AIOT_FUNCTION(set_doctype_handler, XML_SetStartDoctypeDeclHandler);
  AIOT_FUNCTION(parse, XML_Parse);
  AIOT_FUNCTION(stop, XML_StopParser);
};

Result<const Library*> library() {
  static const Result<Library> loaded =
      load_functions<Library>("libexpat.so.1", "libexpat1", "libexpat1 2.0");
  if (!loaded) return loaded.error();
  return &*loaded;
}

/// One run of the parser, which calls back.
struct Run {
  const Library& library;
  XML_Parser parser;
  Element root;                // holds the document's element
  std::vector<Element*> open;  // from the root to the innermost
  std::size_t elements = 0;
  std::optional<Errc> refused;

  void refuse(Errc why) {
    refused = why;
    library.stop(parser, XML_FALSE);
  }

  static void on_start(void* self, const XML_Char* name, const XML_Char**) {
    Run& run = *static_cast<Run*>(self);
    if (++run.elements > most_elements || run.open.size() > most_levels) {
      return run.refuse(Errc::too_large);
    }
    const std::string_view whole = name;
    const auto colon = whole.rfind(':');
    Element element;
    element.name = colon == std::string_view::npos ? whole : whole.substr(colon + 1);
    // Those that are open have no siblings behind them yet: their place does not move.
    std::vector<Element>& siblings = run.open.back()->children;
    siblings.push_back(std::move(element));
    run.open.push_back(&siblings.back());
  }
  static void on_end(void* self, const XML_Char*) {
    Run& run = *static_cast<Run*>(self);
    if (run.open.size() < 2) return;
    std::string& text = run.open.back()->text;
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
    text.erase(std::find_if_not(text.rbegin(), text.rend(), blank).base(), text.end());
    run.open.pop_back();
  }
  static void on_text(void* self, const XML_Char* text, int size) {
    static_cast<Run*>(self)->open.back()->text.append(text, static_cast<std::size_t>(size));
  }
  static void on_doctype(void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
    static_cast<Run*>(self)->refuse(Errc::forbidden);
  }
};

}  // namespace

const Element* Element::child(std::string_view wanted) const {
  const auto found = std::find_if(children.begin(), children.end(),
                                  [&](const Element& each) { return each.name == wanted; });
  return found == children.end() ? nullptr : &*found;
}

std::string_view Element::child_text(std::string_view wanted) const {
  const Element* found = child(wanted);
  return found == nullptr ? std::string_view() : std::string_view(found->text);
}

Result<Element> parse(std::string_view text) {
  if (text.size() > most_bytes) return make_error(Errc::too_large);
  AIOT_TRY(const Library* expat, library());
  const std::unique_ptr<std::remove_pointer_t<XML_Parser>, decltype(expat->free)> parser(
      expat->create(nullptr), expat->free);
  if (!parser) return make_error(Errc::not_xml);
  Run run{*expat, parser.get(), {}, {}, 0, {}};
  run.open.push_back(&run.root);
  expat->set_user_data(parser.get(), &run);
  expat->set_element_handler(parser.get(), Run::on_start, Run::on_end);
  expat->set_text_handler(parser.get(), Run::on_text);
  expat->set_doctype_handler(parser.get(), Run::on_doctype);
  const auto status =
      expat->parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (run.refused) return make_error(*run.refused);
  if (status != XML_STATUS_OK || run.root.children.empty()) return make_error(Errc::not_xml);
  return std::move(run.root.children.front());
}

}  // namespace aiot::xml
