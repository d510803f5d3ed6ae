// The npm package ws against rungs 08 (raw), 10 (echo), 11 (chat) and 12 (guard).
//
//   node tests/peers/npm_ws.mjs 127.0.0.1:8080 echo          all cases of one rung
//   node tests/peers/npm_ws.mjs 127.0.0.1:8080 echo_large    one case
//   node tests/peers/npm_ws.mjs --list
//
// One line for each case; the exit code says whether all went well.

import assert from "node:assert/strict";
import process from "node:process";

import WebSocket from "ws";

const PATIENCE = 10_000;

// A connection, and what came on it in its order: ["text", "hello"], ["pong", "x"], ["close", 1000, "bye"].
class Peer {
  came = [];
  #arrival = () => {};

  constructor(path = "/", protocols = [], headers = {}) {
    this.socket = new WebSocket(`ws://${address}${path}`, protocols, { headers });
    const keep = (...event) => {
      this.came.push(event);
      this.#arrival();
    };
    this.socket.on("open", () => keep("open"));
    this.socket.on("message", (data, binary) => (binary ? keep("binary", data) : keep("text", String(data))));
    this.socket.on("pong", (data) => keep("pong", String(data)));
    this.socket.on("close", (code, reason) => keep("close", code, String(reason)));
    this.socket.on("error", (error) => keep("error", error.message));
  }

  static async open(path, protocols, headers) {
    const peer = new Peer(path, protocols, headers);
    await peer.expect("open");
    return peer;
  }

  // The next thing that comes.
  async next() {
    const late = AbortSignal.timeout(PATIENCE);
    while (this.came.length === 0) {
      await new Promise((resolve, reject) => {
        this.#arrival = resolve;
        late.onabort = () => reject(new Error(`nothing came for ${PATIENCE} ms`));
      });
    }
    return this.came.shift();
  }

  async expect(...event) {
    assert.deepEqual(await this.next(), event);
  }

  // The Close frame's code. ws reports 1006 where none came.
  async closedWith(code) {
    const [kind, got] = await this.next();
    assert.deepEqual([kind, got], ["close", code]);
  }

  say(value) {
    this.socket.send(JSON.stringify(value));
  }

  // The next message of this type; others are passed over.
  async hear(type) {
    for (;;) {
      const [kind, text] = await this.next();
      assert.equal(kind, "text");
      const value = JSON.parse(text);
      if (value.type === type) return value;
    }
  }
}

const PATTERN = Buffer.from(Array.from({ length: 251 }, (_, i) => i));
const bytes = (length) => Buffer.alloc(length, PATTERN);

async function echoes(peer, length) {
  const sent = bytes(length);
  peer.socket.send(sent);
  const [kind, got] = await peer.next();
  assert.equal(kind, "binary");
  assert.ok(sent.equals(got), `${length} bytes come back as they were, ${got.length} came`);
}

// Enters a room of this case's own.
async function joined(name) {
  const peer = await Peer.open("/chat");
  peer.say({ type: "join", name, room: current.slice(0, 20) });
  return [peer, await peer.hear("welcome")];
}

// Logs in, and returns the cookie.
async function logsIn(name) {
  const body = new URLSearchParams({ name });
  const answer = await fetch(`http://${address}/login`, { method: "POST", body, redirect: "manual" });
  assert.equal(answer.status, 303);
  return answer.headers.get("set-cookie").split(";")[0];
}

async function enters(name, path, headers) {
  const peer = await Peer.open(path, [], headers);
  peer.say({ type: "join", name });
  await peer.hear("welcome");
  return peer;
}

// The caller stops the server when it reads this line.
function stopsNow() {
  console.log("stop the server now");
}

const cases = {
  async raw_subprotocol() {
    const peer = await Peer.open("/socket?tab=npmws", ["unknown", "bits.v1", "bits.v2"]);
    assert.equal(peer.socket.protocol, "bits.v2");
    peer.socket.terminate();
  },

  async echo_text() {
    const peer = await Peer.open();
    assert.equal(peer.socket.extensions, "", "compression was offered and is not agreed on");
    for (const text of ["", "hello", "κόσμε 🦀", "x".repeat(125), "x".repeat(126), "é".repeat(40_000)]) {
      peer.socket.send(text);
      await peer.expect("text", text);
    }
  },

  async echo_binary() {
    const peer = await Peer.open();
    for (const length of [0, 1, 125, 126, 127, 65_535, 65_536]) await echoes(peer, length);
  },

  async echo_large() {
    await echoes(await Peer.open(), 1 << 20);
  },

  async echo_16_mebibytes() {
    await echoes(await Peer.open(), 16 << 20);
  },

  async echo_fragments() {
    const peer = await Peer.open();
    peer.socket.send("one ", { fin: false });
    peer.socket.send("", { fin: false });
    // In the middle of a character.
    const crab = Buffer.from("🦀");
    peer.socket.send(crab.subarray(0, 2), { binary: false, fin: false });
    peer.socket.ping("between");
    peer.socket.send(crab.subarray(2), { binary: false, fin: true });
    await peer.expect("pong", "between");
    await peer.expect("text", "one 🦀");
  },

  async echo_ping() {
    const peer = await Peer.open();
    for (const payload of ["", "x", "x".repeat(125)]) {
      peer.socket.ping(payload);
      await peer.expect("pong", payload);
    }
  },

  async echo_pipelined() {
    const peer = await Peer.open();
    for (let i = 0; i < 10_000; i++) peer.socket.send(`message ${i}`);
    for (let i = 0; i < 10_000; i++) await peer.expect("text", `message ${i}`);
  },

  async echo_client_closes() {
    for (const [code, reason] of [[1000, "done"], [4999, "because I can ✓"], [undefined, ""]]) {
      const peer = await Peer.open();
      peer.socket.close(code, reason);
      await peer.expect("close", code ?? 1005, reason);
    }
  },

  async echo_unread_is_closed_with_its_code() {
    const peer = await Peer.open();
    for (let i = 0; i < 100; i++) peer.socket.send(bytes(10_000));
    peer.socket.close(4000, "enough");
    for (let i = 0; i < 100; i++) assert.equal((await peer.next())[0], "binary");
    await peer.expect("close", 4000, "enough");
  },

  async echo_too_large_is_1009() {
    const peer = await Peer.open();
    peer.socket.send(bytes((16 << 20) + 1));
    await peer.closedWith(1009);
  },

  async echo_bad_utf8_is_1007() {
    const peer = await Peer.open();
    peer.socket.send(Buffer.from([0x6f, 0x6b, 0xc0, 0xaf]), { binary: false });
    await peer.closedWith(1007);
  },

  async echo_broken_frame_is_1002() {
    const peer = await Peer.open();
    // A continuation of nothing, with a masking key of zeros.
    peer.socket._socket.write(Buffer.from([0x80, 0x80, 0, 0, 0, 0]));
    await peer.closedWith(1002);
  },

  async echo_server_stops() {
    const peer = await Peer.open();
    stopsNow();
    await peer.closedWith(1001);
  },

  async chat_two_people() {
    const [ada, welcome] = await joined("Ada");
    assert.equal(welcome.you.name, "Ada");
    const [bob, second] = await joined("Bob");
    assert.deepEqual(second.people.map((person) => person.name), ["Ada", "Bob"]);
    assert.equal((await ada.hear("joined")).name, "Bob");
    bob.say({ type: "typing" });
    assert.equal((await ada.hear("typing")).typing, true);
    bob.say({ type: "say", text: "Hello 🦀", key: "k1" });
    assert.equal((await ada.hear("said")).text, "Hello 🦀");
    const own = await bob.hear("said");
    assert.deepEqual([own.name, own.key], ["Bob", "k1"]);
    bob.socket.close(1000);
    assert.equal((await ada.hear("left")).name, "Bob");
    await bob.closedWith(1000);
  },

  async chat_in_order() {
    const [ada] = await joined("Ada");
    const [bob] = await joined("Bob");
    for (let i = 0; i < 1000; i++) ada.say({ type: "say", text: `${i}` });
    for (const peer of [ada, bob]) {
      for (let i = 0; i < 1000; i++) assert.equal((await peer.hear("said")).text, `${i}`);
    }
  },

  async chat_someone_vanishes() {
    const [ada] = await joined("Ada");
    const [bob] = await joined("Bob");
    bob.socket.terminate();
    assert.equal((await ada.hear("left")).name, "Bob");
  },

  async chat_errors_keep_the_connection() {
    const [ada] = await joined("Ada");
    for (const wrong of ["no JSON", "{}", '{"type":"say","text":""}']) {
      ada.socket.send(wrong);
      await ada.hear("error");
    }
    ada.say({ type: "say", text: "still here" });
    assert.equal((await ada.hear("said")).text, "still here");
  },

  async chat_binary_is_1003() {
    const [ada] = await joined("Ada");
    ada.socket.send(bytes(3));
    await ada.closedWith(1003);
  },

  async chat_too_large_is_1009() {
    const [ada] = await joined("Ada");
    ada.socket.send("x".repeat(65_537));
    await ada.closedWith(1009);
  },

  async chat_plain_get_is_426() {
    assert.equal((await fetch(`http://${address}/chat`)).status, 426);
    const peer = new Peer("/nowhere");
    assert.match((await peer.next())[1], /Unexpected server response: 404/);
  },

  async chat_server_stops() {
    const [ada] = await joined("Ada");
    const [bob] = await joined("Bob");
    await ada.hear("joined");
    stopsNow();
    for (const peer of [ada, bob]) {
      // That the other one has left may be told before.
      const event = await peer.next();
      if (event[0] === "text") assert.equal(JSON.parse(event[1]).type, "left");
      else peer.came.unshift(event);
      await peer.closedWith(1001);
    }
  },

  async guard_cookie() {
    const ada = await enters("Ada", "/chat", { Cookie: await logsIn("Ada") });
    ada.say({ type: "say", text: "hello" });
    assert.equal((await ada.hear("said")).name, "Ada");
    ada.socket.close(1000, "bye");
    await ada.expect("close", 1000, "bye");
  },

  async guard_bearer() {
    const [, session] = (await logsIn("Ada")).split("=");
    (await enters("Ada", "/chat", { Authorization: `Bearer ${session}` })).socket.terminate();
  },

  async guard_ticket() {
    const headers = { Cookie: await logsIn("Ada") };
    const { ticket } = await (await fetch(`http://${address}/ticket`, { method: "POST", headers })).json();
    (await enters("Ada", `/chat?ticket=${ticket}`, {})).socket.terminate();
    const again = new Peer(`/chat?ticket=${ticket}`);
    assert.match((await again.next())[1], /Unexpected server response: 401/);
  },

  async guard_refusals() {
    const cookie = await logsIn("Ada");
    for (const [headers, status] of [
      [{}, 401],
      [{ Cookie: `${cookie}x` }, 401],
      [{ Cookie: cookie, Origin: "http://evil.example" }, 403],
    ]) {
      const [kind, text] = await new Peer("/chat", [], headers).next();
      assert.deepEqual([kind, text], ["error", `Unexpected server response: ${status}`]);
    }
  },

  async guard_heartbeat() {
    const ada = await enters("Ada", "/chat", { Cookie: await logsIn("Ada") });
    const late = AbortSignal.timeout(PATIENCE);
    await new Promise((resolve, reject) => {
      ada.socket.on("ping", resolve);
      late.onabort = () => reject(new Error("no ping came"));
    });
    // ws has answered it; what we say next is heard behind that answer.
    ada.say({ type: "say", text: "still here" });
    await ada.hear("said");
    const counters = await fetch(`http://${address}/counters.json`, { headers: { Cookie: await logsIn("Ada") } });
    assert.ok((await counters.json()).latency.pongs > 0);
  },

  async guard_flood_is_slowed_down() {
    const ada = await enters("Ada", "/chat", { Cookie: await logsIn("Ada") });
    // More than the burst (120): what is over it is read later, and nothing is lost.
    for (let i = 0; i < 150; i++) ada.say({ type: "say", text: `${i}` });
    for (let i = 0; i < 150; i++) assert.equal((await ada.hear("said")).text, `${i}`);
  },

  async guard_server_stops() {
    const ada = await enters("Ada", "/chat", { Cookie: await logsIn("Ada") });
    stopsNow();
    await ada.closedWith(1001);
  },
};

const [address, ...wanted] = process.argv.slice(2);
if (address === "--list") {
  console.log(Object.keys(cases).join("\n"));
  process.exit(0);
}
const chosen = Object.keys(cases).filter((name) => wanted.some((w) => name === w || name.startsWith(`${w}_`)));
if (chosen.length === 0) {
  console.error("usage: node npm_ws.mjs ADDRESS:PORT raw|echo|chat|guard|CASE ..., or --list");
  process.exit(2);
}
let failed = 0;
let current;
for (const name of chosen) {
  current = name;
  try {
    await cases[name]();
    console.log(`ok ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED ${name}: ${error.message}`);
  }
}
// Not by itself: a connection that a failed case left open would keep it.
process.exit(failed === 0 ? 0 : 1);
