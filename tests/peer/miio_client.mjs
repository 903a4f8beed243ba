// npm miio as the client of a device in its box: what it is, and its credentials.
//
//   node miio_client.mjs ADDRESS TOKEN SSID PASSWORD
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(path.join(process.env.AIOT_TEST_NODE_MODULES, 'x.js'));
const miio = require('miio');
const [address, token, ssid, passwd] = process.argv.slice(2);

const device = await miio.device({ address, token });
console.log('model:', device.miioModel);
const info = await device.miioCall('miIO.info', []);
console.log('info:', info.mac, info.fw_ver);
console.log('settings:', JSON.stringify(await device.miioCall('miIO.config_router', { ssid, passwd, uid: 0 })));
console.log('state:', (await device.miioCall('miIO.wifi_assoc_state', [])).state);
process.exit(0);
