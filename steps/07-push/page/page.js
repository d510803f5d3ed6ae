const SHORT_POLL_MS = 2000;
const STATS_MS = 1000;
/** After a failure. */
const AGAIN_MS = 2000;

const element = (id) => document.getElementById(id);

/** Waits, or ends at once with an AbortError. */
const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });

/** When this page said a message, by the message's id. */
const sentAt = new Map();

/** One of the three columns: what it shows, and how it runs and stops. */
class Column {
  /** @param run gets the column and an AbortSignal, and brings messages until it is aborted */
  constructor(id, run) {
    this.card = element(id);
    this.run = run;
    /** The id of the last message shown. */
    this.last = 0;
    /** When a message that this page may have said came, by its id. */
    this.arrivedAt = new Map();
    this.log = this.card.querySelector(".log");
    this.button = this.card.querySelector("button");
    this.verb = this.button.querySelector("[data-verb]");
    this.button.addEventListener("click", () => (this.wanted ? this.stop() : this.start()));
  }

  start() {
    this.wanted = true;
    this.verb.textContent = "Stop";
    this.resume();
  }

  stop() {
    this.wanted = false;
    this.verb.textContent = "Start";
    this.suspend();
  }

  resume() {
    if (!this.wanted || this.running) return;
    this.running = new AbortController();
    // Who comes anew gets all there is, and what was seen before is not shown again.
    this.known = 0;
    this.state("connecting", "warn");
    this.keepRunning(this.running.signal);
  }

  suspend() {
    this.running?.abort();
    this.running = null;
    this.state("stopped", "warn");
  }

  async keepRunning(signal) {
    while (!signal.aborted) {
      try {
        await this.run(this, signal);
      } catch {
        if (signal.aborted) return;
        this.state("no answer, tries again", "bad");
        await pause(AGAIN_MS, signal).catch(() => {});
      }
    }
  }

  /** What the column does right now, in words; kind is "", "warn" or "bad". */
  state(text, kind = "") {
    const tag = this.card.querySelector("[data-state]");
    if (tag.textContent === text) return;
    tag.textContent = text;
    tag.className = `tag ${kind}`;
  }

  /** Asks with fetch. `null` where the answer is empty. */
  async ask(path, signal) {
    const answer = await fetch(`${path}?after=${this.known}`, { cache: "no-store", signal });
    if (!answer.ok) throw new Error(answer.statusText);
    if (answer.status === 204) return;
    const { last, messages } = await answer.json();
    this.known = last;
    for (const message of messages) this.show(message);
  }

  show({ id, name, text }) {
    if (id <= this.last) return;
    this.last = id;
    this.arrivedAt.set(id, performance.now());
    const line = document.createElement("p");
    line.dataset.way = "in";
    line.className = "new";
    const who = document.createElement("span");
    who.className = "name";
    who.style.setProperty("--hue", hue(name));
    who.textContent = name;
    const what = document.createElement("span");
    what.textContent = text;
    line.append(who, what);
    this.log.append(line);
    while (this.log.childElementCount > 200) this.log.firstElementChild.remove();
    this.log.scrollTop = this.log.scrollHeight;
    this.measure(id);
  }

  /** The answer to "say this" may come before the message, or after it. */
  measure(id) {
    if (!sentAt.has(id) || !this.arrivedAt.has(id)) return;
    const delay = this.arrivedAt.get(id) - sentAt.get(id);
    this.figure("delay", delay < 1000 ? `${Math.max(1, Math.round(delay))} ms` : `${(delay / 1000).toFixed(1)} s`);
  }

  figure(name, text) {
    this.card.querySelector(`[data-count="${name}"]`).textContent = text;
  }
}

const columns = [
  new Column("poll", async (column, signal) => {
    await column.ask("/poll", signal);
    column.state("asks every 2 s");
    await pause(SHORT_POLL_MS, signal);
  }),
  new Column("wait", async (column, signal) => {
    // The first answer tells what there is, and comes at once if there is anything. The state is of the question.
    const answered = column.ask("/wait", signal);
    column.state("one question open");
    await answered;
  }),
  new Column("events", (column, signal) => readEvents(column, signal)),
];

/** EventSource connects again by itself, after the time that the server's `retry` names, with Last-Event-ID. */
function readEvents(column, signal) {
  return new Promise((resolve, reject) => {
    const source = new EventSource("/events?after=0");
    const end = (how, why) => {
      source.close();
      how(why);
    };
    source.onopen = () => column.state("one answer open");
    source.onmessage = ({ lastEventId, data }) => {
      const [name, ...lines] = data.split("\n");
      column.show({ id: Number(lastEventId), name, text: lines.join("\n") });
    };
    source.onerror = () => {
      // An answer that was no event stream ends the source for good; a broken connection does not.
      if (source.readyState === EventSource.CLOSED) end(reject, new Error("no event stream"));
      else column.state("no answer, tries again", "bad");
    };
    signal.addEventListener("abort", () => end(resolve));
  });
}

async function say(name, text) {
  const began = performance.now();
  try {
    const answer = await fetch("/say", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name, text }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const { id } = await answer.json();
    sentAt.set(id, began);
    for (const column of columns) column.measure(id);
    element("error").textContent = "";
    return true;
  } catch (problem) {
    element("error").textContent = `Not said: ${problem.message}. Is the server still running?`;
    return false;
  }
}

async function showStats() {
  const stats = await (await fetch("/stats", { cache: "no-store" })).json();
  for (const [place, column] of columns.entries()) {
    const way = stats[column.card.id];
    const bytes = way.bytesIn + way.bytesOut;
    column.figure("requests", short(way.requests));
    column.figure("bytes", short(bytes));
    const { waiting, requests, bytesIn, bytesOut, messages } = way;
    const perMessage = messages ? Math.round(bytes / messages) : null;
    for (const [figure, value] of Object.entries({ waiting, requests, bytesIn, bytesOut, messages, perMessage })) {
      cell(figure, place).textContent = value === null ? "–" : value.toLocaleString("en");
    }
    const delay = way.meanDelayMs?.toLocaleString("en", { maximumFractionDigits: way.meanDelayMs < 10 ? 1 : 0 });
    cell("delay", place).textContent = delay === undefined ? "–" : `${delay} ms`;
  }
}

/** The cell of a figure, in the column of the table that belongs to the way in this place. */
function cell(figure, place) {
  return element("figures").querySelector(`[data-figure="${figure}"]`).cells[place + 1];
}

/** Four digits as they are, more in short: the table has them all. */
function short(number) {
  return number.toLocaleString("en", { notation: number < 10_000 ? "standard" : "compact" });
}

/** A name's colour: the same for the same name. */
function hue(name) {
  let sum = 0;
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)) % 360;
  return sum;
}

const names = ["Ada", "Grace", "Edsger", "Barbara", "Radia", "Donald"];
element("name").value = names[Math.floor(Math.random() * names.length)];
element("text").focus();

element("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = element("text").value;
  if (await say(element("name").value, text)) element("text").value = "";
  element("text").focus();
});
element("ten").addEventListener("click", async () => {
  const name = element("name").value;
  for (let n = 1; n <= 10; n += 1) if (!(await say(name, `message ${n} of ten`))) return;
});

element("commands").textContent = [
  `curl -d 'name=Ada&text=Hello' ${location.origin}/say`,
  `curl -v '${location.origin}/poll?after=0'`,
  `curl -v ${location.origin}/wait`,
  `curl -Nv ${location.origin}/events`,
].join("\n");

document.addEventListener("visibilitychange", () => {
  for (const column of columns) document.hidden ? column.suspend() : column.resume();
});
for (const column of columns) column.start();
for (;;) {
  if (!document.hidden) await showStats().catch(() => {});
  await pause(STATS_MS);
}
