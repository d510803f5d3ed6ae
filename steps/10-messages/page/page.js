import { element, say, status } from "/common.js";

/** One byte more than MAX_MESSAGE, where nobody has changed it. */
const TOO_MUCH = 16 * 1024 * 1024 + 1;

let socket;
/** When each message that is not back yet was sent, oldest first: echoes come in order. */
let waiting;
let sent = 0;
let received = 0;

function connect() {
  status("connecting", "Connecting");
  waiting = [];
  socket = new WebSocket(`ws://${location.host}/`);
  socket.binaryType = "arraybuffer";
  socket.addEventListener("open", () => status("connected", "Connected"));
  socket.addEventListener("message", ({ data }) => {
    const took = performance.now() - waiting.shift();
    received += 1;
    element("received").textContent = received.toLocaleString("en");
    element("took").textContent = took.toFixed(1);
    say("in", `${describe(data)}, ${took.toFixed(1)} ms`);
  });
  socket.addEventListener("close", ({ code, reason, wasClean }) => {
    const words = reason ? `: ${reason}` : "";
    say("note", `Closed with code ${code}${words}. ${wasClean ? "Both sides said so." : "The other side just left."}`);
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
  waiting.push(performance.now());
  socket.send(data);
  sent += 1;
  element("sent").textContent = sent.toLocaleString("en");
  say("out", describe(data));
}

/** A message in words. */
function describe(data) {
  if (typeof data === "string") return data.length > 100 ? `text, ${data.length} characters` : `text "${data}"`;
  return `binary, ${data.byteLength.toLocaleString("en")} bytes`;
}

element("form").addEventListener("submit", (event) => {
  event.preventDefault();
  send(element("text").value);
});
for (const button of element("sizes").querySelectorAll("[data-size]")) {
  button.addEventListener("click", () => send(new Uint8Array(Number(button.dataset.size))));
}
element("hundred").addEventListener("click", () => {
  for (let i = 1; i <= 100; i += 1) send(`message ${i}`);
});
element("normal").addEventListener("click", () => socket.close(1000));
element("own").addEventListener("click", () => socket.close(4000, "because I can"));
element("too-big").addEventListener("click", () => send(new Uint8Array(TOO_MUCH)));

const url = `ws://${location.host}/`;
element("command").textContent = [
  [`websocat ${url}`, "cargo install websocat"],
  [`npx wscat -c ${url}`, "npm"],
  [`python3 -m websockets ${url}`, "pip install websockets"],
].map(([command, from]) => `${command.padEnd(url.length + 22)}  # ${from}`).join("\n");
connect();
