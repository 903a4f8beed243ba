#include "inference/model/flatbuffer_writer.hpp"

#include <algorithm>

namespace aiot::inference::flatbuffer {

Writer::Writer(std::string_view identifier) {
  append_le32(out_, 0);
  append(out_, as_bytes(identifier.substr(0, 4)));
}

/// Fills up with zeroes until `ahead` bytes from here are aligned.
void Writer::align(std::size_t alignment, std::size_t ahead) {
  while ((out_.size() + ahead) % alignment != 0) out_.push_back(0);
}

Writer::Written Writer::table(const std::vector<Field>& fields) {
  int highest = -1;
  for (const auto& field : fields) highest = std::max(highest, field.index);
  std::vector<std::uint16_t> entries(static_cast<std::size_t>(highest + 1));
  const std::size_t vtable_bytes = 4 + 2 * entries.size();
  align(8, vtable_bytes);  // the table itself is aligned for 8-byte fields
  const auto vtable = out_.size();
  out_.resize(vtable + vtable_bytes);
  Written written;
  written.position = out_.size();
  append_le32(out_, static_cast<std::uint32_t>(vtable_bytes));
  for (const auto& field : fields) {
    if (field.size == 0) {
      written.fields.push_back(0);
      continue;
    }
    align(field.size);
    written.fields.push_back(out_.size());
    entries[static_cast<std::size_t>(field.index)] =
        static_cast<std::uint16_t>(out_.size() - written.position);
    for (std::size_t i = 0; i < field.size; ++i) {
      out_.push_back(static_cast<std::uint8_t>(field.bits >> (8 * i)));
    }
  }
  store_le16(&out_[vtable], static_cast<std::uint16_t>(vtable_bytes));
  store_le16(&out_[vtable + 2], static_cast<std::uint16_t>(out_.size() - written.position));
  for (std::size_t i = 0; i < entries.size(); ++i)
    store_le16(&out_[vtable + 4 + 2 * i], entries[i]);
  return written;
}

void Writer::point(std::size_t from, std::size_t to) {
  store_le32(&out_[from], static_cast<std::uint32_t>(to - from));
}

std::size_t Writer::vector_bytes(ByteSpan values, std::size_t count, std::size_t alignment) {
  align(std::max<std::size_t>(alignment, 4), 4);
  const auto position = out_.size();
  append_le32(out_, static_cast<std::uint32_t>(count));
  append(out_, values);
  return position;
}

std::size_t Writer::string(std::string_view text) {
  const auto position = vector_bytes(as_bytes(text), text.size(), 4);
  out_.push_back(0);
  return position;
}

std::size_t Writer::offsets(std::size_t count) { return vector(std::vector<std::uint32_t>(count)); }

}  // namespace aiot::inference::flatbuffer
