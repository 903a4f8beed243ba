// A Matter lamp that waits to be set up, from matter.js (npm @matter/main). Prints "ready".
import { ServerNode, VendorId } from "@matter/main";
import { OnOffLightDevice } from "@matter/main/devices/on-off-light";

const lamp = await ServerNode.create({
  id: "lamp",
  network: { port: 5540 },
  commissioning: { passcode: 20202021, discriminator: 3840 },
  productDescription: { name: "Room lamp", deviceType: OnOffLightDevice.deviceType },
  basicInformation: {
    vendorName: "A maker",
    vendorId: VendorId(0xfff1),
    productName: "Lamp",
    productLabel: "Lamp",
    productId: 0x8000,
    nodeLabel: "Room lamp",
    serialNumber: "lamp-1",
    uniqueId: "lamp-1",
  },
});
await lamp.add(OnOffLightDevice);
await lamp.start();
console.log("ready");
