#include "job/ota/install/state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "job/ota/error.hpp"

namespace aiot::ota {
namespace {

namespace json = boost::json;

constexpr std::string_view state_format = "aiot.slots/1";
constexpr std::size_t piece_bytes = std::size_t{64} * 1024;

std::string state_file(const std::string& folder) { return folder + "/state.json"; }
std::string copy_file(const std::string& folder) { return folder + "/state.copy.json"; }

std::string hash_text(const crypto::Sha256& hash) { return to_hex(hash); }

json::object to_json(const SlotState& state) {
  json::object out{{"format", state_format},
                   {"confirmed", slot_name(state.confirmed)},
                   {"on_trial", state.on_trial},
                   {"boots", state.boots}};
  json::array slots;
  for (unsigned i = 0; i < 2; ++i) {
    json::object slot{{"path", state.paths[i]}};
    if (const auto& record = state.slots[i]) {
      slot["version"] = record->version;
      slot["sha256"] = hash_text(record->sha256);
      slot["size_bytes"] = record->size_bytes;
    }
    slots.push_back(std::move(slot));
  }
  out["slots"] = std::move(slots);
  if (state.write) {
    out["write"] = json::object{{"sha256", hash_text(state.write->sha256)},
                                {"done_bytes", state.write->done_bytes}};
  }
  if (state.rolled_back) out["rolled_back"] = hash_text(*state.rolled_back);
  return out;
}

// Each reader throws what Boost.JSON throws for a field that is not there or of another kind.

crypto::Sha256 read_hash(const json::value& value) {
  const auto bytes = from_hex(std::string_view(value.as_string()));
  crypto::Sha256 out{};
  if (!bytes || bytes->size() != out.size()) throw std::invalid_argument("hash");
  std::ranges::copy(*bytes, out.begin());
  return out;
}

unsigned read_slot(const json::value& value) {
  if (value.as_string() != "a" && value.as_string() != "b") throw std::invalid_argument("slot");
  return value.as_string() == "b" ? 1 : 0;
}

SlotState from_json(const json::object& in) {
  SlotState out;
  if (in.at("format").as_string() != state_format) throw std::invalid_argument("format");
  out.confirmed = read_slot(in.at("confirmed"));
  out.on_trial = in.at("on_trial").as_bool();
  out.boots = json::value(in.at("boots")).to_number<unsigned>();
  for (unsigned i = 0; i < 2; ++i) {
    const json::object& slot = in.at("slots").as_array().at(i).as_object();
    out.paths[i] = slot.at("path").as_string();
    if (!slot.contains("sha256")) continue;
    out.slots[i] = {std::string(slot.at("version").as_string()), read_hash(slot.at("sha256")),
                    slot.at("size_bytes").to_number<std::uint64_t>()};
  }
  if (in.contains("write")) {
    const json::object& write = in.at("write").as_object();
    out.write = {read_hash(write.at("sha256")), write.at("done_bytes").to_number<std::uint64_t>()};
  }
  if (in.contains("rolled_back")) out.rolled_back = read_hash(in.at("rolled_back"));
  if (out.on_trial && !out.slots[out.other()]) throw std::invalid_argument("trial");
  return out;
}

/// Whether the slot on trial has the image that was installed. One without a path is somebody
/// else's. An error when the slot cannot be read now, which says nothing of its content.
Result<bool> is_whole(Disk& disk, const SlotState& state) {
  const std::string& path = state.paths[state.other()];
  if (path.empty()) return true;
  const SlotRecord& record = *state.slots[state.other()];
  AIOT_TRY(const std::unique_ptr<DiskFile> file, disk.open(path, false));
  if (file->size() < record.size_bytes) return false;
  AIOT_TRY(const crypto::Sha256 hash, hash_of(*file, record.size_bytes));
  return hash == record.sha256;
}

/// nullopt when the file is not there.
Result<std::optional<SlotState>> read_state(Disk& disk, const std::string& path) {
  AIOT_TRY(const std::optional<Bytes> bytes, disk.read(path));
  if (!bytes) return std::optional<SlotState>();
  boost::system::error_code error;
  const json::value value = json::parse(to_string(*bytes), error);
  std::string why = error.message();
  if (!error) {
    try {
      return std::optional(from_json(value.as_object()));
    } catch (const std::exception& thrown) {
      why = thrown.what();
    }
  }
  return make_error(Errc::bad_state, fmt::format("{}: {}", path, why),
                    "check the disk; restore the file, or remove it and its copy when slot a is "
                    "the one that runs");
}

}  // namespace

std::string slot_name(unsigned slot) { return slot == 0 ? "a" : "b"; }

void SlotState::roll_back() {
  rolled_back = slots[other()]->sha256;
  on_trial = false;
  boots = 0;
}

Result<SlotState> load_state(Disk& disk, const std::string& folder) {
  auto state = read_state(disk, state_file(folder));
  if (state) return std::move(*state).value_or(SlotState());
  // The copy is as new: it is written first.
  auto copy = read_state(disk, copy_file(folder));
  if (!copy || !*copy) return std::move(state).error();
  (**copy).from_copy = true;
  return **std::move(copy);
}

Result<void> save_state(Disk& disk, const std::string& folder, const SlotState& state) {
  const std::string text = json::serialize(to_json(state)) + "\n";
  AIOT_CHECK(disk.replace(copy_file(folder), as_bytes(text)));
  return disk.replace(state_file(folder), as_bytes(text));
}

Result<BootChoice> choose_boot(Disk& disk, const std::string& folder, unsigned most_boots) {
  AIOT_TRY(SlotState state, load_state(disk, folder));
  BootChoice out;
  out.from_copy = state.from_copy;
  if (state.from_copy) {
    // A disk that takes nothing has the copy still.
    (void)save_state(disk, folder, state);
  }
  if (state.on_trial) {
    const Result<bool> whole = is_whole(disk, state);
    if (state.boots >= most_boots || (whole && !*whole)) {
      state.roll_back();
      out.rolled_back = true;
    } else if (!whole) {
      // The slot may not be there yet: what runs for good boots, and the trial waits.
      out.unreadable = whole.error();
      out.slot = state.confirmed;
      return out;
    } else {
      ++state.boots;
      out.is_trial = true;
    }
    const Result<void> kept = save_state(disk, folder, state);
    if (!kept) {
      // A boot that is not counted would be one of a trial without an end.
      out.rolled_back = out.is_trial = false;
      out.unreadable = kept.error();
      out.slot = state.confirmed;
      return out;
    }
  }
  out.slot = state.active();
  return out;
}

Result<crypto::Sha256> hash_of(image::ByteSource& source, std::uint64_t size_bytes) {
  crypto::Sha256Stream hash;
  Bytes piece(piece_bytes);
  for (std::uint64_t at = 0; at < size_bytes;) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(piece_bytes, size_bytes - at));
    AIOT_CHECK(source.read(at, std::span(piece).first(count)));
    hash.update(ByteSpan(piece).first(count));
    at += count;
  }
  return hash.finish();
}

}  // namespace aiot::ota
