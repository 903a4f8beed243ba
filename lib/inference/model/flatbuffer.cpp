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

}  // namespace aiot::inference::flatbuffer
