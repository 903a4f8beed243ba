// npm node-ssdp as a device: announces a description that this same program serves.
//
//   node ssdp_peer.mjs ADDRESS     prints "ready" when it answers
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES ?? process.cwd(), 'x.js'));
const { Server } = require('node-ssdp');
const address = process.argv[2];
const udn = 'uuid:f40c2981-7329-40b7-8b04-27f187aecfb5';

const description = `<?xml version="1.0"?>
<root xmlns="urn:schemas-upnp-org:device-1-0"><device>
<deviceType>urn:schemas-upnp-org:device:Basic:1</deviceType>
<friendlyName>Desk lamp</friendlyName><manufacturer>Example Works</manufacturer>
<modelName>Lamp 2</modelName><serialNumber>02:00:5e:10:00:01</serialNumber>
<UDN>${udn}</UDN></device></root>`;
const web = http.createServer((_, answer) => {
  answer.setHeader('Content-Type', 'text/xml');
  answer.end(description);
});
web.listen(0, address, () => {
  const server = new Server({ udn, location: `http://${address}:${web.address().port}/d.xml`, ssdpTtl: 1 });
  server.addUSN('upnp:rootdevice');
  server.addUSN('urn:schemas-upnp-org:device:Basic:1');
  Promise.resolve(server.start()).then(() => console.log('ready'));
  process.on('SIGTERM', () => {
    server.stop();
    setTimeout(() => process.exit(0), 50);
  });
});
