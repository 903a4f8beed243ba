#include "protocol/ble/sensor.hpp"

#include <fmt/format.h>

#include "protocol/ble/atc/frame.hpp"
#include "protocol/ble/bthome/frame.hpp"
#include "protocol/ble/bthome/objects.hpp"
#include "protocol/ble/mibeacon/frame.hpp"
#include "protocol/ble/mibeacon/objects.hpp"
#include "protocol/ble/mibeacon/products.hpp"

namespace aiot::ble {

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
