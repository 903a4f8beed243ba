#include <algorithm>

#include "image/firmware_set.hpp"

namespace aiot::image {

std::string_view what_it_is(const Piece& piece) {
  switch (piece.kind) {
    case PieceKind::bootloader: return "a boot loader";
    case PieceKind::application: return "an application";
    case PieceKind::merged: return "a merged image";
    case PieceKind::partition_table: return "a partition table";
    case PieceKind::elf: return "an ELF file";
    case PieceKind::raw: break;
  }
  const bool is_text = std::all_of(piece.data.begin(), piece.data.end(), [](std::uint8_t byte) {
    return byte >= 0x20 || byte == '\n' || byte == '\r' || byte == '\t';
  });
  return is_text && is_utf8(aiot::to_string(piece.data)) ? "a text file" : "no image";
}

}  // namespace aiot::image
