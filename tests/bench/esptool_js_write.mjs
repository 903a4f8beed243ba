// Writes one file with npm esptool-js as a user's script would: connect, stub, rate, write, MD5, reset.
//
//   node esptool_js_write.mjs RFC2217-PORT BAUD OFFSET FILE
import fs from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SocketPort } from '../peer/socket_port.mjs';

const require = createRequire(new URL('../x.js', import.meta.url));
const { ESPLoader, Transport } = await import(pathToFileURL(path.join(
  path.dirname(require.resolve('esptool-js/package.json')), 'lib/index.js')));

const [port, baud, offset, file] = process.argv.slice(2);
const device = new SocketPort('rfc2217', Number(port));
const terminal = { clean() {}, writeLine() {}, write() {} };
const transport = new Transport(device, false);
const loader = new ESPLoader({ transport, baudrate: Number(baud), terminal, enableTracing: false });
await loader.main('default_reset');
await loader.writeFlash({
  fileArray: [{ data: new Uint8Array(fs.readFileSync(file)), address: Number(offset) }],
  flashSize: 'keep', flashMode: 'keep', flashFreq: 'keep', eraseAll: false, compress: true,
  calculateMD5Hash: (bytes) => createHash('md5').update(bytes).digest('hex'),
});
await loader.after('hard_reset');
device.end();
