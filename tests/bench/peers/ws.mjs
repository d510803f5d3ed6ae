// ws, the WebSocket server of most Node programs, with its native half bufferutil: / echoes, /all sends to everyone.

import process from "node:process";

import { WebSocketServer } from "ws";

const server = new WebSocketServer({
  host: "127.0.0.1",
  port: process.env.PORT ?? 0,
  backlog: 4096,
  perMessageDeflate: false,
  maxPayload: 64 * 1024 * 1024,
  // `members` is what is needed of it.
  clientTracking: false,
});

const members = new Set();

// ws sets TCP_NODELAY itself, and answers pings and Close frames.
server.on("connection", (socket, request) => {
  socket.on("error", () => {});
  if (request.url === "/all") {
    members.add(socket);
    socket.on("close", () => members.delete(socket));
    socket.on("message", (data, binary) => {
      for (const member of members) member.send(data, { binary });
    });
  } else {
    socket.on("message", (data, binary) => socket.send(data, { binary }));
  }
});

server.on("listening", () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
