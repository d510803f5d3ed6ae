// Node's own http: GET /hello, and the files of $ROOT: opened, measured and streamed for each request, as a small file
// server is usually written with node:fs.

import { open } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import process from "node:process";
import { pipeline } from "node:stream/promises";

const TYPES = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain",
};

const root = process.env.ROOT ?? ".";

const server = createServer((request, response) => {
  if (request.url === "/hello") {
    response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8", "Content-Length": 13 });
    response.end("Hello, World!");
  } else {
    // It fails where the client leaves in the middle.
    sendFile(request, response).catch(() => response.destroy());
  }
});

async function sendFile(request, response) {
  let file;
  try {
    // Nothing outside of the folder is reached: above / there is nothing.
    const path = join("/", decodeURIComponent(new URL(request.url, "http://localhost").pathname));
    file = await open(join(root, path));
    const stat = await file.stat();
    if (!stat.isFile()) throw new Error(`${path} is no file`);
    response.writeHead(200, {
      "Content-Type": TYPES[extname(path)] ?? "application/octet-stream",
      "Content-Length": stat.size,
      "Last-Modified": stat.mtime.toUTCString(),
    });
  } catch {
    await file?.close();
    response.writeHead(404).end();
    return;
  }
  if (request.method === "HEAD") {
    await file.close();
    response.end();
  } else {
    // The stream closes the file.
    await pipeline(file.createReadStream(), response);
  }
}

// No limit in time: ten thousand connections may say nothing for minutes. Node's own is 5 s between two requests.
server.keepAliveTimeout = 0;
server.headersTimeout = 0;
server.requestTimeout = 0;

// Node sets TCP_NODELAY itself.
server.listen({ host: "127.0.0.1", port: process.env.PORT ?? 0, backlog: 4096 }, () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
