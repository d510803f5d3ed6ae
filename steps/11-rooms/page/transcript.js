// What was said, as a person reads it: grouped, own on the other side, by day, newest last.
// All that others wrote goes in as text, never as HTML.

/** Later than this the same person's next message has its name and time again. */
const GROUP_MS = 5 * 60_000;
/** More elements than these are taken out at the top. */
const KEPT = 1000;
/** So near to the end one is at the end. */
const NEAR = 60;

export class Transcript {
  #box;
  #below;
  /** Ids grow, so this one number tells what is new when the history comes a second time. */
  #last = 0;
  #unseen = 0;
  /** What was sent and has not come back, by key. */
  #pending = new Map();

  constructor(box, below) {
    this.#box = box;
    this.#below = below;
    box.addEventListener("scroll", () => this.#isAtEnd() && this.#seen());
    below.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#unseen === 0 && this.toEnd()).observe(box);
  }

  /** Empties it, for another room. */
  clear() {
    this.#box.replaceChildren();
    this.#pending.clear();
    this.#last = 0;
    this.#seen();
  }

  /** Shows a message, unless it stands there already. Returns whether it is new. */
  add(said, own) {
    this.settle(said.key);
    if (said.id <= this.#last) return false;
    this.#last = said.id;
    this.#day(said.time);
    this.#put(message(said, own), own);
    return true;
  }

  /** Shows what was just sent and has not come back yet. */
  addPending(key, said) {
    const element = message(said, true);
    element.classList.add("pending");
    this.#pending.set(key, { element, said });
    this.#box.append(element);
    this.#group(element);
    this.toEnd();
  }

  /** It came back, or was refused. Returns what was sent. */
  settle(key) {
    const pending = this.#pending.get(key);
    pending?.element.remove();
    this.#pending.delete(key);
    return pending?.said;
  }

  /** What has not come back, oldest first: `[key, said]`. */
  pending() {
    return [...this.#pending].map(([key, { said }]) => [key, said]);
  }

  /** A line between the messages. */
  notice(text, kind = "notice") {
    const line = document.createElement("p");
    line.className = `${kind} new`;
    line.textContent = text;
    this.#put(line, false, false);
    return line;
  }

  toEnd() {
    this.#box.scrollTop = this.#box.scrollHeight;
    this.#seen();
  }

  #put(element, own, counts = true) {
    const follow = own || this.#isAtEnd();
    const firstPending = this.#pending.values().next().value?.element ?? null;
    this.#box.insertBefore(element, firstPending);
    this.#group(element);
    if (firstPending) this.#group(firstPending);
    while (this.#box.childElementCount > KEPT) this.#box.firstElementChild.remove();
    if (follow) return this.toEnd();
    if (!counts) return;
    this.#unseen += 1;
    this.#below.hidden = false;
    this.#below.textContent = `${this.#unseen} new below`;
  }

  /** The name is not repeated while the same person goes on. */
  #group(element) {
    const before = element.previousElementSibling;
    const same = before?.dataset.from !== undefined && before.dataset.from === element.dataset.from;
    element.classList.toggle("follows", same && element.dataset.time - before.dataset.time < GROUP_MS);
  }

  #day(time) {
    const messages = this.#box.querySelectorAll(".message:not(.pending)");
    const before = messages.length > 0 ? Number(messages[messages.length - 1].dataset.time) : Date.now();
    const day = (ms) => new Date(ms).toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long" });
    if (day(time) !== day(before)) this.notice(day(time), "notice day");
  }

  #isAtEnd() {
    return this.#box.scrollHeight - this.#box.scrollTop - this.#box.clientHeight < NEAR;
  }

  #seen() {
    this.#unseen = 0;
    this.#below.hidden = true;
  }
}

function message({ from, name, text, time }, own) {
  const element = document.createElement("div");
  element.className = own ? "message own new" : "message new";
  element.dataset.from = own ? "own" : from;
  element.dataset.time = time;
  const by = document.createElement("div");
  by.className = "by";
  const when = document.createElement("time");
  const date = new Date(time);
  when.dateTime = date.toISOString();
  when.textContent = date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  by.append(nameOf(name), when);
  const words = document.createElement("p");
  words.textContent = text;
  element.append(by, words);
  return element;
}

/** A name in its own colour: the same on every page, and another for nearly every name. */
export function nameOf(name) {
  const element = document.createElement("span");
  element.className = "name";
  element.textContent = name;
  let hash = 0x811c9dc5; // FNV-1a: a name that differs in one letter gets quite another colour
  for (const character of name) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  element.style.setProperty("--hue", (hash >>> 0) % 360);
  return element;
}
