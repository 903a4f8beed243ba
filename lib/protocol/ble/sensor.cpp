#include "protocol/ble/sensor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "protocol/ble/atc.hpp"
#include "protocol/ble/bthome.hpp"
#include "protocol/ble/mibeacon.hpp"
#include "protocol/ble/mibeacon_tables.hpp"

namespace aiot::ble {

std::string full_name(const Reading& reading) {
  if (reading.unit.empty()) return reading.name;
  return reading.name + "_" + std::string(reading.unit);
}

Value scaled(std::int64_t number, std::int64_t multiplier, std::int64_t divisor) {
  if (multiplier == 1 && divisor == 1) return number;
  return static_cast<double>(number) * static_cast<double>(multiplier) /
         static_cast<double>(divisor);
}

void settle(std::vector<Reading>& readings) {
  std::vector<std::string> names;
  for (Reading& reading : readings) {
    names.push_back(full_name(reading));
    const auto count = std::ranges::count(names, names.back());
    if (count > 1) reading.name += fmt::format("_{}", count);
  }
  std::erase_if(readings, [](const Reading& reading) {
    return std::holds_alternative<std::nullptr_t>(reading.value.storage());
  });
}

Value finite(double number) {
  if (!std::isfinite(number)) return nullptr;
  return number;
}

namespace {

constexpr std::uint32_t restart_below = 100;
/// Adverts that are not heard leave gaps between those of one device.
constexpr std::uint32_t small_step = 16;
constexpr int convincing_run = 3;

/// From the last sixteenth of the counter's range to the first. A counter of one byte is round
/// again within minutes, and many of its adverts are not heard: it is ahead by up to half its range
/// (RFC 1982).
bool is_wrap(std::uint32_t from, std::uint32_t to, unsigned bits) {
  const std::uint64_t range = std::uint64_t{1} << bits;
  if (bits <= 8) return ((to - from) & (range - 1)) < range / 2;
  return from >= range - range / 16 && to < range / 16;
}

}  // namespace

std::string_view security_text(Security security) {
  switch (security) {
    case Security::plain: return "plain";
    case Security::needs_key: return "needs key";
    case Security::wrong_key: return "wrong key";
    case Security::opened: return "opened";
    case Security::unverified: return "unverified";
    case Security::wrapped: return "counter wrapped";
    case Security::restarted: return "counter restarted";
    case Security::replayed: return "replayed";
    case Security::downgraded: return "downgraded";
  }
  return "";
}

bool is_trusted(Security security) {
  switch (security) {
    case Security::plain:
    case Security::opened:
    case Security::unverified:
    case Security::wrapped:
    case Security::restarted: return true;
    default: return false;
  }
}

Security KeyGuard::evaluate(std::uint32_t counter, unsigned bits, ByteSpan content,
                            Security when_ahead) const {
  if (!last_ || counter > *last_) return when_ahead;
  if (counter == *last_) {
    return std::ranges::equal(content, content_) ? when_ahead : Security::replayed;
  }
  if (is_wrap(*last_, counter, bits)) return Security::wrapped;
  return counter < restart_below ? Security::restarted : Security::replayed;
}

void KeyGuard::move(std::uint32_t counter, ByteSpan content) {
  last_ = counter;
  content_.assign(content.begin(), content.end());
  behind_.reset();
  behind_run_ = 0;
}

Security KeyGuard::on_sealed(bool opened, std::uint32_t counter, unsigned bits, ByteSpan content) {
  // Only what the key has vouched for moves the counter: anyone can send a high one.
  if (!opened) return Security::wrong_key;
  const Security verdict = evaluate(counter, bits, content, Security::opened);
  if (verdict != Security::replayed) move(counter, content);
  return verdict;
}

Security KeyGuard::on_untagged(std::uint32_t counter, unsigned bits, ByteSpan content) {
  Security verdict = evaluate(counter, bits, content, Security::unverified);
  if (verdict == Security::replayed) {
    const bool counts_up = behind_ && counter > *behind_ && counter - *behind_ <= small_step;
    if (!behind_ || counter != *behind_) behind_run_ = counts_up ? behind_run_ + 1 : 1;
    behind_ = counter;
    if (behind_run_ < convincing_run) return verdict;
    verdict = Security::restarted;
  }
  move(counter, content);
  return verdict;
}

std::optional<SensorData> SensorDecoder::decode(const Advert& advert, const ServiceData& data) {
  if (data.service == Uuid::of(mibeacon::service)) return decode_mibeacon(advert, data.data);
  if (bthome::is_bthome(data.service)) return decode_bthome(advert, data);
  if (data.service == Uuid::of(atc::service)) return decode_atc(advert, data.data);
  return std::nullopt;
}

const Bytes* SensorDecoder::key_of(const DeviceAddress& device) const {
  const auto found = keys_.find(device);
  return found == keys_.end() ? nullptr : &found->second;
}

std::optional<Bytes> SensorDecoder::unseal(const Sealed& sealed, SensorData& out) {
  const Bytes* key = key_of(sealed.device);
  Bytes objects(sealed.payload.begin(), sealed.payload.end());
  Security security = Security::plain;
  if (key == nullptr) {
    if (sealed.encrypted) security = Security::needs_key;
  } else if (!sealed.encrypted) {
    security = guards_[sealed.device].on_plain();
  } else if (auto opened = sealed.open(*key); opened && !opened->verified) {
    security =
        guards_[sealed.device].on_untagged(sealed.counter, sealed.counter_bits, sealed.content);
    objects = std::move(opened->objects);
  } else {
    security = guards_[sealed.device].on_sealed(opened.has_value(), sealed.counter,
                                                sealed.counter_bits, sealed.content);
    if (opened) objects = std::move(opened->objects);
  }
  out.security = security;
  const bool is_well = security == Security::opened || security == Security::unverified;
  if (key != nullptr && !is_well) key_problems_[sealed.device] = security;
  if (!is_trusted(security)) return std::nullopt;
  return objects;
}

std::optional<SensorData> SensorDecoder::decode_bthome(const Advert& advert,
                                                       const ServiceData& data) {
  const auto frame = bthome::parse_frame(data.service, data.data);
  if (!frame) return std::nullopt;
  SensorData out;
  out.format = fmt::format("bthome-v{}", frame->version);
  out.ecosystem = "BTHome";
  out.address = frame->address;
  out.encrypted = frame->encrypted;

  Sealed sealed;
  sealed.device = frame->address.value_or(advert.address);
  sealed.encrypted = frame->encrypted;
  sealed.counter = frame->counter();
  sealed.content = data.data;
  sealed.payload = frame->payload;
  sealed.open = [&](const Bytes& key) -> std::optional<Opened> {
    auto objects = open(*frame, sealed.device, key);
    if (!objects) return std::nullopt;
    return Opened{std::move(*objects), true};
  };
  if (const auto objects = unseal(sealed, out)) {
    out.readings = bthome::parse_objects(frame->version, *objects).readings;
  }
  return out;
}

std::optional<SensorData> SensorDecoder::decode_mibeacon(const Advert& advert, ByteSpan data) {
  const auto frame = mibeacon::parse_frame(data);
  if (!frame) return std::nullopt;
  SensorData out;
  out.format = fmt::format("mibeacon-v{}", frame->version);
  out.ecosystem = "Xiaomi Mi Home";
  out.address = frame->address;
  out.encrypted = frame->encrypted;
  out.solicited = frame->solicited;
  out.registered = frame->registered;
  out.product = frame->product;
  out.model = mibeacon::model_of(frame->product);
  out.mesh = frame->mesh;
  if (!frame->has_objects) return out;

  Sealed sealed;
  sealed.device = frame->address.value_or(advert.address);
  sealed.encrypted = frame->encrypted;
  sealed.counter = frame->whole_counter();
  sealed.counter_bits = frame->counter_bits();
  sealed.content = data;
  sealed.payload = frame->payload;
  sealed.open = [&](const Bytes& key) -> std::optional<Opened> {
    auto opened = open(*frame, sealed.device, key);
    if (!opened) return std::nullopt;
    return Opened{std::move(opened->objects), opened->verified};
  };
  // How mesh devices lay objects out is not public: where they do it as others do, the tag or the
  // objects themselves say so, and otherwise nothing is said of the key.
  if (frame->mesh) {
    const Bytes* key = key_of(sealed.device);
    const auto opened = frame->encrypted && key != nullptr ? sealed.open(*key) : std::nullopt;
    const bool as_others = frame->encrypted ? opened && opened->verified
                                            : mibeacon::looks_like_objects(frame->payload);
    if (!as_others) return out;
  }
  if (const auto objects = unseal(sealed, out)) {
    out.readings = mibeacon::parse_objects(frame->product, *objects).readings;
  }
  return out;
}

std::optional<SensorData> SensorDecoder::decode_atc(const Advert& advert, ByteSpan data) {
  const bool has_key = key_of(advert.address) != nullptr;
  const auto frame = atc::parse_frame(data, advert.address, has_key);
  if (!frame) return std::nullopt;
  SensorData out;
  out.format = atc::form_text(frame->form);
  out.address = frame->address;
  out.encrypted = frame->encrypted();

  Sealed sealed;
  sealed.device = advert.address;
  sealed.encrypted = frame->encrypted();
  sealed.counter = frame->counter;
  sealed.counter_bits = 8;
  sealed.content = data;
  sealed.payload = frame->payload;
  sealed.open = [&](const Bytes& key) -> std::optional<Opened> {
    auto values = open(*frame, sealed.device, key);
    if (!values) return std::nullopt;
    return Opened{std::move(*values), true};
  };
  if (const auto values = unseal(sealed, out)) out.readings = atc::readings(frame->form, *values);
  return out;
}

std::string key_problem_text(const DeviceAddress& device, Security security) {
  return fmt::format("{}: {}", address_text(device), security_text(security));
}

}  // namespace aiot::ble
