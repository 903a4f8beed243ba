#include "protocol/smp/cbor.hpp"

#include <bit>
#include <cmath>

#include "protocol/smp/error.hpp"

namespace aiot::smp {
namespace {

/// The upper three bits of a value's first byte: RFC 8949, 3.1.
enum class Major : std::uint8_t { number, negative, bytes, text, list, map, tag, simple };

constexpr std::uint8_t indefinite = 31;
constexpr std::uint8_t break_code = 0xFF;

void put_head(Bytes& out, Major major, std::uint64_t argument) {
  const auto first = [&](unsigned low) {
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(major) << 5 | low));
  };
  const auto big_endian = [&](int size) {
    for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(argument >> shift));
    }
  };
  if (argument < 24) return first(static_cast<unsigned>(argument));
  int power = 0;
  while (power < 3 && argument >> (8 << power) != 0) ++power;
  first(24 + static_cast<unsigned>(power));
  big_endian(1 << power);
}

void put(Bytes& out, const Value& value);

struct Writer {
  Bytes& out;

  void operator()(std::nullptr_t) const { out.push_back(0xF6); }
  void operator()(bool value) const { out.push_back(value ? 0xF5 : 0xF4); }
  void operator()(std::int64_t value) const {
    if (value < 0) return put_head(out, Major::negative, static_cast<std::uint64_t>(-(value + 1)));
    put_head(out, Major::number, static_cast<std::uint64_t>(value));
  }
  void operator()(std::uint64_t value) const { put_head(out, Major::number, value); }
  void operator()(double value) const {
    out.push_back(0xFB);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    for (int shift = 56; shift >= 0; shift -= 8) {
      out.push_back(static_cast<std::uint8_t>(bits >> shift));
    }
  }
  void operator()(const std::string& value) const {
    put_head(out, Major::text, value.size());
    append(out, as_bytes(value));
  }
  void operator()(const Bytes& value) const {
    put_head(out, Major::bytes, value.size());
    append(out, value);
  }
  void operator()(const Array& values) const {
    put_head(out, Major::list, values.size());
    for (const Value& value : values) put(out, value);
  }
  void operator()(const Object& object) const {
    put_head(out, Major::map, object.fields().size());
    for (const Object::Field& field : object.fields()) {
      (*this)(field.first);
      put(out, field.second);
    }
  }
};

void put(Bytes& out, const Value& value) { std::visit(Writer{out}, value.storage()); }

Error bad(std::string what) { return make_error(Errc::bad_cbor, std::move(what)); }

double half_float(std::uint16_t bits) {
  const int exponent = bits >> 10 & 0x1F;
  const int fraction = bits & 0x3FF;
  double value = 0;
  if (exponent == 0) {
    value = std::ldexp(fraction, -24);
  } else if (exponent != 31) {
    value = std::ldexp(fraction + 1024, exponent - 25);
  } else {
    value = fraction == 0 ? HUGE_VAL : std::nan("");
  }
  return (bits & 0x8000) != 0 ? -value : value;
}

class Reader {
 public:
  explicit Reader(ByteSpan input) : rest_(input) {}
  bool at_end() const { return rest_.empty(); }

  Result<Value> read(unsigned depth) {
    if (depth > max_cbor_depth) return bad("nested too deeply");
    if (++values_ > max_cbor_values) return bad("too many values");
    AIOT_TRY(const Head head, read_head());
    switch (head.major) {
      case Major::number: return Value(static_cast<unsigned long long>(head.argument));
      case Major::negative:
        if (head.argument > INT64_MAX) return bad("a number beyond 64 bits");
        return Value(-1LL - static_cast<long long>(head.argument));
      case Major::bytes: return read_string<Bytes>(head);
      case Major::text: return read_string<std::string>(head);
      case Major::list: return read_list(head, depth);
      case Major::map: return read_map(head, depth);
      case Major::tag: return read(depth + 1);
      case Major::simple: return read_simple(head);
    }
    return bad("not a value");
  }

 private:
  struct Head {
    Major major = Major::number;
    std::uint8_t low = 0;
    std::uint64_t argument = 0;

    bool open() const { return low == indefinite; }
  };

  Result<Head> read_head() {
    if (rest_.empty()) return bad("it ends in the middle");
    Head head{static_cast<Major>(rest_[0] >> 5), static_cast<std::uint8_t>(rest_[0] & 0x1F), 0};
    rest_ = rest_.subspan(1);
    if (head.low < 24) {
      head.argument = head.low;
    } else if (head.low < 28) {
      const std::size_t size = std::size_t{1} << (head.low - 24);
      if (rest_.size() < size) return bad("it ends in the middle");
      for (std::size_t i = 0; i < size; ++i) head.argument = head.argument << 8 | rest_[i];
      rest_ = rest_.subspan(size);
    } else if (!head.open() || head.major < Major::bytes || head.major > Major::map) {
      return bad("a value without a length");
    }
    return head;
  }

  bool take_break() {
    if (rest_.empty() || rest_[0] != break_code) return false;
    rest_ = rest_.subspan(1);
    return true;
  }

  template <class T>
  Result<void> append_chunk(const Head& head, T& out) {
    // What is there bounds the allocation.
    if (head.argument > rest_.size()) return bad("a string that is longer than its packet");
    const ByteSpan chunk = rest_.first(static_cast<std::size_t>(head.argument));
    out.insert(out.end(), chunk.begin(), chunk.end());
    rest_ = rest_.subspan(chunk.size());
    return {};
  }

  template <class T>
  Result<Value> read_string(const Head& head) {
    T out;
    if (!head.open()) {
      AIOT_CHECK(append_chunk(head, out));
      return Value(std::move(out));
    }
    while (!take_break()) {
      AIOT_TRY(const Head chunk, read_head());
      if (chunk.major != head.major || chunk.open()) return bad("a string of mixed kinds");
      AIOT_CHECK(append_chunk(chunk, out));
    }
    return Value(std::move(out));
  }

  Result<Value> read_list(const Head& head, unsigned depth) {
    Array out;
    for (std::uint64_t i = 0; head.open() ? !take_break() : i < head.argument; ++i) {
      AIOT_TRY(Value value, read(depth + 1));
      out.push_back(std::move(value));
    }
    return Value(std::move(out));
  }

  Result<Value> read_map(const Head& head, unsigned depth) {
    Object out;
    for (std::uint64_t i = 0; head.open() ? !take_break() : i < head.argument; ++i) {
      AIOT_TRY(const Value key, read(depth + 1));
      if (key.string() == nullptr) return bad("a map whose key is no text");
      AIOT_TRY(Value value, read(depth + 1));
      if (out.find(*key.string()) != nullptr) return bad("a map that has a key twice");
      out.add(*key.string(), std::move(value));
    }
    return Value(std::move(out));
  }

  static Result<Value> read_simple(const Head& head) {
    switch (head.low) {
      case 20: return Value(false);
      case 21: return Value(true);
      case 22:
      case 23: return Value(nullptr);
      case 25: return Value(half_float(static_cast<std::uint16_t>(head.argument)));
      case 26:
        return Value(double{std::bit_cast<float>(static_cast<std::uint32_t>(head.argument))});
      case 27: return Value(std::bit_cast<double>(head.argument));
      default: return bad("a simple value that is not known");
    }
  }

  ByteSpan rest_;
  std::size_t values_ = 0;
};

/// What `object` has under `name`, when it is a T.
template <class T>
const T* field(const Object& object, std::string_view name) {
  const Value* value = object.find(name);
  return value == nullptr ? nullptr : std::get_if<T>(&value->storage());
}

}  // namespace

std::optional<std::uint64_t> number_of(const Object& object, std::string_view name) {
  const auto* value = field<std::uint64_t>(object, name);
  return value == nullptr ? std::nullopt : std::optional(*value);
}

std::string text_of(const Object& object, std::string_view name) {
  const auto* value = field<std::string>(object, name);
  return value == nullptr ? std::string() : *value;
}

const Bytes* bytes_of(const Object& object, std::string_view name) {
  return field<Bytes>(object, name);
}

bool flag_of(const Object& object, std::string_view name) {
  const auto* value = field<bool>(object, name);
  return value != nullptr && *value;
}

Bytes encode_cbor(const Value& value) {
  Bytes out;
  put(out, value);
  return out;
}

Result<Value> decode_cbor(ByteSpan bytes) {
  Reader reader(bytes);
  AIOT_TRY(Value value, reader.read(0));
  if (!reader.at_end()) return bad("bytes behind its end");
  return value;
}

}  // namespace aiot::smp
