// A controller of npm hap-controller. usage: homekit_controller.mjs HOST PORT DEVICE_ID ACTION [VALUE]
//   pair CODE    pairs, reads the accessories, lists the pairings, removes its own
//   wrong CODE   prints the error of pairing with this code
//   keys FILE    the same as pair, with long-term keys from FILE in place of pairing
import fs from "node:fs";
import { HttpClient } from "hap-controller";

const [host, port, id, action, value] = process.argv.slice(2);
const keys = action === "keys" ? JSON.parse(fs.readFileSync(value, "utf8")) : undefined;
const client = new HttpClient(id, host, Number(port), keys);

function values(accessories) {
  const out = [];
  for (const service of accessories.accessories[0].services)
    for (const one of service.characteristics) if (typeof one.value === "string") out.push(one.value);
  return out;
}

if (action === "wrong") {
  try {
    await client.pairSetup(value);
    console.log(JSON.stringify({ paired: true }));
  } catch (error) {
    console.log(JSON.stringify({ message: error.message, code: error.statusCode }));
  }
} else {
  if (action === "pair") {
    await client.identify();
    await client.pairSetup(value);
  }
  const accessories = await client.getAccessories();
  // TLV8: 01 is the name of a controller.
  const listed = (await client.listPairings()).get(1);
  await client.addPairing("another", Buffer.alloc(32, 7), false);
  const more = (await client.listPairings()).get(1);
  await client.removePairing(Buffer.from("another"));
  const own = client.getLongTermData().iOSDevicePairingID;
  await client.removePairing(Buffer.from(own, "hex"));
  console.log(JSON.stringify({ values: values(accessories), listed: listed.toString() ===
      Buffer.from(own, "hex").toString(), more: more.length }));
}
process.exit(0);
