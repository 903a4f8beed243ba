#include "protocol/dnssd/name.hpp"

#include <algorithm>

namespace aiot::dnssd {
namespace {

constexpr std::size_t longest_name = 255;
/// A name has at most 127 labels: more pointers than that serve no one.
constexpr int most_pointers = 127;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

Error bad(std::string_view why) { return make_error(Errc::bad_name, std::string(why)); }

Result<void> check(const Name& name) {
  for (const std::string& label : name.labels()) {
    if (label.empty() || label.size() > longest_label) return bad("a label has 1 to 63 bytes");
  }
  if (name.wire_bytes() > longest_name) return bad("a name has at most 255 bytes");
  return {};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The byte behind a backslash, and how many characters say it; 0 when nothing does.
std::size_t unescape(std::string_view text, char& byte) {
  if (text.size() >= 3 && std::all_of(text.begin(), text.begin() + 3, is_digit)) {
    const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    byte = static_cast<char>(value);
    return value < 256 ? 3 : 0;
  }
  if (text.empty()) return 0;
  byte = text[0];
  return 1;
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.ends_with('.') && !text.ends_with("\\.")) text.remove_suffix(1);
  Name name;
  if (text.empty()) return name;
  name.labels_.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '.') {
      name.labels_.emplace_back();
    } else if (text[i] == '\\') {
      char byte = 0;
      const std::size_t used = unescape(text.substr(i + 1), byte);
      if (used == 0) return bad("nothing, or no byte, behind a backslash");
      name.labels_.back() += byte;
      i += used;
    } else {
      name.labels_.back() += text[i];
    }
  }
  AIOT_CHECK(check(name));
  return name;
}

std::string Name::text() const {
  std::string out;
  for (const std::string& label : labels_) {
    if (!out.empty()) out += '.';
    for (const char c : label) {
      if (c == '.' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string Name::key() const {
  std::string out;
  out.reserve(wire_bytes());
  for (const std::string& label : labels_) {
    out += static_cast<char>(label.size());
    std::transform(label.begin(), label.end(), std::back_inserter(out), lower);
  }
  return out;
}

bool operator==(const Name& a, const Name& b) {
  const auto same_letter = [](char x, char y) { return lower(x) == lower(y); };
  const auto same_label = [&](const std::string& x, const std::string& y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), same_letter);
  };
  return std::equal(a.labels_.begin(), a.labels_.end(), b.labels_.begin(), b.labels_.end(),
                    same_label);
}

Name Name::parent() const {
  if (labels_.empty()) return {};
  return Name(std::vector<std::string>(labels_.begin() + 1, labels_.end()));
}

Result<Name> Name::with(std::string_view first) const {
  Name name;
  name.labels_.emplace_back(first);
  name.labels_.insert(name.labels_.end(), labels_.begin(), labels_.end());
  AIOT_CHECK(check(name));
  return name;
}

bool Name::ends_with(const Name& tail) const {
  if (tail.labels_.size() > labels_.size()) return false;
  const auto from = labels_.end() - static_cast<std::ptrdiff_t>(tail.labels_.size());
  return Name(std::vector<std::string>(from, labels_.end())) == tail;
}

std::size_t Name::wire_bytes() const {
  std::size_t bytes = 1;
  for (const std::string& label : labels_) bytes += 1 + label.size();
  return bytes;
}

Result<Name> read_name(ByteSpan packet, std::size_t& offset) {
  std::vector<std::string> labels;
  std::size_t bytes = 1;
  std::size_t at = offset;
  std::size_t piece = offset;  // where the run of labels that is being read begins
  int pointers = 0;
  for (;;) {
    if (at >= packet.size()) return make_error(Errc::truncated);
    const std::size_t length = packet[at];
    if (length >= 0xC0) {
      if (at + 1 >= packet.size()) return make_error(Errc::truncated);
      const std::size_t target = (length & 0x3FU) << 8 | packet[at + 1];
      if (pointers == 0) offset = at + 2;
      if (target >= piece) return bad("a pointer leads forwards");
      if (++pointers > most_pointers) return bad("too many pointers");
      at = piece = target;
      continue;
    }
    if (length > longest_label) return bad("an unknown kind of label");
    ++at;
    if (length == 0) break;
    if (length > packet.size() - at) return make_error(Errc::truncated);
    bytes += 1 + length;
    if (bytes > longest_name) return bad("a name has at most 255 bytes");
    labels.push_back(aiot::to_string(packet.subspan(at, length)));
    at += length;
  }
  if (pointers == 0) offset = at;
  return Name(std::move(labels));
}

}  // namespace aiot::dnssd
