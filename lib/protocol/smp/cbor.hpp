#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aiot/bytes.hpp"
#include "aiot/result.hpp"
#include "aiot/value.hpp"

/// CBOR (RFC 8949), as far as SMP needs it.
namespace aiot::smp {

/// Nested lists and maps in each other.
inline constexpr unsigned max_cbor_depth = 8;
/// Values in a document, those inside others counted too.
inline constexpr std::size_t max_cbor_values = 4096;

/// Maps and lists of definite length, numbers in their shortest form.
Bytes encode_cbor(const Value& value);
/// One value that takes all of `bytes`. Maps may have text keys only; a tag is dropped; undefined
/// is null. Errc::bad_cbor says what is wrong.
Result<Value> decode_cbor(ByteSpan bytes);

/// A field of a map. One that is missing or of another type is nullopt, "", nullptr or false.
std::optional<std::uint64_t> number_of(const Object& object, std::string_view name);
std::string text_of(const Object& object, std::string_view name);
const Bytes* bytes_of(const Object& object, std::string_view name);
bool flag_of(const Object& object, std::string_view name);

}  // namespace aiot::smp
