#include "protocol/ble/sensor.hpp"

#include <fmt/format.h>

#include "protocol/ble/bthome/frame.hpp"
#include "protocol/ble/bthome/objects.hpp"
#include "protocol/ble/mibeacon/frame.hpp"
#include "protocol/ble/mibeacon/objects.hpp"
#include "protocol/ble/mibeacon/products.hpp"

namespace aiot::ble {

std::optional<SensorData> SensorDecoder::decode(const Advert& advert, const ServiceData& data) {
  if (data.service == Uuid::of(mibeacon::service)) return decode_mibeacon(advert, data.data);
  if (bthome::is_bthome(data.service)) return decode_bthome(advert, data);
  return std::nullopt;
}

std::optional<Bytes> SensorDecoder::unseal(const Sealed& sealed, SensorData& out) {
  const auto found = keys_.find(sealed.device);
  const Bytes* key = found == keys_.end() ? nullptr : &found->second;
  Bytes objects(sealed.payload.begin(), sealed.payload.end());
  Security security = Security::plain;
  if (key == nullptr) {
    if (sealed.encrypted) security = Security::needs_key;
  } else if (!sealed.encrypted) {
    security = guards_[sealed.device].on_plain();
  } else if (auto opened = sealed.open(*key); opened && !opened->verified) {
    security = Security::unverified;  // without a tag anyone could move the counter
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
  if (!frame->has_objects || frame->mesh) return out;

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
  if (const auto objects = unseal(sealed, out)) {
    out.readings = mibeacon::parse_objects(frame->product, *objects).readings;
  }
  return out;
}

std::string key_problem_text(const DeviceAddress& device, Security security) {
  return fmt::format("{}: {}", address_text(device), security_text(security));
}

}  // namespace aiot::ble
