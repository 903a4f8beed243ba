// npm improv-wifi-serial-sdk as the host of a device on a serial port.
//
//   node --import ./esm_suffix.mjs improv_client.mjs /dev/pts/N SSID PASSWORD     prints what it learns, a line each
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { ReadStream } from 'node:tty';
import { pathToFileURL } from 'node:url';

const sdk = path.resolve(process.env.AIOT_TEST_NODE_MODULES, 'node_modules/improv-wifi-serial-sdk/dist/serial.js');
const { ImprovSerial } = await import(pathToFileURL(sdk));
const [port, ssid, password] = process.argv.slice(2);

const fd = openSync(port, constants.O_RDWR | constants.O_NOCTTY);
const input = new ReadStream(fd); // a file's stream would block the end of the program in its last read
const readable = new ReadableStream({
  start(controller) {
    input.on('data', (data) => controller.enqueue(new Uint8Array(data)));
    input.on('error', () => controller.close());
  },
});
// The next command is on the wire before its answer is waited for.
const writable = new WritableStream({ write: (chunk) => { writeSync(fd, chunk); } });
const log = { log() {}, debug() {}, error: (...words) => console.error(...words) };

const client = new ImprovSerial({ readable, writable }, log);
const say = (name, value) => console.log(`${name}: ${value}`);
const info = await client.initialize(5000);
say('info', `${info.firmware}, ${info.version}, ${info.chipFamily}, ${info.name}`);
say('state', client.state);
say('networks', (await client.scan()).map((one) => `${one.name} ${one.rssi} ${one.secured}`).join(', '));
say('hostname', await client.setHostname('lamp-1'));
say('bad hostname', await client.setHostname('lamp 1').catch((error) => error));
say('name', await client.setDeviceName('Lamp of the hall'));
say('network', JSON.stringify(await client.requestNetworkState()));
say('wrong password', await client.provision(ssid, password + '!').catch((error) => error));
await client.provision(ssid, password);
say('state', client.state);
say('url', client.nextUrl);
await client.requestCurrentState();
say('url', client.nextUrl);
closeSync(fd);
process.exit(0);
