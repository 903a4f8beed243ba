// Writes esptool_js.txt: the frames that npm esptool-js 0.7.0 sends for each command.
//
//   AIOT_TEST_NODE_MODULES=…/node_modules node capture.mjs > esptool_js.txt
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES ?? process.cwd(), 'x.js'));
const root = path.dirname(require.resolve('esptool-js/package.json'));
const { ESPLoader, Transport } = await import(pathToFileURL(path.join(root, 'lib/index.js')));
const { ESP32ROM } = await import(pathToFileURL(path.join(root, 'lib/targets/esp32.js')));

const hex = (bytes) => Buffer.from(bytes).toString('hex');
let sent = [];

// A transport that keeps what it is given, framed by esptool-js itself, and answers "success".
const transport = Object.create(Transport.prototype);
Object.assign(transport, {
  SLIP_END: 0xc0, SLIP_ESC: 0xdb, SLIP_ESC_END: 0xdc, SLIP_ESC_ESC: 0xdd,
  getPid: () => undefined, getVid: () => undefined, getInfo: () => '', trace: () => {},
  flushInput: () => {}, flushOutput: async () => {}, inWaiting: () => 0,
  write: async (data) => { sent.push(hex(transport.slipWriter(data))); transport.op = data[1]; },
  read: async () => {
    const body = transport.op === 0x13 ? 16 : 0;
    return Uint8Array.from([1, transport.op, body + 2, 0, 0, 0, 0, 0, ...new Array(body + 2).fill(0)]);
  },
});
const quiet = { clean() {}, writeLine() {}, write() {} };
const loader = new ESPLoader({ transport, baudrate: 921600, romBaudrate: 115200, terminal: quiet });
loader.chip = new ESP32ROM();

console.log(`# Frames that npm esptool-js 0.7.0 sends, SLIP included, captured by capture.mjs.
# NAME HEX`);
async function take(name, run) {
  sent = [];
  await run();
  sent.forEach((frame, i) => console.log(`${name}${sent.length > 1 ? `.${i}` : ''} ${frame}`));
}

const block = Uint8Array.from({ length: 64 }, (_, i) => (i * 7 + 0xb0) & 0xff);
await take('sync', () => loader.sync());
await take('read_reg', () => loader.readReg(0x40001000));
await take('write_reg', () => loader.writeReg(0x3ff42020, 0x7000009f));
await take('mem_begin', () => loader.memBegin(0x1900, 2, 0x1800, 0x4009c000));
await take('mem_data', () => loader.memBlock(block, 1));
await take('mem_end', () => loader.memFinish(0x4009cdac));
await take('spi_attach', () => loader.flashSpiAttach(0));
await take('security_info', () => loader.command(loader.ESP_GET_SECURITY_INFO));
loader.IS_STUB = true;
await take('flash_begin_stub', () => loader.flashBegin(0x5000, 0x10000));
await take('flash_data', () => loader.flashBlock(block, 3, 3000));
await take('flash_end', () => loader.flashFinish(false));
await take('flash_defl_begin_stub', () => loader.flashDeflBegin(0x5000, 0x4100, 0x10000));
await take('flash_defl_data', () => loader.flashDeflBlock(block, 2, 3000));
await take('flash_defl_end', () => loader.flashDeflFinish(false));
await take('md5', () => loader.flashMd5sum(0x10000, 0x5000));
await take('erase_flash', () => loader.eraseFlash());
