#include "job/flash/planner.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

/// `wanted` as bytes; 0 when it names no size of its own.
std::uint32_t size_of_setting(const std::string& wanted) {
  if (wanted.empty() || wanted == "keep" || wanted == "detect") return 0;
  const auto size = parse_size(wanted);
  return size && *size <= UINT32_MAX ? static_cast<std::uint32_t>(*size) : 0;
}

/// There is no table, or none that this loader can read: an application has a usual place.
bool may_do_without_table(const Error& error) {
  return error.code == make_error_code(Errc::no_table) ||
         error.code == make_error_code(esp::Errc::rom_cannot);
}

}  // namespace

Result<Planner> Planner::load(const std::vector<Placement>& images, HeaderPatch header,
                              bool force) {
  Planner planner;
  AIOT_TRY(planner.set_, image::load_firmware(images));
  planner.header_ = std::move(header);
  planner.force_ = force;
  return planner;
}

bool Planner::names_partition() const {
  return std::any_of(set_.pieces.begin(), set_.pieces.end(),
                     [](const image::Piece& piece) { return !piece.partition.empty(); });
}

bool Planner::has_own_table() const {
  const auto has_own = [](const image::Piece& piece) {
    return piece.kind == image::PieceKind::partition_table ||
           piece.kind == image::PieceKind::merged;
  };
  return std::any_of(set_.pieces.begin(), set_.pieces.end(), has_own);
}

bool Planner::needs_table() const {
  const bool own_table = has_own_table();
  return std::any_of(set_.pieces.begin(), set_.pieces.end(), [&](const image::Piece& piece) {
    if (!piece.partition.empty()) return true;
    const bool application =
        piece.kind == image::PieceKind::application || piece.kind == image::PieceKind::elf;
    return application && !piece.offset && !own_table;
  });
}

Result<Planner::Made> Planner::make(const Device& device, const image::EspChip& chip,
                                    const std::optional<image::PartitionTable>& table,
                                    std::uint32_t flash_size) const {
  image::FirmwareSet set = set_;
  image::ResolveOptions options;
  options.force = force_;
  options.chip_revision = device.revision();
  AIOT_CHECK(image::resolve(set, chip, table, header_, flash_size, options));
  Plan plan;
  std::vector<Blob> blobs;
  for (const image::Piece& piece : set.pieces) {
    plan.files.push_back({piece.name, piece.partition, *piece.offset,
                          static_cast<std::uint32_t>(piece.data.size())});
    blobs.push_back({piece.name, *piece.offset, piece.data});
  }
  AIOT_TRY(plan.extents, lay_out(std::move(blobs), flash_size));
  return Made{std::make_shared<const Plan>(std::move(plan)), std::move(set.notices)};
}

net::Task<std::shared_ptr<const Plan>> Planner::plan_for(Device& device) {
  DeviceContext& context = device.context();
  const esp::Chip& loader_chip = device.loader().chip();
  const image::EspChip* chip = image::find_chip(loader_chip.name);
  if (chip == nullptr) {
    co_return make_error(Errc::unknown_chip, std::string(loader_chip.display));
  }
  std::optional<image::PartitionTable> table;
  if (needs_table()) {
    Result<image::PartitionTable> read = co_await device.read_table();
    if (read) {
      table = *std::move(read);
    } else if ((names_partition() && !has_own_table()) || !may_do_without_table(read.error())) {
      co_return std::move(read).error();
    }
  }
  std::uint32_t flash_size = size_of_setting(header_.size);
  if (flash_size == 0) flash_size = device.flash_size();
  if (flash_size == 0 && header_.size == "detect") {
    co_return make_error(Errc::unknown_flash, "setting the boot loader's flash size",
                         "give the size in place of \"detect\"");
  }
  const std::string table_text = table ? image::to_csv(*table) : "none";
  const std::string key =
      fmt::format("{} {} {} {}", chip->name, device.revision(), flash_size, table_text);
  auto found = made_.find(key);
  if (found == made_.end()) {
    AIOT_CO_TRY(Made made, make(device, *chip, table, flash_size));
    found = made_.emplace(key, std::move(made)).first;
  }
  for (const event::Notice& notice : found->second.notices) {
    context.notice(notice.code, notice.text, notice.hint);
  }
  co_return found->second.plan;
}

}  // namespace aiot::flash
