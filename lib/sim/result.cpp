#include "aiot/sim.hpp"

namespace aiot::sim {

SchemaInfo schema_of(const Ready&) {
  return {"aiot.sim.ready/1",
          "The line `aiotctl sim` prints for each device that can be connected to", false};
}
void describe(FieldVisitor& v, Ready& r) {
  static constexpr std::string_view schema[] = {"aiot.sim.ready/1"};
  std::string name(schema[0]);
  v.one_of("schema", name, schema, "");
  v("address", r.address, "as every other command takes it");
  v("chip", r.chip, "such as esp32c3, or gadget");
  v("mac", r.mac, "lower case, with colons; empty for a device under test");
  v("index", r.number, "of the device, from 1; the same when it is plugged in again");
  v("count", r.count, "how many devices there are");
  v("flash_file", r.flash_file, "the file that holds its flash", Presence::if_set);
  v("name", r.name, "of a gadget, as it announces itself; of a device under test, its model",
    Presence::if_set);
  v("monitor", r.monitor, "of a device under test: the address of its power monitor",
    Presence::if_set);
  v("addresses", r.addresses,
    "of a gadget: all its addresses on this machine; of a device under test with a power monitor: "
    "its own, then the monitor's",
    Presence::if_set);
  v("code", r.code, "of a device that waits to be paired: its setup code", Presence::if_set);
}

static void describe(FieldVisitor& v, MqttResult& m) {
  v("address", m.address, "its topics, as `aiotctl listen` takes them");
  v("connected", m.connected, "to the broker, at the end");
  v("published", m.published, "messages");
  v("lost", m.lost, "of a flood, messages that the broker did not take in time");
}

SchemaInfo schema_of(const DeviceResult&) { return {"aiot.sim/1", "One virtual device", false}; }
void describe(FieldVisitor& v, DeviceResult& d) {
  v("chip", d.chip, "such as esp32c3");
  v("mac", d.mac, "lower case, with colons");
  v("address", d.address, "where it was");
  v("flash_file", d.flash_file, "of a chip: the file that held its flash; empty: memory");
  v("addresses", d.addresses, "of a gadget: all its addresses on this machine", Presence::if_set);
  v("bytes_in", d.bytes_in, "received");
  v("bytes_out", d.bytes_out, "sent");
  v("commands", d.commands, "served");
  v("overruns", d.overruns, "of a chip: bytes that came faster than it reads");
  v("model", d.model, "of a device under test, such as ic01");
  v("inferences", d.inferences, "of a device under test");
  v("lines", d.lines, "of a gadget: lines on its console");
  v("lines_lost", d.lines_lost, "of these, lines that no client read in time");
  v("faults_fired", d.faults_fired, "faults that struck");
  v("monitor", d.monitor, "of a device under test: the address of its power monitor");
  v("mqtt", d.mqtt, "of a gadget that publishes");
  v("paired", d.paired, "of a device that waited to be paired");
  v("ssid", d.ssid, "of these: the network that it joined");
  v("running", d.running, "of a device that takes updates: the version that runs");
}

SchemaInfo schema_of(const Report&) {
  return {"aiot.sim/1",
          "What the virtual devices did, once they have stopped (in `finished` of --jsonl)"};
}
void describe(FieldVisitor& v, Report& r) { v("devices", r.devices, "one for each"); }

static void describe(FieldVisitor& v, Choice& c) {
  v("name", c.name, "as the option takes it");
  v("description", c.description, "one line");
}

SchemaInfo schema_of(const Catalog&) { return {"aiot.sim.list/1", "What `aiotctl sim --list` offers"}; }
void describe(FieldVisitor& v, Catalog& c) {
  v("devices", c.devices, "kinds of virtual device");
  v("faults", c.faults, "values of --fault");
  v("fault_grammar", c.fault_grammar, "how a fault is written");
  v("stages", c.stages, "where a fault can strike");
  v("profiles", c.profiles, "values of --profile");
}

SchemaInfo schema_of(const ProvisionCatalog&) {
  return {"aiot.sim.provision.list/1", "What `aiotctl sim provision --list` offers"};
}
void describe(FieldVisitor& v, ProvisionCatalog& c) {
  v("kinds", c.kinds, "values of --kind");
  v("fault_grammar", c.fault_grammar, "how a fault is written");
}

}  // namespace aiot::sim
