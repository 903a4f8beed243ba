// Drives npm esptool-js against a virtual device over RFC 2217 or TCP: connect, detect, MAC, stub,
// rate, flash id, write, MD5, read back, erase.
//
//   node esptool_js.mjs rfc2217|tcp PORT EXPECTED-CHIP MAC rom|stub [BAUD]
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { SocketPort } from './socket_port.mjs';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES ?? process.cwd(), 'x.js'));
const { ESPLoader, Transport } = await import(pathToFileURL(path.join(
  path.dirname(require.resolve('esptool-js/package.json')), 'lib/index.js')));

const [kind, port, chipName, mac, mode, baudText = '921600'] = process.argv.slice(2);
const baud = Number(baudText);

/// Half compressible, half noise, the same each time.
function makeImage(size) {
  const image = new Uint8Array(size);
  let x = 0x12345678;
  for (let i = 0; i < size; ++i) {
    x = (Math.imul(x, 1103515245) + 12345) >>> 0;
    image[i] = i % 8192 < 4096 ? (i >> 4) & 0xff : x >>> 24;
  }
  image[0] = 0x42; // no boot image: nothing patches it
  return image;
}

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');
const device = new SocketPort(kind, Number(port));
const transport = new Transport(device, false);
const log = [];
const terminal = { clean() {}, writeLine: (line) => log.push(line), write: (text) => log.push(text) };
const loader = new ESPLoader({ transport, baudrate: baud, terminal, enableTracing: false });
const before = kind === 'rfc2217' ? 'default_reset' : 'no_reset';

/// The ROM has no erase of its own; reading it is done 64 bytes at a time.
async function readSlow(offset, size) {
  const out = [];
  for (let at = 0; at < size; at += 64) {
    const request = new Uint8Array(8);
    new DataView(request.buffer).setUint32(0, offset + at, true);
    new DataView(request.buffer).setUint32(4, 64, true);
    out.push(...await loader.checkCommand('slow read', 0x0e, request, 0, 64));
  }
  return Uint8Array.from(out);
}

async function checkFlashId() {
  // esptool-js 0.7.0 looks for length registers that the ESP8266 does not have, and reads one bit.
  if (chipName === 'ESP8266') return;
  assert.equal(await loader.readFlashId(), 0x1640ef); // W25Q32: EF 40 16
}

async function withStub() {
  await loader.main(before);
  assert.equal(loader.chip.CHIP_NAME, chipName);
  assert.equal((await loader.chip.readMac(loader)).toLowerCase(), mac);
  assert.ok(loader.IS_STUB);
  await checkFlashId();
  const image = makeImage(150_000);
  for (const compress of [true, false]) {
    image[5] ^= 0xff; // each round writes something else
    await loader.writeFlash({
      fileArray: [{ data: image, address: 0x10000 }], flashSize: 'keep', flashMode: 'keep', flashFreq: 'keep',
      eraseAll: false, compress, calculateMD5Hash: md5,
    });
  }
  assert.deepEqual(await loader.readFlash(0x10000, 20_000), image.slice(0, 20_000));
  // Erase one sector: ERASE_REGION.
  const region = new Uint8Array(8);
  new DataView(region.buffer).setUint32(0, 0x11000, true);
  new DataView(region.buffer).setUint32(4, 0x1000, true);
  await loader.checkCommand('erase region', 0xd1, region);
  assert.ok((await loader.readFlash(0x11000, 0x1000)).every((b) => b === 0xff));
  assert.equal((await loader.readFlash(0x10ffc, 4)).length, 4);
  await loader.eraseFlash();
  assert.equal(await loader.flashMd5sum(0x10000, 0x1000), md5(new Uint8Array(0x1000).fill(0xff)));
}

async function withRom() {
  await loader.detectChip(before);
  assert.equal(loader.chip.CHIP_NAME, chipName);
  assert.equal((await loader.chip.readMac(loader)).toLowerCase(), mac);
  const old = chipName === 'ESP8266';
  loader.FLASH_WRITE_SIZE = 0x400; // what a ROM takes; esptool-js assumes its stub
  if (!old) {
    await loader.checkCommand('attach', 0x0d, new Uint8Array(8));
    if (baud !== 115200) await loader.changeBaud();
  } else {
    await loader.flashBegin(0, 0); // connects the flash
  }
  await checkFlashId();
  const image = makeImage(20_000);
  for (const compress of old ? [false] : [true, false]) {
    await loader.writeFlash({
      fileArray: [{ data: image, address: 0x20000 }], flashSize: 'keep', flashMode: 'keep', flashFreq: 'keep',
      eraseAll: false, compress,
    });
    if (old) continue;
    // 32 hexadecimal digits as text
    const request = new Uint8Array(16);
    new DataView(request.buffer).setUint32(0, 0x20000, true);
    new DataView(request.buffer).setUint32(4, image.length, true);
    const digits = await loader.checkCommand('md5', 0x13, request, 0, 32);
    assert.equal(Buffer.from(digits).toString(), md5(image));
    assert.deepEqual(await readSlow(0x20000, 4096), image.slice(0, 4096));
  }
}

const timer = setTimeout(() => {
  console.error('timed out\n' + log.join('\n'));
  process.exit(1);
}, 60_000);
try {
  await (mode === 'stub' ? withStub() : withRom());
  console.log(`${chipName} ${mode}: ok`);
} catch (error) {
  console.error(error, '\n' + log.slice(-20).join('\n'));
  process.exitCode = 1;
} finally {
  clearTimeout(timer);
  device.end();
}
process.exit();
