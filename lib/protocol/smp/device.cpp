#include "protocol/smp/device.hpp"

#include <algorithm>
#include <utility>

#include "crypto/digest.hpp"
#include "protocol/smp/cbor.hpp"

namespace aiot::smp {
namespace {

/// Zephyr's mgmt_defines.h and img_mgmt.h.
enum Rc : unsigned { rc_invalid = 3, rc_no_entry = 5, rc_not_supported = 8 };
enum ImageRc : unsigned {
  image_no_hash = 8,
  image_bad_length = 21,
  image_too_short = 22,
  image_no_room = 30,
  image_active = 33
};

Object rc(unsigned code) { return Object{{"rc", code}}; }
Object image_error(unsigned code) {
  return Object{{"err", Object{{"group", static_cast<unsigned>(Group::image)}, {"rc", code}}}};
}

}  // namespace

Device::Device(DeviceOptions options, DeviceImage running)
    : options_(std::move(options)), slots_{std::move(running), DeviceImage()} {
  slots_[0].confirmed = true;
}

std::optional<Bytes> Device::on_packet(ByteSpan bytes) {
  if (dead_) return std::nullopt;
  ++packets_;
  if (options_.drop_every != 0 && packets_ % options_.drop_every == 0) return std::nullopt;
  Result<Packet> request = decode(bytes);
  if (!request) return std::nullopt;  // as Zephyr does
  ++commands_;
  Packet reply = *request;
  reply.op = request->op == Op::read ? Op::read_reply : Op::write_reply;
  reply.body = answer(*request);
  if (dead_) return std::nullopt;
  if (resetting_) boot();
  return encode(reply);
}

Object Device::answer(const Packet& request) {
  switch (request.group) {
    case Group::os: return os(request);
    case Group::image: return image(request);
    case Group::stat: return stat(request);
    case Group::fs: return file(request);
    case Group::shell: return shell(request);
    default: return rc(rc_not_supported);
  }
}

Object Device::os(const Packet& request) {
  switch (request.command) {
    case 0: {
      const Value* said = request.body.find("d");
      return said == nullptr ? rc(rc_invalid) : Object{{"r", *said}};
    }
    case 5: resetting_ = true; return {};
    case 6:
      if (!options_.knows_limits) return rc(rc_not_supported);
      return Object{{"buf_size", options_.buffer_bytes}, {"buf_count", options_.buffers}};
    case 7: return Object{{"output", "Zephyr " + slots_[0].version}};
    default: return rc(rc_not_supported);
  }
}

Object Device::stat(const Packet& request) const {
  constexpr std::string_view group = "smp_server";
  if (request.command == 1) {
    Array groups;
    groups.push_back(group);
    return Object{{"stat_list", std::move(groups)}};
  }
  if (text_of(request.body, "name") != group) return rc(rc_no_entry);
  return Object{{"name", group}, {"fields", Object{{"requests", commands_}, {"boots", boots_}}}};
}

Object Device::file(const Packet& request) {
  constexpr std::size_t piece_bytes = 256;
  constexpr std::size_t most_files = 16;
  const std::string name = text_of(request.body, "name");
  const std::uint64_t at = number_of(request.body, "off").value_or(0);
  if (request.command != 0) return rc(rc_not_supported);
  if (request.op == Op::read) {
    const auto found = files_.find(name);
    if (found == files_.end() || at > found->second.size()) return rc(rc_no_entry);
    const ByteSpan rest = ByteSpan(found->second).subspan(static_cast<std::size_t>(at));
    const ByteSpan piece = rest.first(std::min(piece_bytes, rest.size()));
    Object reply{{"off", at}, {"data", Bytes(piece.begin(), piece.end())}};
    if (at == 0) reply.set("len", found->second.size());
    return reply;
  }
  const Bytes* data = bytes_of(request.body, "data");
  if (data == nullptr || name.empty() || files_.size() > most_files) return rc(rc_invalid);
  Bytes& content = files_[name];
  if (at == 0) content.clear();
  if (at != content.size() || data->size() > options_.slot_bytes - content.size()) {
    return rc(rc_invalid);
  }
  append(content, *data);
  return Object{{"off", content.size()}};
}

Object Device::shell(const Packet& request) const {
  constexpr int not_a_command = -8;  // Zephyr: -ENOEXEC
  const Value* words = request.body.find("argv");
  if (words == nullptr || words->array() == nullptr || words->array()->empty()) {
    return rc(rc_invalid);
  }
  std::string line;
  for (const Value& word : *words->array()) {
    if (word.string() == nullptr) return rc(rc_invalid);
    line += (line.empty() ? "" : " ") + *word.string();
  }
  constexpr std::string_view echo = "echo ";
  if (!line.starts_with(echo))
    return Object{{"o", line + ": command not found\n"}, {"ret", not_a_command}};
  return Object{{"o", line.substr(echo.size()) + "\n"}, {"ret", 0}};
}

Object Device::image(const Packet& request) {
  const bool write = request.op == Op::write;
  switch (request.command) {
    case 0: return write ? set_state(request.body) : states();
    case 1: return write ? upload(request.body) : rc(rc_not_supported);
    case 5:
      if (!write) return rc(rc_not_supported);
      slots_[1] = DeviceImage();
      upload_size_ = 0;
      return {};
    default: return rc(rc_not_supported);
  }
}

Object Device::states() const {
  Array images;
  for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
    const DeviceImage& image = slots_[slot];
    if (image.version.empty()) continue;
    images.push_back(Object{{"slot", slot},
                            {"version", image.version},
                            {"hash", image.hash},
                            {"bootable", true},
                            {"pending", image.pending},
                            {"confirmed", slot == 0 && image.confirmed},
                            {"active", slot == 0},
                            {"permanent", image.permanent}});
  }
  return Object{{"images", std::move(images)}, {"splitStatus", 0}};
}

Object Device::set_state(const Object& body) {
  const bool confirm = flag_of(body, "confirm");
  const Bytes* hash = bytes_of(body, "hash");
  if (hash == nullptr) {
    if (!confirm) return rc(rc_invalid);
    slots_[0].confirmed = true;
    testing_ = false;
    return states();
  }
  if (*hash == slots_[0].hash && confirm) {
    slots_[0].confirmed = true;
    testing_ = false;
    return states();
  }
  if (*hash == slots_[0].hash) return image_error(image_active);
  if (slots_[1].version.empty() || *hash != slots_[1].hash) return image_error(image_no_hash);
  slots_[1].pending = true;
  slots_[1].permanent = confirm;
  return states();
}

Object Device::upload(const Object& body) {
  const Bytes* data = bytes_of(body, "data");
  const std::optional<std::uint64_t> at = number_of(body, "off");
  if (data == nullptr || !at) return rc(rc_invalid);
  DeviceImage& slot = slots_[1];
  if (*at == 0) {
    const std::optional<std::uint64_t> length = number_of(body, "len");
    if (!length) return image_error(image_bad_length);
    if (data->size() < 32) return image_error(image_too_short);
    if (*length > options_.slot_bytes) return image_error(image_no_room);
    const Bytes* sha = bytes_of(body, "sha");
    const bool same = sha != nullptr && *sha == upload_sha_ && *length == upload_size_;
    if (same && !slot.bytes.empty()) return Object{{"off", slot.bytes.size()}};
    slot = DeviceImage();
    upload_size_ = *length;
    upload_sha_ = sha == nullptr ? Bytes() : *sha;
  }
  if (*at != slot.bytes.size() || upload_size_ == 0) return Object{{"off", slot.bytes.size()}};
  if (data->size() > upload_size_ - *at) return rc(rc_invalid);
  append(slot.bytes, *data);
  if (options_.corrupt_at && *options_.corrupt_at >= *at &&
      *options_.corrupt_at < slot.bytes.size()) {
    slot.bytes[static_cast<std::size_t>(*options_.corrupt_at)] ^= 1;
    options_.corrupt_at.reset();
  }
  if (options_.dead_after && slot.bytes.size() >= *options_.dead_after) dead_ = true;
  Object reply{{"off", slot.bytes.size()}};
  if (slot.bytes.size() < upload_size_) return reply;
  if (options_.read_image) {
    if (std::optional<ImageFacts> facts = options_.read_image(slot.bytes)) {
      slot.version = std::move(facts->version);
      slot.hash = std::move(facts->hash);
    }
  }
  if (!upload_sha_.empty()) {
    reply.set("match", std::ranges::equal(crypto::sha256(slot.bytes), upload_sha_));
  }
  return reply;
}

void Device::boot() {
  resetting_ = false;
  ++boots_;
  if (options_.never_returns) {
    dead_ = true;
    return;
  }
  if (testing_) {  // the image on probation was not confirmed
    std::swap(slots_[0], slots_[1]);
    slots_[0].confirmed = true;
    testing_ = false;
  } else if (slots_[1].pending) {
    const bool keep = slots_[1].permanent;
    slots_[1].pending = slots_[1].permanent = false;
    if (options_.reverts) return;
    std::swap(slots_[0], slots_[1]);
    slots_[0].confirmed = keep;
    testing_ = !keep;
  }
}

}  // namespace aiot::smp
