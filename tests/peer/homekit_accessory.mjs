// A HomeKit lamp of npm hap-nodejs. usage: homekit_accessory.mjs STORAGE CODE
// Prints a line of JSON: its port and its setup URI. Then "paired" and "unpaired", as it happens.
import hap from "hap-nodejs";

const [storage, code] = process.argv.slice(2);
hap.HAPStorage.setCustomStoragePath(storage);
const lamp = new hap.Accessory("Peer lamp", hap.uuid.generate("peer.lamp"));
lamp
  .getService(hap.Service.AccessoryInformation)
  .setCharacteristic(hap.Characteristic.Manufacturer, "A maker")
  .setCharacteristic(hap.Characteristic.Model, "PL-2")
  .setCharacteristic(hap.Characteristic.SerialNumber, "lamp-1")
  .setCharacteristic(hap.Characteristic.FirmwareRevision, "3.2.1");
lamp.addService(hap.Service.Lightbulb, "Peer lamp");
lamp.on("listening", (port) => console.log(JSON.stringify({ port, uri: lamp.setupURI() })));
lamp.on("paired", () => console.log("paired"));
lamp.on("unpaired", () => console.log("unpaired"));
await lamp.publish({
  username: "2A:2B:3C:4D:5E:6F",
  pincode: code,
  port: 0,
  category: hap.Categories.LIGHTBULB,
  advertiser: "ciao",
  bind: "v0", // the interface of the test; without a neighbour ciao would leave it out
});
process.on("SIGTERM", () => process.exit(0));
