#include "protocol/protocomm/protobuf.hpp"

namespace aiot::protocomm {
namespace {

enum WireType : std::uint32_t { varint_type = 0, fixed64 = 1, length_delimited = 2, fixed32 = 5 };

void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

}  // namespace

std::optional<std::uint64_t> ProtobufReader::varint() {
  constexpr std::size_t longest = 10;
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < longest && i < left_.size(); ++i) {
    value |= static_cast<std::uint64_t>(left_[i] & 0x7F) << (7 * i);
    if (left_[i] < 0x80) {
      left_ = left_.subspan(i + 1);
      return value;
    }
  }
  ok_ = false;
  return std::nullopt;
}

std::optional<ProtobufField> ProtobufReader::next() {
  if (left_.empty() || !ok_) return std::nullopt;
  const auto tag = varint();
  if (!tag) return std::nullopt;
  ProtobufField field;
  field.number = static_cast<std::uint32_t>(*tag >> 3);
  std::size_t length = 0;
  switch (*tag & 7) {
    case varint_type: {
      const auto value = varint();
      if (!value) return std::nullopt;
      field.value = *value;
      break;
    }
    case length_delimited: {
      const auto stated = varint();
      if (!stated) return std::nullopt;
      field.is_bytes = true;
      if (*stated > left_.size()) {
        ok_ = false;
        return std::nullopt;
      }
      length = static_cast<std::size_t>(*stated);
      field.bytes = left_.first(length);
      break;
    }
    case fixed32: length = 4; break;
    case fixed64: length = 8; break;
    default: ok_ = false;  // groups are gone from the format
  }
  if (*tag >> 3 == 0 || *tag > UINT32_MAX || length > left_.size()) ok_ = false;
  if (!ok_) return std::nullopt;
  if (!field.is_bytes && length == 4) field.value = load_le32(left_.data());
  if (!field.is_bytes && length == 8) field.value = load_le64(left_.data());
  left_ = left_.subspan(length);
  return field;
}

void put_chosen_number(Bytes& out, std::uint32_t number, std::uint64_t value) {
  put_varint(out, std::uint64_t{number} << 3 | varint_type);
  put_varint(out, value);
}

void put_number(Bytes& out, std::uint32_t number, std::uint64_t value) {
  if (value != 0) put_chosen_number(out, number, value);
}

void put_int32(Bytes& out, std::uint32_t number, std::int32_t value) {
  put_number(out, number, static_cast<std::uint64_t>(std::int64_t{value}));
}

void put_message(Bytes& out, std::uint32_t number, ByteSpan message) {
  put_varint(out, std::uint64_t{number} << 3 | length_delimited);
  put_varint(out, message.size());
  append(out, message);
}

void put_bytes(Bytes& out, std::uint32_t number, ByteSpan value) {
  if (!value.empty()) put_message(out, number, value);
}

}  // namespace aiot::protocomm
