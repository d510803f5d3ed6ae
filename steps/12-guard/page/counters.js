// The guard's counters: /counters.json once a second.

import { element, make, status } from "/common.js";

const EVERY_MS = 1000;
/** What is counted from the start on, in the words of the page. */
const TOTALS = {
  accepted: "connections let in",
  requests: "requests",
  handshakes: "WebSockets opened",
  messages: "messages received",
  pings: "Pings received",
  bytes: "bytes received in frames",
  pauses: "pauses, for who was over a rate",
};

let before;

function show(counters, now) {
  const figures = {
    connections: counters.connections,
    websockets: counters.websockets,
    rate: since("messages"),
    flow: since("bytes"),
    median: time(counters.latency.median_ms),
    p99: time(counters.latency.p99_ms),
  };
  for (const [name, figure] of Object.entries(figures)) {
    document.querySelector(`[data-count="${name}"]`).textContent = figure ?? "–";
  }
  rows("totals", [
    ...Object.entries(TOTALS).map(([name, words]) => [words, counters[name]]),
    ...Object.entries(counters.lost).map(([name, count]) => [`slow readers: ${name}`, count]),
  ]);
  rows("refused", Object.entries(counters.refused));
  element("none").hidden = Object.keys(counters.refused).length > 0;
  rows("clients", counters.clients.map((client) => [
    client.name, client.id, client.address, client.seconds, client.messages, client.bytes, client.pauses,
    time(client.latency_ms),
  ]));
  before = { counters, now };

  function since(name) {
    if (!before) return undefined;
    return Math.round(((counters[name] - before.counters[name]) * 1000) / (now - before.now));
  }
}

function time(milliseconds) {
  return milliseconds === null ? "–" : `${milliseconds.toFixed(1)} ms`;
}

/** One row each: its first cell heads it, and numbers stand right. */
function rows(table, lines) {
  element(table).replaceChildren(...lines.map(([head, ...cells]) => {
    const row = make("tr");
    const first = make("th", "", head);
    first.scope = "row";
    row.append(first, ...cells.map((cell) => make("td", /^[\d–]/.test(cell) && !/[:#]|\.\d+\./.test(cell) ? "number" : "", String(cell))));
    return row;
  }));
}

async function ask() {
  try {
    const answer = await fetch("/counters.json");
    if (answer.status === 401) return location.assign("/login");
    if (!answer.ok) throw new Error(await answer.text());
    show(await answer.json(), performance.now());
    status("connected", "Live");
  } catch {
    status("reconnecting", "No answer");
  }
  setTimeout(ask, EVERY_MS);
}

ask();
