// tuf_client.mjs TESTS: a client of npm tuf-js. Reads requests as JSON lines on standard input, answers each with one:
//   {"url":…, "folder":…, "target":…}  updates from URL; FOLDER has root.json and keeps what is trusted.
import { createRequire } from "node:module";
import fs from "node:fs";
import path from "node:path";
import readline from "node:readline";

const require = createRequire(path.join(process.argv[2], "package.json"));
const { Updater } = require("tuf-js");

async function update({ url, folder, target }) {
  const targetDir = path.join(folder, "targets");
  fs.mkdirSync(targetDir, { recursive: true });
  const updater = new Updater({
    metadataDir: folder,
    metadataBaseUrl: url + "/metadata",
    targetDir,
    targetBaseUrl: url + "/targets",
    config: { fetchRetries: 0 },
  });
  await updater.refresh();
  const info = await updater.getTargetInfo(target);
  if (!info) return { ok: false, error: "no target" };
  const file = await updater.downloadTarget(info, path.join(targetDir, "target"));
  const root = JSON.parse(fs.readFileSync(path.join(folder, "root.json"))).signed.version;
  return { ok: true, root, custom: info.custom, content: fs.readFileSync(file).toString("base64") };
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  let answer;
  try {
    answer = await update(JSON.parse(line));
  } catch (error) {
    answer = { ok: false, error: error.constructor.name + ": " + error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
