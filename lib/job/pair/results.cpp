#include "aiot/pair.hpp"

namespace aiot::pair {
namespace {

constexpr SchemaInfo pair_schema = {"aiot.pair/1", "Result of `aiotctl pair`"};

}  // namespace

static void describe(FieldVisitor& v, StageTime& time) {
  v.choice("stage", time.stage, stage_names, "that was reached");
  v("ms", time.ms, "since the device's run began");
}

static void describe(FieldVisitor& v, VisibleNetwork& network) {
  v.text("ssid", network.ssid, "its name");
  v("bssid", network.bssid, "lower case, with colons", Presence::if_set);
  v("channel", network.channel, "of its radio", Presence::if_set);
  v("rssi_dbm", network.rssi_dbm, "signal strength at the device", Presence::if_set);
  v("security", network.security, "such as wpa2", Presence::if_set);
}

SchemaInfo schema_of(const UnpairResult&) {
  return {"aiot.unpair/1", "What `aiotctl pair unpair` did"};
}
void describe(FieldVisitor& v, UnpairResult& result) {
  v("address", result.address, "of the device whose bond has ended");
}

SchemaInfo schema_of(const PairResult&) { return pair_schema; }

void describe(FieldVisitor& v, PairResult& result) {
  v("protocol", result.protocol, "by which it is paired", Presence::if_set);
  v.text("id", result.id, "that the device itself reports: a MAC, a device id", Presence::if_set);
  v.text("name", result.name, "as it calls itself", Presence::if_set);
  v.text("model", result.model, "as it reports it", Presence::if_set);
  v.text("firmware", result.firmware, "its version", Presence::if_set);
  v("stages", result.stages, "those that were reached, in their order");
  v.text("ssid", result.ssid, "of the Wi-Fi network that it joined", Presence::if_set);
  v.text("ip", result.ip, "that it reports, or that it was found at", Presence::if_set);
  v.text("url", result.url, "where it is configured further", Presence::if_set);
  v("networks", result.networks, "Wi-Fi networks that it sees", Presence::if_set);
  v.text("services", result.services, "of a bond: profiles, by name or UUID", Presence::if_set);
  v.text("endpoint_reply", result.endpoint_reply, "to the data for an endpoint of its own",
         Presence::if_set);
  v("dry_run", result.dry_run, "nothing was touched", Presence::if_set);
  v("skipped", result.skipped, "an earlier run has paired it", Presence::if_set);
  v("seconds", result.seconds, "time that this device took", Presence::if_set);
}

SchemaInfo schema_of(const Report&) { return pair_schema; }

void describe(FieldVisitor& v, Report& report) {
  v("devices", report.devices, "one for each device, in the order given");
}

}  // namespace aiot::pair
