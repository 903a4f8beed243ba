#include "aiot/ota.hpp"

namespace aiot::ota {

namespace {

constexpr SchemaInfo push_schema = {"aiot.ota.push/1", "Result of `aiotctl ota push`"};

}  // namespace

SchemaInfo schema_of(const PushResult&) { return push_schema; }

void describe(FieldVisitor& v, SlotInfo& slot) {
  v("image", slot.image, "number of the image");
  v("slot", slot.slot, "number of the slot");
  v("version", slot.version, "version in the slot");
  v("hash", slot.hash, "SHA-256 of header, payload and protected TLVs, hexadecimal");
  v("active", slot.active, "runs now");
  v("confirmed", slot.confirmed, "stays; else the image before is back after another reset");
  v("pending", slot.pending, "boots at the next reset");
}

void describe(FieldVisitor& v, PushResult& result) {
  v("protocol", result.protocol, "by which it was updated");
  v("version", result.version, "version of the image");
  v("hash", result.hash, "hash of the image, hexadecimal");
  v("image_bytes", result.image_bytes, "size of the image");
  v("version_before", result.version_before, "version that ran before", Presence::if_set);
  v("version_after", result.version_after, "version that runs now", Presence::if_set);
  v("sent_bytes", result.sent_bytes, "bytes of the image that were sent");
  v("upload_seconds", result.upload_seconds, "time that the upload took");
  v("dry_run", result.dry_run, "the device was asked, and left as it was", Presence::if_set);
  v("up_to_date", result.up_to_date, "it ran the image before, so that nothing was sent");
  v("booted", result.booted, "the device reports that it runs the image");
  v("confirmed", result.confirmed, "the image that runs stays");
  v("unconfirmed", result.unconfirmed, "why it is not known that the device runs the image",
    Presence::if_set);
  v("http_kind", result.http_kind, "kind of the device's web page", Presence::if_set);
  v("slots", result.slots, "the device's slots, as last reported");
  v("seconds", result.seconds, "time that this device took", Presence::if_set);
}

SchemaInfo schema_of(const PushReport&) { return push_schema; }

void describe(FieldVisitor& v, PushReport& report) {
  v("devices", report.devices, "one for each device, in the order given");
}

}  // namespace aiot::ota
