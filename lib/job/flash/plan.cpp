#include "job/flash/plan.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>

#include "aiot/units.hpp"
#include "job/flash/error.hpp"
#include "protocol/esp/error.hpp"

namespace aiot::flash {
namespace {

std::uint64_t round_down(std::uint64_t value) { return value / sector_size * sector_size; }
std::uint64_t round_up(std::uint64_t value) { return round_down(value + sector_size - 1); }

void add_gap(Extent& extent, std::uint64_t from, std::uint64_t to) {
  if (from < to) {
    extent.gaps.push_back(
        {static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to - from)});
  }
}

/// `wanted` as bytes; 0 when it names no size of its own.
std::uint32_t size_of_setting(const std::string& wanted) {
  if (wanted.empty() || wanted == "keep" || wanted == "detect") return 0;
  const auto size = parse_size(wanted);
  return size && *size <= UINT32_MAX ? static_cast<std::uint32_t>(*size) : 0;
}

constexpr std::string_view mac_place = "{mac}";
bool is_per_device(const Placement& image) {
  return image.path.find(mac_place) != std::string::npos;
}

/// There is no table, or none that this loader can read: an application has a usual place.
bool may_do_without_table(const Error& error) {
  return error.code == make_error_code(Errc::no_table) ||
         error.code == make_error_code(esp::Errc::rom_cannot);
}

}  // namespace

Result<std::vector<Extent>> lay_out(std::vector<Blob> blobs, std::uint32_t flash_size) {
  std::erase_if(blobs, [](const Blob& blob) { return blob.data.empty(); });
  std::sort(blobs.begin(), blobs.end(),
            [](const Blob& a, const Blob& b) { return a.offset < b.offset; });
  const std::uint64_t limit = flash_size != 0 ? flash_size : 1ULL << 32;
  std::vector<Extent> extents;
  std::uint64_t written_to = 0;  // end of the last blob
  for (const Blob& blob : blobs) {
    const std::uint64_t end = static_cast<std::uint64_t>(blob.offset) + blob.data.size();
    if (end > limit) {
      return make_error(Errc::bad_region,
                        fmt::format("{} ends at {}, the flash at {}", blob.name, format_hex(end),
                                    format_hex(limit)),
                        "choose a smaller image, another offset or a device with more flash");
    }
    if (extents.empty() ||
        round_down(blob.offset) > extents.back().offset + extents.back().data.size()) {
      if (!extents.empty()) {
        add_gap(extents.back(), written_to, extents.back().offset + extents.back().data.size());
      }
      extents.push_back({static_cast<std::uint32_t>(round_down(blob.offset)), {}, {}});
      written_to = extents.back().offset;
    }
    Extent& extent = extents.back();
    add_gap(extent, written_to, blob.offset);
    extent.data.resize(round_up(end) - extent.offset, 0xFF);
    std::copy(blob.data.begin(), blob.data.end(),
              extent.data.begin() + (blob.offset - extent.offset));
    written_to = end;
  }
  if (!extents.empty()) {
    add_gap(extents.back(), written_to, extents.back().offset + extents.back().data.size());
  }
  return extents;
}

std::uint64_t Plan::size_bytes() const {
  std::uint64_t size = 0;
  for (const Extent& extent : extents) size += extent.data.size();
  return size;
}

void Content::keep(const Extent& extent, const Gap& gap, ByteSpan bytes) {
  const std::uint32_t sector = gap.offset / sector_size * sector_size;
  auto [it, fresh] = own_.try_emplace(sector);
  if (fresh) {
    const auto begin = extent.data.begin() + (sector - extent.offset);
    it->second.assign(begin, begin + sector_size);
  }
  std::copy(bytes.begin(), bytes.end(), it->second.begin() + (gap.offset - sector));
}

std::vector<Segment> Content::segments(const Extent& extent, std::uint32_t offset,
                                       std::uint32_t size) const {
  std::vector<Segment> out;
  const std::uint32_t end = offset + size;
  while (offset < end) {
    const auto own = own_.lower_bound(offset);
    if (own != own_.end() && own->first == offset) {
      out.push_back({offset, own->second, false});
      offset += sector_size;
      continue;
    }
    const std::uint32_t limit = own != own_.end() ? std::min(end, own->first) : end;
    const std::uint32_t count = std::min(limit - offset, max_segment);
    out.push_back({offset, ByteSpan(extent.data).subspan(offset - extent.offset, count), true});
    offset += count;
  }
  return out;
}

crypto::Md5 Content::md5(const Extent& extent, std::uint32_t offset, std::uint32_t size) const {
  crypto::Md5Stream stream;
  for (const Segment& segment : segments(extent, offset, size)) stream.update(segment.data);
  return stream.finish();
}

Result<Planner> Planner::load(const std::vector<Placement>& images, HeaderPatch header,
                              bool force) {
  Planner planner;
  std::vector<Placement> shared;
  std::copy_if(images.begin(), images.end(), std::back_inserter(shared),
               [](const Placement& image) { return !is_per_device(image); });
  if (shared.size() < images.size()) planner.per_device_ = images;
  if (!shared.empty()) {
    AIOT_TRY(planner.set_, image::load_firmware(shared));
  }
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

/// Kept as long as the others: what is compressed is known by its place in memory.
net::Task<std::shared_ptr<const Plan>> Planner::plan_for_one(Device& device) {
  const std::string mac = to_hex(device.mac());
  std::vector<Placement> images = per_device_;
  for (Placement& image : images) {
    for (auto at = image.path.find(mac_place); at != std::string::npos;
         at = image.path.find(mac_place)) {
      image.path.replace(at, mac_place.size(), mac);
    }
  }
  AIOT_CO_TRY(Planner own, load(images, header_, force_));
  AIOT_CO_TRY(auto plan, co_await own.plan_for(device));
  made_["of " + mac].plan = plan;
  co_return plan;
}

net::Task<std::shared_ptr<const Plan>> Planner::plan_for(Device& device) {
  if (!per_device_.empty()) co_return co_await plan_for_one(device);
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
    device.run().notice(notice.code, notice.text, notice.hint);
  }
  co_return found->second.plan;
}

Result<Placement> parse_placement(std::string_view text) {
  Placement placement;
  placement.path = text;
  struct stat status {};
  const auto at = text.rfind('@');
  // A file that is really called so is taken at its word.
  if (at == std::string_view::npos || ::stat(placement.path.c_str(), &status) == 0) {
    return placement;
  }
  placement.path = text.substr(0, at);
  const std::string_view where = text.substr(at + 1);
  if (placement.path.empty() || where.empty()) {
    return make_error(Errc::unplaced, escape_controls(text), "write FILE@OFFSET or FILE@PARTITION");
  }
  // A sign belongs to a number, be it a wrong one.
  if (std::string_view("0123456789+-").find(where.front()) != std::string_view::npos) {
    AIOT_TRY(placement.offset, parse_size(where));
  } else {
    placement.partition = where;
  }
  return placement;
}

}  // namespace aiot::flash
