#include "protocol/dnssd/message.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace aiot::dnssd {
namespace {

constexpr ErrorRow rows[] = {
    {Errc::truncated, "dnssd.truncated", "the DNS packet ends inside a record",
     Condition::protocol},
    {Errc::bad_name, "dnssd.bad_name", "a name in the DNS packet is malformed",
     Condition::protocol},
    {Errc::too_large, "dnssd.too_large", "the DNS packet is beyond 9000 bytes",
     Condition::protocol},
};
const ErrorTable table("dnssd", rows);

}  // namespace

boost::system::error_code make_error_code(Errc e) noexcept { return {static_cast<int>(e), table}; }

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

namespace {

constexpr std::uint16_t top_bit = 0x8000;
/// The last offset that a pointer can name.
constexpr std::size_t last_pointer = 0x3FFF;

std::uint16_t load_be16(ByteSpan bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

class Reader {
 public:
  explicit Reader(ByteSpan packet) : packet_(packet) {}
  std::size_t at = header_bytes;

  Result<std::uint16_t> u16() {
    if (packet_.size() - at < 2) return make_error(Errc::truncated);
    at += 2;
    return load_be16(packet_, at - 2);
  }
  Result<std::uint32_t> u32() {
    AIOT_TRY(const std::uint32_t high, u16());
    AIOT_TRY(const std::uint32_t low, u16());
    return high << 16 | low;
  }
  Result<Name> name() { return read_name(packet_, at); }

  Result<Question> question(bool& ours) {
    Question out;
    AIOT_TRY(out.name, name());
    AIOT_TRY(out.type, u16());
    AIOT_TRY(const std::uint16_t klass, u16());
    out.unicast = (klass & top_bit) != 0;
    ours = is_ours(klass);
    return out;
  }

  Result<Record> record(bool& ours) {
    Record out;
    AIOT_TRY(out.name, name());
    AIOT_TRY(out.type, u16());
    AIOT_TRY(const std::uint16_t klass, u16());
    AIOT_TRY(out.ttl_s, u32());
    AIOT_TRY(const std::size_t length, u16());
    if (packet_.size() - at < length) return make_error(Errc::truncated);
    out.flush = (klass & top_bit) != 0;
    ours = is_ours(klass);
    out.data = data(out.type, at, at + length);
    at += length;
    return out;
  }

 private:
  static bool is_ours(std::uint16_t klass) {
    const unsigned plain = klass & ~unsigned{top_bit};
    return plain == class_in || plain == ANY;
  }

  Data data(std::uint16_t type, std::size_t begin, std::size_t end) const {
    const ByteSpan bytes = packet_.subspan(begin, end - begin);
    std::optional<Data> out;
    switch (type) {
      case A: out = address<Ipv4>(bytes); break;
      case AAAA: out = address<Ipv6>(bytes); break;
      case PTR: out = pointer(begin, end); break;
      case SRV: out = location(begin, end); break;
      case TXT: out = strings(bytes); break;
      default: break;
    }
    return out ? *std::move(out) : Data(Opaque(bytes.begin(), bytes.end()));
  }

  template <class Address>
  static std::optional<Data> address(ByteSpan bytes) {
    Address out{};
    if (bytes.size() != out.size()) return std::nullopt;
    std::copy(bytes.begin(), bytes.end(), out.begin());
    return out;
  }
  /// The name that fills the rest of the data.
  std::optional<Name> last_name(std::size_t begin, std::size_t end) const {
    Result<Name> out = read_name(packet_.first(end), begin);
    if (!out || begin != end) return std::nullopt;
    return *std::move(out);
  }
  std::optional<Data> pointer(std::size_t begin, std::size_t end) const {
    std::optional<Name> target = last_name(begin, end);
    if (!target) return std::nullopt;
    return Pointer{*std::move(target)};
  }
  std::optional<Data> location(std::size_t begin, std::size_t end) const {
    if (end - begin < 6) return std::nullopt;
    std::optional<Name> host = last_name(begin + 6, end);
    if (!host) return std::nullopt;
    return Location{load_be16(packet_, begin), load_be16(packet_, begin + 2),
                    load_be16(packet_, begin + 4), *std::move(host)};
  }
  static std::optional<Data> strings(ByteSpan bytes) {
    Strings out;
    while (!bytes.empty()) {
      const std::size_t length = bytes[0];
      if (length > bytes.size() - 1) return std::nullopt;
      out.emplace_back(bytes.begin() + 1, bytes.begin() + 1 + static_cast<std::ptrdiff_t>(length));
      bytes = bytes.subspan(1 + length);
    }
    return out;
  }

  ByteSpan packet_;
};

class Writer {
 public:
  Bytes bytes;

  void u8(std::size_t value) { bytes.push_back(static_cast<std::uint8_t>(value)); }
  void u16(std::size_t value) {
    u8(value >> 8);
    u8(value);
  }
  void name(const Name& name) {
    const std::vector<std::string>& labels = name.labels();
    for (std::size_t i = 0; i < labels.size(); ++i) {
      const std::string rest = rest_of(labels, i);
      if (const auto known = offsets_.find(rest); known != offsets_.end()) {
        u16(known->second | 0xC000U);
        return;
      }
      if (bytes.size() <= last_pointer) offsets_.emplace(rest, bytes.size());
      u8(labels[i].size());
      append(bytes, as_bytes(labels[i]));
    }
    u8(0);
  }
  void question(const Question& question) {
    name(question.name);
    u16(question.type);
    u16(class_in | (question.unicast ? top_bit : 0U));
  }
  void record(const Record& record) {
    name(record.name);
    u16(record.type);
    u16(class_in | (record.flush ? top_bit : 0U));
    u16(record.ttl_s >> 16);
    u16(record.ttl_s);
    const std::size_t length_at = bytes.size();
    u16(0);
    std::visit([this](const auto& d) { data(d); }, record.data);
    const std::size_t length = bytes.size() - length_at - 2;
    bytes[length_at] = static_cast<std::uint8_t>(length >> 8);
    bytes[length_at + 1] = static_cast<std::uint8_t>(length);
  }

 private:
  /// Case is kept: the name that is pointed to must be this one, letter for letter.
  static std::string rest_of(const std::vector<std::string>& labels, std::size_t from) {
    std::string out;
    for (std::size_t i = from; i < labels.size(); ++i) {
      out += static_cast<char>(labels[i].size());
      out += labels[i];
    }
    return out;
  }
  void data(const Opaque& opaque) { append(bytes, opaque); }
  void data(const Ipv4& address) { append(bytes, address); }
  void data(const Ipv6& address) { append(bytes, address); }
  void data(const Pointer& pointer) { name(pointer.target); }
  void data(const Location& location) {
    u16(location.priority);
    u16(location.weight);
    u16(location.port);
    name(location.host);
  }
  void data(const Strings& strings) {
    for (const Bytes& string : strings) {
      u8(string.size());
      append(bytes, string);
    }
    if (strings.empty()) u8(0);  // RFC 6763 section 6.1: never without a string
  }

  std::unordered_map<std::string, std::size_t> offsets_;
};

}  // namespace

Result<Message> decode(ByteSpan packet) {
  if (packet.size() > largest_packet) return make_error(Errc::too_large);
  if (packet.size() < header_bytes) return make_error(Errc::truncated);
  Message out;
  const unsigned flags = load_be16(packet, 2);
  out.id = load_be16(packet, 0);
  out.response = (flags & 0x8000U) != 0;
  out.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xFU);
  out.authoritative = (flags & 0x0400U) != 0;
  out.truncated = (flags & 0x0200U) != 0;
  out.rcode = static_cast<std::uint8_t>(flags & 0xFU);
  Reader reader(packet);
  bool ours = false;
  for (unsigned i = load_be16(packet, 4); i > 0; --i) {
    AIOT_TRY(Question question, reader.question(ours));
    if (ours) out.questions.push_back(std::move(question));
  }
  std::size_t count_at = 6;
  for (std::vector<Record>* section : {&out.answers, &out.authorities, &out.additionals}) {
    for (unsigned i = load_be16(packet, count_at); i > 0; --i) {
      AIOT_TRY(Record record, reader.record(ours));
      if (ours) section->push_back(std::move(record));
    }
    count_at += 2;
  }
  return out;
}

Bytes encode(const Message& message) {
  Writer writer;
  writer.u16(message.id);
  writer.u16((message.response ? 0x8000U : 0U) | (message.opcode & 0xFU) << 11 |
             (message.authoritative ? 0x0400U : 0U) | (message.truncated ? 0x0200U : 0U) |
             (message.rcode & 0xFU));
  writer.u16(message.questions.size());
  writer.u16(message.answers.size());
  writer.u16(message.authorities.size());
  writer.u16(message.additionals.size());
  for (const Question& question : message.questions) writer.question(question);
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const Record& record : *section) writer.record(record);
  }
  return std::move(writer.bytes);
}

namespace {

/// No device has so many; without an end a hostile record would be compared with itself for long.
constexpr std::size_t most_attributes = 256;

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

bool same_key(std::string_view a, std::string_view b) {
  const auto lower = [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::vector<Attribute> attributes_of(const Strings& strings) {
  std::vector<Attribute> out;
  for (const Bytes& bytes : strings) {
    if (out.size() == most_attributes) break;
    const std::string text = aiot::to_string(bytes);
    const std::size_t equals = text.find('=');
    Attribute attribute;
    attribute.key = text.substr(0, equals);
    if (equals != std::string::npos) attribute.value = text.substr(equals + 1);
    if (attribute.key.empty() ||
        !std::all_of(attribute.key.begin(), attribute.key.end(), is_printable) ||
        find_value(out, attribute.key) != nullptr) {
      continue;
    }
    out.push_back(std::move(attribute));
  }
  return out;
}

const std::string* find_value(const std::vector<Attribute>& attributes, std::string_view key) {
  static const std::string empty;
  for (const Attribute& attribute : attributes) {
    if (same_key(attribute.key, key)) return attribute.value ? &*attribute.value : &empty;
  }
  return nullptr;
}

Strings strings_of(const std::vector<Attribute>& attributes) {
  Strings out;
  for (const Attribute& attribute : attributes) {
    const std::string text =
        attribute.value ? attribute.key + "=" + *attribute.value : attribute.key;
    if (text.size() > 255) continue;
    const ByteSpan bytes = as_bytes(text);
    out.emplace_back(bytes.begin(), bytes.end());
  }
  return out;
}

}  // namespace aiot::dnssd
