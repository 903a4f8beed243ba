// mqtt_packet: any bytes as what a broker sends, in both versions. What is decoded lies within the
// packet, and properties can be read again.
#include <cstdlib>

#include "mqtt/packet.hpp"

using namespace aiot;
using namespace aiot::mqtt;

namespace {

void within(std::string_view part, ByteSpan whole) {
  if (part.empty()) return;
  const auto* begin = reinterpret_cast<const char*>(whole.data());
  if (part.data() < begin || part.data() + part.size() > begin + whole.size()) std::abort();
}

void look(const Properties& properties, ByteSpan whole) {
  for (const Property& each : properties.all()) {
    within(each.text, whole);
    within(each.key, whole);
    if (each.id == PropertyId::user_property) continue;
    if (each.text.empty() && properties.number(each.id) != each.number &&
        each.id != PropertyId::subscription_id) {
      std::abort();
    }
  }
}

void look(const Packet& packet, ByteSpan whole) {
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    within(publish->topic, whole);
    within(publish->payload, whole);
    if (!publish->topic.empty() && !is_topic_name(publish->topic)) std::abort();
    if ((publish->qos > 0) != (publish->id > 0)) std::abort();
    look(publish->properties, whole);
  } else if (const auto* connack = std::get_if<Connack>(&packet)) {
    look(connack->properties, whole);
  } else if (const auto* ack = std::get_if<Ack>(&packet)) {
    if (ack->id == 0) std::abort();
    look(ack->properties, whole);
  } else if (const auto* suback = std::get_if<SubscribeAck>(&packet)) {
    look(suback->properties, whole);
  } else if (const auto* notice = std::get_if<Notice>(&packet)) {
    look(notice->properties, whole);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t limit = 64 * 1024;
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    ByteSpan rest(data, size);
    for (;;) {
      const Result<std::optional<Frame>> frame = next_frame(rest, version, limit);
      if (!frame || !*frame) break;
      if ((*frame)->size > limit || (*frame)->size > rest.size()) std::abort();
      const Result<Packet> packet = decode(**frame, version);
      if (packet) look(*packet, (*frame)->body);
      rest = rest.subspan((*frame)->size);
    }
  }
  return 0;
}
