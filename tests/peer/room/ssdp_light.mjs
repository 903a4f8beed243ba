// A UPnP light from npm node-ssdp, with its description served beside it: ssdp_light.mjs ADDRESS.
// Prints "ready".
import { createServer } from "node:http";
import { createRequire } from "node:module";

const { Server } = createRequire(import.meta.url)("node-ssdp");
const address = process.argv[2];
const udn = "uuid:2f402f80-da50-11e1-9b23-001788685f61";
const description = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><specVersion><major>1</major><minor>0</minor></specVersion>
<device><deviceType>urn:schemas-upnp-org:device:DimmableLight:1</deviceType>
<friendlyName>Room light</friendlyName><manufacturer>A light maker</manufacturer>
<modelName>Light 1</modelName><serialNumber>light-0001</serialNumber><UDN>${udn}</UDN></device></root>`;

const http = createServer((_, answer) => answer.end(description));
http.listen(0, address, () => {
  const ssdp = new Server({
    location: `http://${address}:${http.address().port}/description.xml`,
    udn,
    interfaces: ["dev0"],
  });
  ssdp.addUSN("upnp:rootdevice");
  ssdp.addUSN("urn:schemas-upnp-org:device:DimmableLight:1");
  Promise.resolve(ssdp.start()).then(() => console.log("ready"));
});
