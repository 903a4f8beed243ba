// tuf_server.mjs FOLDER: serves the folder over HTTP on 127.0.0.1; prints its URL.
import fs from "node:fs";
import http from "node:http";
import path from "node:path";

const root = path.resolve(process.argv[2]);
const server = http.createServer((request, response) => {
  const file = path.join(root, decodeURIComponent(new URL(request.url, "http://host").pathname));
  fs.readFile(file, (error, data) => {
    response.writeHead(error ? 404 : 200, { "Content-Length": error ? 0 : data.length });
    response.end(error ? undefined : data);
  });
});
server.listen(0, "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}`));
