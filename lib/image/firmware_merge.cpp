#include <fmt/format.h>

#include <algorithm>

#include "aiot/firmware.hpp"
#include "image/describe.hpp"
#include "image/files.hpp"

namespace aiot::firmware {
namespace {

using namespace image;

constexpr std::uint64_t max_output_bytes = 256ULL << 20;

/// The chip that counts. Bytes that all have their offsets and are no image need none.
Result<const EspChip*> chip_for(const std::string& wanted, const FirmwareSet& set) {
  const std::string& name = wanted.empty() ? set.chip : wanted;
  if (const EspChip* chip = find_chip(name)) return chip;
  const bool needs_one = std::any_of(set.pieces.begin(), set.pieces.end(), [](const Piece& p) {
    return !p.offset || p.image || p.kind == PieceKind::elf;
  });
  if (name.empty() && !needs_one) return esp_chips().data();
  return make_error(Errc::unknown_chip,
                    name.empty() ? std::string("no file says it") : fmt::format("\"{}\"", name),
                    "name the chip, such as esp32c3");
}

}  // namespace

Result<Record> merge(const MergeRequest& request) {
  if (request.images.empty()) return make_error(Errc::empty_file, "nothing to merge");
  AIOT_TRY(FirmwareSet set, load_firmware(request.images));
  for (const Piece& piece : set.pieces) {
    AIOT_CHECK(check_output(request.output, piece.path));
  }
  AIOT_TRY(const EspChip* chip, chip_for(request.chip, set));
  // Padding to a size means that the output is the whole of such a flash.
  const std::uint64_t flash_size = request.pad_to == 0 ? 0 : request.base + request.pad_to;
  AIOT_CHECK(resolve(set, *chip, std::nullopt, request.header, flash_size, {}));
  Bytes out;
  for (const Piece& piece : set.pieces) {
    if (*piece.offset < request.base) {
      return make_error(Errc::does_not_fit,
                        fmt::format("{} begins at {:#x}, the output at {:#x}", piece.name,
                                    *piece.offset, request.base),
                        "begin the output earlier");
    }
    const std::uint64_t at = *piece.offset - request.base;
    if (at + piece.data.size() > max_output_bytes) {
      return make_error(Errc::too_large, fmt::format("{} at {:#x}", piece.name, *piece.offset));
    }
    out.resize(static_cast<std::size_t>(at), request.fill);
    append(out, piece.data);
  }
  if (request.pad_to > max_output_bytes) return make_error(Errc::too_large, "padding");
  if (out.size() < request.pad_to) {
    out.resize(static_cast<std::size_t>(request.pad_to), request.fill);
  }
  if (!request.dry_run) {
    AIOT_CHECK(write_file(request.output, out, request.overwrite));
  }
  Object fields;
  fields.set("output", request.output);
  fields.set("chip", set.chip.empty() ? request.chip : set.chip);
  fields.set("base_offset", request.base);
  fields.set("size_bytes", static_cast<std::uint64_t>(out.size()));
  fields.set("sha256", to_hex(crypto::sha256(out)));
  fields.set("dry_run", request.dry_run);
  fields.set("pieces", describe_pieces(set.pieces));
  fields.set("notices", describe_notices(set.notices));
  return Record{"aiot.merge/1", std::move(fields)};
}

}  // namespace aiot::firmware
