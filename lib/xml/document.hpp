#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "xml/error.hpp"

namespace aiot::xml {

/// An element with what is in it. Attributes are left out: nothing that is read here has any.
struct Element {
  std::string name;  ///< without a prefix
  std::string text;  ///< directly in it, without the blanks around
  std::vector<Element> children;

  /// The first child of that name, whatever its prefix; nullptr when there is none.
  const Element* child(std::string_view wanted) const;
  /// That child's text, "" without one.
  std::string_view child_text(std::string_view wanted) const;
};

/// Reads a document by expat (opened when it is first needed). Bounds: 256 KiB, 4096 elements, 32
/// levels, no document type; prefixes are left out and namespaces are not resolved: what comes from
/// a stranger cannot make it grow. Errc; Condition::resource where expat is not installed.
Result<Element> parse(std::string_view text);

}  // namespace aiot::xml
