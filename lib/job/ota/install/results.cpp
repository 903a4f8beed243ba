#include <array>

#include "aiot/ota_install.hpp"

namespace aiot::ota {
namespace {

constexpr std::array<std::string_view, 4> install_states = {"current", "available", "installed",
                                                            "on-trial"};

}  // namespace

SchemaInfo schema_of(const InstallResult&) {
  return {"aiot.ota.install/1", "Result of `aiotctl ota install`"};
}
SchemaInfo schema_of(const SlotResult&) {
  return {"aiot.ota.slot/1", "Result of `aiotctl ota slot`"};
}
SchemaInfo schema_of(const ConfirmResult&) {
  return {"aiot.ota.confirm/1", "Result of `aiotctl ota confirm`"};
}

void describe(FieldVisitor& v, InstallResult& result) {
  v.choice(
      "state", result.state, install_states,
      "current: nothing to install; available: a dry run found a newer version; installed: "
      "the image boots next, on trial; on-trial: it has booted, and waits for its confirmation");
  v("product", result.product, "the product");
  v("version", result.version, "version on offer");
  v("version_before", result.version_before, "version that runs", Presence::if_set);
  v("target", result.target, "path of the image in the repository");
  v("sha256", result.sha256, "SHA-256 of the image, hexadecimal");
  v("size_bytes", result.size_bytes, "size of the image");
  v("slot", result.slot, "slot of the image, a or b");
  v("path", result.path, "file or device of the slot", Presence::if_set);
  v("delta", result.delta, "made from the image that runs and a difference");
  v("received_bytes", result.received_bytes, "bytes of images and differences received");
  v("resumed_at_bytes", result.resumed_at_bytes, "bytes of the image that an earlier run received",
    Presence::if_set);
  v("seconds", result.seconds, "time that it took");
}

void describe(FieldVisitor& v, SlotResult& result) {
  v("slot", result.slot, "slot to boot, a or b");
  v("path", result.path, "file or device of the slot", Presence::if_set);
  v("version", result.version, "version in the slot", Presence::if_set);
  v("trial", result.trial, "it is rolled back unless it is confirmed");
  v("rolled_back", result.rolled_back, "the trial before has just failed");
  v("restored", result.restored, "the record of the slots was damaged, and is as its copy again");
  v("no_state", result.no_state, "the state folder is not there: nothing was installed yet");
  v.text("unreadable", result.unreadable, "why the slot on trial does not boot this time",
         Presence::if_set);
}

void describe(FieldVisitor& v, ConfirmResult& result) {
  v("slot", result.slot, "slot that boots from now on, a or b");
  v("version", result.version, "version in the slot", Presence::if_set);
  v("changed", result.changed, "a trial has ended");
}

}  // namespace aiot::ota
