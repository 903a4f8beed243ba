#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/coap/message.hpp"

/// Lists of links as /.well-known/core holds them: RFC 6690.
namespace aiot::coap {

struct LinkAttribute {
  std::string name;
  std::string value;  ///< unquoted; "" for one without a value, such as obs
};

struct Link {
  std::string target;  ///< "/sensors/temp", or a whole URI
  std::vector<LinkAttribute> attributes;

  /// The first of this name, nullptr when there is none.
  const std::string* find(std::string_view name) const;
};

/// Section 2. At most 256 links of 32 attributes each; blanks around separators are allowed.
/// Errc::bad_link_format.
Result<std::vector<Link>> parse_links(std::string_view text);

/// Values are quoted where they must be.
std::string format_links(const std::vector<Link>& links);

/// Whether a link passes the filter of a query (section 4.1), "rt=light-lux" or "href=/s*": rt, if,
/// rel and rev hold words of which one must match; '*' at the end stands for anything.
bool matches_filter(const Link& link, std::string_view filter);

}  // namespace aiot::coap
