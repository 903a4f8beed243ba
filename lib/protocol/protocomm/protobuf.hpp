#pragma once

#include <optional>
#include <string_view>

#include "aiot/bytes.hpp"

/// As much of Protocol Buffers' wire format (protobuf.dev, "Encoding") as provisioning needs.
namespace aiot::protocomm {

struct ProtobufField {
  std::uint32_t number = 0;
  bool is_bytes = false;
  std::uint64_t value = 0;  ///< of a varint or of a fixed number
  ByteSpan bytes;           ///< into the message
};

/// Walks over the fields of a message: of scalars the last one counts, of unknown ones none.
class ProtobufReader {
 public:
  explicit ProtobufReader(ByteSpan message) : left_(message) {}
  /// Nothing at the end, and at what is no field: see ok().
  std::optional<ProtobufField> next();
  /// False when the message ended in the middle of a field, or has one that no version of the
  /// format allows here.
  bool ok() const { return ok_; }

 private:
  std::optional<std::uint64_t> varint();

  ByteSpan left_;
  bool ok_ = true;
};

/// As proto3 does, the first two leave zero and empty fields out.
void put_number(Bytes& out, std::uint32_t number, std::uint64_t value);
void put_bytes(Bytes& out, std::uint32_t number, ByteSpan value);
/// A negative number has ten bytes.
void put_int32(Bytes& out, std::uint32_t number, std::int32_t value);
/// A field of a `oneof`, or a message: written although it is zero or empty.
void put_chosen_number(Bytes& out, std::uint32_t number, std::uint64_t value);
void put_message(Bytes& out, std::uint32_t number, ByteSpan message);

}  // namespace aiot::protocomm
