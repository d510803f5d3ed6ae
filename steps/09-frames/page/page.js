import { element, make, say, status } from "/common.js";

/** How many pairs of drawings stay. */
const KEPT = 10;

/** The colour of each field, by the name that RFC 6455 §5.2 gives it. */
const FIELDS = {
  "FIN": "fin",
  "RSV1": "rsv",
  "RSV2": "rsv",
  "RSV3": "rsv",
  "Opcode": "opcode",
  "Mask": "mask",
  "Payload len": "length",
  "Extended payload length": "length",
  "Masking-key": "key",
  "Payload Data": "payload",
};

let socket;
/** After each echo comes the drawing of its frames, as a message of its own. */
let drawingFollows;

function connect() {
  status("connecting", "Connecting");
  drawingFollows = false;
  socket = new WebSocket(`ws://${location.host}/`, "bits");
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => status("connected", "Connected"));
  socket.addEventListener("message", ({ data }) => {
    if (drawingFollows) show(data);
    else say("in", describe(data));
    drawingFollows = !drawingFollows;
  });
  socket.addEventListener("close", ({ code, reason }) => {
    say("note", `Closed with code ${code}${reason && `: ${reason}`}`);
    status("reconnecting", "Reconnecting in 2 s");
    setTimeout(connect, 2000);
  });
}

function send(data) {
  if (socket.readyState !== WebSocket.OPEN) {
    element("error").textContent = "Not connected. Is the server still running?";
    return;
  }
  element("error").textContent = "";
  socket.send(data);
  say("out", describe(data));
}

/** A message in words. */
function describe(data) {
  if (typeof data === "string") return `text "${data}"`;
  const bytes = new Uint8Array(data);
  const start = [...bytes.slice(0, 8)].map(hex).join(" ");
  const end = bytes.length > 8 ? " …" : "";
  return `binary, ${count(bytes.length)}${start && ": "}${start}${end}`;
}

/** Draws the frames of one message from the text that the server sent about them. */
function show(text) {
  const frames = text.trimEnd().split("\n\n").map((block) => {
    const [way, ...lines] = block.split("\n");
    return figure(way, lines.map((line) => line.split("\t")));
  });
  element("none").hidden = true;
  element("frames").prepend(...frames);
  while (element("frames").childElementCount > 2 * KEPT) element("frames").lastElementChild.remove();
}

/** One frame: in words for everybody, in bits for the eye. */
function figure(way, fields) {
  const frame = make("figure", "frame new");
  const caption = make("figcaption");
  caption.append(tag(way === "received" ? "the server received" : "the server sent"), ` ${inWords(fields)}`);
  const bits = make("div", "bits");
  bits.ariaHidden = "true";
  bits.append(...bytesOf(fields).map(drawByte));
  frame.append(caption, bits);
  return frame;
}

function inWords(fields) {
  const value = Object.fromEntries(fields.map(([name, bits, meaning]) => [name, { bits, meaning }]));
  const length = (value["Extended payload length"] ?? value["Payload len"]).meaning;
  const parts = [`FIN ${value["FIN"].bits}`, `opcode ${value["Opcode"].meaning}`, value["Mask"].meaning, length];
  const payload = value["Payload Data"];
  return `${parts.join(", ")}${payload ? `: ${payload.meaning}` : ""}`;
}

/** The wire's bytes, each a list of parts of fields: `{ field, name, bits, label }`. */
function bytesOf(fields) {
  const bytes = [];
  let free = 0;
  let key = [];
  for (const [name, bits, meaning] of fields) {
    for (const [i, part] of bits.split(" ").entries()) {
      if (free === 0) {
        bytes.push([]);
        free = 8;
      }
      free -= part.length;
      bytes.at(-1).push({ name, bits: part, label: label(name, i, part, meaning, key) });
    }
    if (name === "Masking-key") key = bits.split(" ").map((byte) => parseInt(byte, 2));
  }
  return bytes;
}

/** What stands below a part: its field's name, or what its byte is. */
function label(name, i, bits, meaning, key) {
  if (name === "Opcode") return `opcode ${meaning}`;
  if (name === "Payload len") return `length ${parseInt(bits, 2)}`;
  if (name === "Extended payload length") return i === 0 ? "length" : "…";
  if (name === "Masking-key") return `key ${i}`;
  if (name !== "Payload Data") return name;
  const byte = parseInt(bits, 2) ^ (key[i % 4] ?? 0);
  const picture = byte > 0x20 && byte < 0x7f ? ` ${String.fromCharCode(byte)}` : "";
  return key.length > 0 ? `^ key ${i % 4} = ${hex(byte)}${picture}` : `${hex(byte)}${picture}`;
}

function drawByte(parts) {
  const byte = make("span", "byte");
  byte.dataset.hex = `0x${hex(parseInt(parts.map(({ bits }) => bits).join(""), 2))}`;
  for (const { name, bits, label } of parts) {
    const part = make("span", "bitfield");
    part.dataset.field = FIELDS[name];
    part.dataset.bits = bits.length;
    const row = document.createElement("b");
    for (const bit of bits) row.append(make("i", "", bit));
    part.append(row, make("small", "", label));
    byte.append(part);
  }
  return byte;
}

function tag(text) {
  return make("span", "tag", text);
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}

function count(bytes) {
  return bytes === 1 ? "1 byte" : `${bytes.toLocaleString("en")} bytes`;
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send(element("text").value);
});
element("binary").addEventListener("click", () => send(new TextEncoder().encode(element("text").value)));
for (const button of document.querySelectorAll("[data-length]")) {
  button.addEventListener("click", () => send(new Uint8Array(Number(button.dataset.length)).fill(0xab)));
}

element("command").textContent = [
  String.raw`(printf 'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'`,
  String.raw` printf 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'`,
  String.raw` printf '\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58\x88\x80\x00\x00\x00\x00'`,
  `) | nc ${location.hostname} ${location.port} | xxd`,
].join("\n");
connect();
