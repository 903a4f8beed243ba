#include "inference/model/flatbuffer.hpp"

#include <algorithm>
#include <utility>

#include "aiot/result.hpp"

namespace aiot::inference::flatbuffer {

void Document::fail(Errc code, std::string where) {
  if (!error_) error_ = make_error(code, std::move(where));
}

bool Document::holds(std::size_t position, std::size_t size) {
  if (failed()) return false;
  if (position <= bytes_.size() && size <= bytes_.size() - position) return true;
  fail(Errc::truncated, "at byte " + std::to_string(position));
  return false;
}

std::size_t Document::follow(std::size_t position) {
  const auto offset = load<std::uint32_t>(position);
  if (failed()) return 0;
  if (offset == 0) {
    fail(Errc::bad_model, "an empty offset at byte " + std::to_string(position));
    return 0;
  }
  return holds(position + offset, sizeof(std::uint32_t)) ? position + offset : 0;
}

bool Document::spend(std::size_t values) {
  spent_ += values;
  if (spent_ <= most_decoded_values) return true;
  fail(Errc::too_large, "vectors that overlap");
  return false;
}

Table Document::root() { return {this, follow(0)}; }

Table Tables::at(std::size_t index) const {
  return {document_, document_->follow(first_ + sizeof(std::uint32_t) * index)};
}

Table::Table(Document* document, std::size_t position) {
  if (document->failed()) return;
  // A table begins with the way back to its vtable: bytes of the vtable, bytes of the table, then
  // the place of each field within the table.
  const auto back = document->load<std::int32_t>(position);
  const auto vtable = static_cast<std::int64_t>(position) - back;
  if (vtable < 0) {
    document->fail(Errc::truncated, "a vtable before the file's start");
    return;
  }
  const auto vtable_bytes = document->load<std::uint16_t>(static_cast<std::size_t>(vtable));
  const auto table_bytes = document->load<std::uint16_t>(static_cast<std::size_t>(vtable) + 2);
  if (!document->holds(static_cast<std::size_t>(vtable), vtable_bytes) ||
      !document->holds(position, table_bytes)) {
    return;
  }
  if (vtable_bytes < 4) {
    document->fail(Errc::bad_model, "a vtable of " + std::to_string(vtable_bytes) + " bytes");
    return;
  }
  document_ = document;
  position_ = position;
  vtable_ = static_cast<std::size_t>(vtable);
  vtable_bytes_ = vtable_bytes;
}

std::size_t Table::field(int index) const {
  const auto entry = 4 + 2 * static_cast<std::size_t>(index);
  if (document_ == nullptr || entry + 2 > vtable_bytes_) return 0;
  const auto offset = document_->load<std::uint16_t>(vtable_ + entry);
  return offset == 0 ? 0 : position_ + offset;
}

Table Table::table(int index) const {
  const auto at = field(index);
  if (at == 0) return {};
  return {document_, document_->follow(at)};
}

Table::Elements Table::elements(int index, std::size_t element_bytes) const {
  const auto at = field(index);
  if (at == 0) return {};
  const auto vector = document_->follow(at);
  const std::size_t size = document_->load<std::uint32_t>(vector);
  if (document_->failed()) return {};
  if (!document_->holds(vector + 4, size * element_bytes)) return {};
  return {vector + 4, size};
}

Tables Table::tables(int index) const {
  const auto [first, size] = elements(index, sizeof(std::uint32_t));
  return {document_, first, size};
}

ByteSpan Table::bytes(int index) const {
  const auto [first, size] = elements(index, 1);
  if (size == 0) return {};
  return document_->bytes().subspan(first, size);
}

std::string Table::string(int index, std::size_t most) const {
  const auto all = bytes(index);
  const auto kept = all.first(std::min(all.size(), most));
  if (!kept.empty() && !document_->spend(kept.size())) return {};
  return to_string(kept);
}

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
