import { element, make, say, status } from "/common.js";

const OFFERED = ["bits.v1", "bits.v2"];
/** The server remembers as many bytes of a connection. */
const DRAWN = 64;

let socket;
/** The name under which the server remembers this connection's bytes. */
let tab;
/** How many bytes were there when they were last drawn. */
let known;
/** The connections that wait for the server's goodbye. */
const saidGoodbye = new WeakSet();

function connect() {
  tab = [...crypto.getRandomValues(new Uint8Array(8))].map(hex).join("");
  known = 0;
  status("connecting", "Connecting");
  mayConnectAgain(false);
  draw([], 0);
  const mine = new WebSocket(`ws://${location.host}/socket?tab=${tab}`, OFFERED);
  socket = mine;
  mine.addEventListener("open", async () => {
    status("connected", "Connected");
    say("in", `101 Switching Protocols, subprotocol ${mine.protocol || "none"}`);
    await look();
  });
  mine.addEventListener("close", ({ code }) => {
    // One that was left waiting for its goodbye may end long after the next has begun.
    say("note", `Closed with code ${code}${saidGoodbye.has(mine) ? ": nobody answered the goodbye. That is rung 10" : ""}`);
    if (socket !== mine) return;
    status("offline", "Offline");
    mayConnectAgain(true);
  });
}

/** Either there is a connection to send on and to leave, or there may be a new one. */
function mayConnectAgain(yes) {
  element("again").hidden = !yes;
  element("send").disabled = yes;
  element("close").disabled = yes;
}

/** Asks the server, over plain HTTP, what it has seen on the WebSocket. */
async function look() {
  try {
    const answer = await fetch(`/seen?tab=${tab}`, { cache: "no-store" });
    if (!answer.ok) return;
    const [facts, rows] = (await answer.text()).split("\n\n");
    const fact = Object.fromEntries(facts.split("\n").map((line) => line.split(": ")));
    for (const name of ["key", "accept", "extensions"]) element(name).textContent = fact[name];
    element("chosen").textContent = fact.subprotocol;
    known = Number(fact.bytes);
    draw(rows.trimEnd().split("\n").filter((row) => row !== ""), known);
    element("error").textContent = "";
  } catch (problem) {
    element("error").textContent = `No answer: ${problem.message}. Is the server still running?`;
  }
}

/** Looks until more bytes have come than were known, for two seconds at most. */
async function lookForMore() {
  const before = known;
  for (let times = 0; times < 40 && known === before; times += 1) {
    await look();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Each row is a byte: "81 10000001". */
function draw(rows, count) {
  const bytes = rows.slice(0, DRAWN).map((row) => row.split(" "));
  const more = count > bytes.length ? `, the first ${bytes.length} of them` : "";
  element("words").textContent = count === 0
    ? "No byte has come yet."
    : `${count.toLocaleString("en")} bytes${more}: ${bytes.map(([hexadecimal]) => hexadecimal).join(" ")}`;
  element("bits").replaceChildren(...bytes.map(([hexadecimal, bits]) => {
    const byte = make("span", "byte");
    byte.dataset.hex = `0x${hexadecimal}`;
    const field = make("span", "bitfield");
    field.dataset.bits = "8";
    const row = make("b");
    row.append(...[...bits].map((bit) => make("i", "", bit)));
    field.append(row, make("small", "", character(parseInt(hexadecimal, 16))));
    byte.append(field);
    return byte;
  }));
}

/** The character that a byte would be in ASCII. */
function character(byte) {
  if (byte === 0x20) return "␣";
  return byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : "·";
}

function hex(byte) {
  return byte.toString(16).padStart(2, "0");
}

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  if (socket.readyState !== WebSocket.OPEN) return;
  const text = element("text").value;
  socket.send(text);
  say("out", `sent “${text}”`);
  await lookForMore();
});
element("close").addEventListener("click", async () => {
  if (socket.readyState !== WebSocket.OPEN) return;
  saidGoodbye.add(socket);
  socket.close(1000);
  status("connecting", "Waiting for the server’s goodbye");
  say("out", "said goodbye with code 1000");
  say("note", "The server has seen these bytes and does not know the word. The browser waits for a while, then gives up");
  mayConnectAgain(true);
  await lookForMore();
});
element("again").addEventListener("click", connect);

element("offered").textContent = OFFERED.join(", ");
element("command").textContent = [
  "curl -v -H 'Connection: Upgrade' -H 'Upgrade: websocket' \\",
  "  -H 'Sec-WebSocket-Version: 13' -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \\",
  `  ${location.origin}/socket`,
].join("\n");
connect();
