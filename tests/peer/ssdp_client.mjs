// npm node-ssdp as a searcher: finds a device in each way that it can be asked for, fetches its description, hears
// its goodbye. The device and its searcher are on one machine.
//
//   node ssdp_client.mjs UDN TYPE     prints "found" when all that but the goodbye is done; ends well with the goodbye
import assert from 'node:assert';
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES ?? process.cwd(), 'x.js'));
const { Client, Server } = require('node-ssdp');
const [udn, type] = process.argv.slice(2);

const search = (target) =>
  new Promise((done) => {
    const client = new Client();
    const ask = () => client.search(target);
    const again = setInterval(ask, 1000); // a datagram may be lost
    client.on('response', (headers, status) => {
      if (!headers.USN.startsWith(udn) || !again) return;
      clearInterval(again);
      client.stop();
      done({ headers, status });
    });
    ask();
  });

for (const target of ['upnp:rootdevice', udn, type]) {
  const { headers, status } = await search(target);
  assert.equal(status, 200);
  assert.equal(headers.ST, target);
  assert.equal(headers.USN, target === udn ? udn : `${udn}::${target}`);
  assert.match(headers['CACHE-CONTROL'], /^max-age=\d+$/);
  assert.match(headers.SERVER, /UPnP\/2\.0/);
  const answer = await fetch(headers.LOCATION);
  assert.equal(answer.status, 200);
  assert.ok((await answer.text()).includes(`<UDN>${udn}</UDN>`));
}

const listener = new Server();
listener.on('advertise-bye', (headers) => {
  if (headers.USN !== udn) return;
  assert.equal(headers.NTS, 'ssdp:byebye');
  process.exit(0);
});
await listener.start();
console.log('found');
