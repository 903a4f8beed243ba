#include "command/pair_list.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <istream>

#include "command/lines.hpp"
#include "errors.hpp"

namespace aiot::cli::command {
namespace {

namespace json = boost::json;
using pair::Target;
using Takes = std::function<bool(const Target&)>;

constexpr std::size_t most_targets = 4096;
/// A whole report of `discover --json`.
constexpr std::size_t longest_document = 16 * 1024 * 1024;

Error bad_list(std::string where, std::string_view why, std::string hint) {
  return make_error(Errc::bad_device_list, fmt::format("{}: {}", where, why), std::move(hint));
}

std::string text_of(const json::object& object, std::string_view field) {
  const json::value* value = object.if_contains(field);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// An address or a code as a target; what it is stays out of the error.
Result<Target> listed_target(std::string_view text, const std::string& where) {
  Result<Target> target = pair::parse_target(text);
  if (target) return target;
  const bool code = pair::looks_like_code(text);
  return bad_list(where, code ? "not a valid setup code" : "neither an address nor a setup code",
                  target.error().hint);
}

/// The cells of one row of CSV. nullopt where a quote is not closed.
std::optional<std::vector<std::string>> split_row(std::string_view text) {
  std::vector<std::string> cells(1);
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '"') {
      const bool literal = i + 1 < text.size() && text[i + 1] == '"';
      if (literal) cells.back() += text[++i];
      quoted = literal;
    } else if (!quoted && c == '"') {
      quoted = true;
    } else if (!quoted && c == ',') {
      cells.emplace_back();
    } else {
      cells.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  return cells;
}

/// Reads the lists, whatever form they have.
class Reader {
 public:
  Reader(std::istream& in, std::string name, const Takes& takes)
      : in_(in), name_(std::move(name)), takes_(takes) {}

  Result<std::vector<Target>> read();

 private:
  std::string where() const { return fmt::format("{}:{}", name_, number_); }
  /// The next line with something on it, trimmed; false at the end.
  Result<bool> next();
  Result<void> read_header();
  Result<void> take_row();
  Result<void> take_json();
  /// A line of `sim`: true for the last of those it announces.
  Result<bool> take_ready(const json::object& line);
  Result<void> take_event(const json::object& event);
  void take_device(const json::object& device);
  Result<void> read_document();
  /// The address of a device that pair takes; nullopt when it has none.
  std::optional<Address> address_of(const json::object& device) const;

  std::istream& in_;
  std::string name_;
  const Takes& takes_;
  std::string line_;
  int number_ = 0;
  bool ended_ = false;
  std::vector<std::string> columns_;
  std::vector<Target> targets_;
};

constexpr std::array<std::string_view, 12> column_names = {
    "id",    "address",    "code", "pop",      "username", "passkey",
    "token", "token_file", "ssid", "password", "security", "hidden"};

Result<bool> Reader::next() {
  while (next_line(in_, line_)) {
    ++number_;
    if (line_.size() > longest_line || targets_.size() > most_targets) {
      return bad_list(where(), "the list is too long", "split it");
    }
    const auto begin = line_.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line_[begin] == '#') continue;
    line_ = line_.substr(begin, line_.find_last_not_of(" \t\r") + 1 - begin);
    return true;
  }
  return false;
}

std::optional<Address> Reader::address_of(const json::object& device) const {
  const json::value* list = device.if_contains("addresses");
  if (list == nullptr || !list->is_array()) return std::nullopt;
  for (const json::value& value : list->as_array()) {
    if (!value.is_string()) continue;
    Target target;
    const auto address = parse_address(std::string_view(value.as_string()));
    if (!address) continue;
    target.address = *address;
    if (takes_(target)) return *address;
  }
  return std::nullopt;
}

void Reader::take_device(const json::object& device) {
  const std::string id = text_of(device, "id");
  const auto known = std::ranges::find(targets_, id, &Target::id);
  const bool waits = text_of(device, "state") == "unprovisioned";
  const std::optional<Address> address = waits ? address_of(device) : std::nullopt;
  if (known != targets_.end()) targets_.erase(known);
  if (address) targets_.push_back({.address = *address, .code = {}, .id = id});
}

Result<void> Reader::take_event(const json::object& event) {
  const std::string kind = text_of(event, "event");
  const json::value* data = event.if_contains("data");
  if (data == nullptr || !data->is_object()) return {};
  if (kind == "found" || kind == "changed") take_device(data->as_object());
  if (kind == "lost") {
    std::erase_if(targets_, [id = text_of(data->as_object(), "id")](const Target& target) {
      return target.id == id;
    });
  }
  return {};
}

Result<bool> Reader::take_ready(const json::object& line) {
  AIOT_TRY(Target target, listed_target(text_of(line, "address"), where()));
  const std::string code = text_of(line, "code");
  if (!code.empty()) {
    AIOT_TRY(const Target coded, listed_target(code, where()));
    target.code = coded.code;
  }
  target.id = text_of(line, "mac");
  targets_.push_back(std::move(target));
  const json::value* index = line.if_contains("index");
  const json::value* count = line.if_contains("count");
  return index != nullptr && count != nullptr && index->is_int64() && *index == *count;
}

/// `discover --json` is one document, on one line or on many.
Result<void> Reader::read_document() {
  std::string text = line_;
  std::string more;
  while (text.size() <= longest_document && next_line(in_, more)) text += more;
  ended_ = true;
  boost::system::error_code error;
  const json::value document = json::parse(text, error);
  const json::object* object = error ? nullptr : document.if_object();
  const json::value* data = object ? object->if_contains("data") : nullptr;
  const json::value* devices =
      data != nullptr && data->is_object() ? data->as_object().if_contains("devices") : nullptr;
  if (devices == nullptr || !devices->is_array()) {
    return bad_list(where(), "not a report of found devices", "give what the search printed");
  }
  for (const json::value& device : devices->as_array()) {
    if (device.is_object()) take_device(device.as_object());
  }
  return {};
}

Result<void> Reader::take_json() {
  if (line_.starts_with("{\"ver\"") || pair::parse_target(line_)) {
    AIOT_TRY(Target target, listed_target(line_, where()));
    targets_.push_back(std::move(target));
    return {};
  }
  boost::system::error_code error;
  const json::value value = json::parse(line_, error);
  const json::object* object = error ? nullptr : value.if_object();
  if (object != nullptr && object->contains("address")) {
    AIOT_TRY(ended_, take_ready(*object));
    return {};
  }
  if (object != nullptr && object->contains("event")) return take_event(*object);
  return read_document();
}

Result<void> Reader::read_header() {
  columns_ = *split_row(line_);
  for (std::string& column : columns_) {
    column.erase(0, column.find_first_not_of(' '));
    if (std::ranges::find(column_names, column) == column_names.end()) {
      return bad_list(where(), "an unknown column",
                      fmt::format("the columns are {}", fmt::join(column_names, ", ")));
    }
  }
  return {};
}

Result<void> Reader::take_row() {
  const auto cells = split_row(line_);
  if (!cells) return bad_list(where(), "a quote is not closed", "end the cell with a quote");
  if (cells->size() != columns_.size()) {
    return bad_list(where(), fmt::format("{} cells, not {}", cells->size(), columns_.size()),
                    "put a cell with a comma into quotes, and double the quotes in it");
  }
  const auto cell = [&](std::string_view column) {
    const auto at = std::ranges::find(columns_, column);
    return at == columns_.end() ? std::string()
                                : (*cells)[static_cast<std::size_t>(at - columns_.begin())];
  };
  Target target;
  if (const std::string address = cell("address"); !address.empty()) {
    AIOT_TRY(target, listed_target(address, where()));
  }
  if (const std::string code = cell("code"); !code.empty()) {
    AIOT_TRY(const Target coded, listed_target(code, where()));
    if (coded.code.empty()) return bad_list(where(), "not a setup code", "put it under address");
    target.code = coded.code;
  }
  if (target.address.scheme.empty() && target.code.empty()) {
    return bad_list(where(), "neither an address nor a code", "each row has one of them");
  }
  target.id = cell("id");
  target.token_file = cell("token_file");
  target.secrets = {cell("pop"), cell("username"), cell("passkey"), cell("token")};
  if (const std::string ssid = cell("ssid"); !ssid.empty()) {
    target.wifi = {ssid, cell("password"), cell("security"), cell("hidden") == "true"};
  }
  targets_.push_back(std::move(target));
  return {};
}

Result<std::vector<Target>> Reader::read() {
  for (bool first = true; !ended_; first = false) {
    AIOT_TRY(const bool there, next());
    if (!there) break;
    const bool header = first && line_.find_first_of(":/{") == std::string::npos &&
                        line_.find_first_not_of("0123456789- ") != std::string::npos;
    if (header) {
      AIOT_CHECK(read_header());
    } else if (!columns_.empty()) {
      AIOT_CHECK(take_row());
    } else if (line_.front() == '{') {
      AIOT_CHECK(take_json());
    } else {
      AIOT_TRY(Target target, listed_target(line_, where()));
      targets_.push_back(std::move(target));
    }
  }
  AIOT_CHECK(check_input(in_, name_));
  return std::move(targets_);
}

}  // namespace

Result<std::vector<Target>> read_pair_list(std::istream& in, const std::string& name,
                                           const Takes& takes) {
  return Reader(in, name, takes).read();
}

}  // namespace aiot::cli::command
