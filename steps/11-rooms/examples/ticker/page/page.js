// The ticker: what comes sixty times a second is kept, and drawn when the browser draws.

import { element, make, status } from "./common.js";
import { Chart } from "./chart.js";
import { Connection } from "./connection.js";

/** Figures that change faster than this nobody can read. */
const READABLE_MS = 250;
/** Who wants less motion sees a still picture, now and then a new one. */
const STILL_MS = 1000;
const FREEZE_MS = 3000;

const stillness = matchMedia("(prefers-reduced-motion: reduce)");
const chart = new Chart(element("chart"));
let prices = [];
let cells = [];
/** Ticks that the server has not been told of. */
let unconfirmed = 0;
/** The number of the last tick. */
let last;
let ticks = 0;
let missed = 0;
let readers = 0;
/** When each tick of the last second came. */
let arrivals = [];
let written = 0;
let drawn = 0;

const connection = new Connection({
  path: "/ticks",
  protocol: "barewire.ticks",
  opened() {
    last = undefined; // what happened meanwhile was not left out: this page was not there
    arrivals = [];
    unconfirmed = 0;
  },
  heard: (event) => on[event.type]?.(event),
  tells: status,
});

/** What the server may say. */
const on = {
  hello({ shares }) {
    connection.stands();
    cells = shares.map(() => make("td", "number", "–"));
    element("shares").replaceChildren(...shares.map(row));
  },
  tick(tick) {
    if (last !== undefined) missed += tick.number - last - 1;
    last = tick.number;
    ticks += 1;
    unconfirmed += 1;
    ({ prices, readers } = tick);
    arrivals.push(performance.now());
    chart.add(tick);
  },
};

function row(name, share) {
  const line = make("tr");
  const head = make("th", "share", name);
  head.scope = "row";
  head.dataset.share = share;
  const trades = make("td", "trades");
  for (const [words, buy] of [["Buy", true], ["Sell", false]]) {
    const button = make("button", "", words);
    button.type = "button";
    button.ariaLabel = `${words} ${name}`;
    button.addEventListener("click", () => connection.send({ type: "trade", share, buy }));
    trades.append(button);
  }
  line.append(head, cells[share], trades);
  return line;
}

/** Once for each picture of the screen. A tab that nobody sees has none, so it confirms nothing and is sent nothing. */
function picture(now) {
  if (unconfirmed > 0) connection.send({ type: "got", count: unconfirmed });
  unconfirmed = 0;
  if (now - drawn >= (stillness.matches ? STILL_MS : 0)) {
    chart.draw();
    drawn = now;
  }
  if (now - written >= READABLE_MS) {
    write();
    written = now;
  }
  requestAnimationFrame(picture);
}

function write() {
  const now = performance.now();
  arrivals = arrivals.filter((time) => now - time <= 1000);
  cells.forEach((cell, share) => { cell.textContent = prices[share]?.toFixed(2) ?? "–"; });
  element("rate").textContent = arrivals.length.toLocaleString("en");
  element("jitter").textContent = jitter().toFixed(1);
  element("ticks").textContent = ticks.toLocaleString("en");
  element("missed").textContent = missed.toLocaleString("en");
  element("readers").textContent = readers.toLocaleString("en");
}

/** How far the times between ticks are from their mean, on average (mean absolute deviation). */
function jitter() {
  const between = arrivals.slice(1).map((time, i) => time - arrivals[i]);
  if (between.length === 0) return 0;
  const mean = between.reduce((sum, time) => sum + time, 0) / between.length;
  return between.reduce((sum, time) => sum + Math.abs(time - mean), 0) / between.length;
}

element("freeze").addEventListener("click", () => {
  // On purpose: a page that computes for three seconds hears nothing meanwhile.
  const until = performance.now() + FREEZE_MS;
  while (performance.now() < until);
});

connection.again();
requestAnimationFrame(picture);
