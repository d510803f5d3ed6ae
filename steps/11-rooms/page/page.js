// The chat: what the server says becomes what a person sees, and back. The messages are described in CONTRACT.md.

import { Connection } from "./connection.js";
import { nameOf, Transcript } from "./transcript.js";

const element = (id) => document.getElementById(id);
const text = element("text");
const TITLE = document.title;

/** How often the others are told that somebody is still typing. */
const TYPING_MS = 1500;
/** Who comes back in this time (a page loaded anew, a network lost) has not left, for the others. */
const BACK_MS = 2000;
/** When the connection is back, the others come back too, each at a time of their own. */
const ALL_BACK_MS = 60_000;

// Each tab is a person: its name and the ids that it has had stay with it when the page is loaded anew. A new tab
// begins with the name that was used last.
const ids = new Set(JSON.parse(recall("ids") ?? "[]"));
let wish = recall("name");
let you;
/** Who is here, by id, and who of them is typing. */
const people = new Map();
const typing = new Set();
/** Names whose leaving is not told yet, each with its timer. */
const leaving = new Map();
/** Names that were here before the connection was lost. */
let before = new Set();
let unread = 0;
let typedAt = 0;

const transcript = new Transcript(element("messages"), element("below"));
const connection = new Connection({
  path: "/chat",
  protocol: "barewire.chat",
  opened: () => connection.send({ type: "join", name: wish, room: room() }),
  heard: (event) => on[event.type]?.(event),
  tells(state, words) {
    if (state !== "connected") lost();
    element("status").hidden = false;
    element("status").dataset.state = state;
    element("status").textContent = words;
  },
});

/** What the server may say. */
const on = {
  welcome({ you: me, room, people: here, history, missed }) {
    const again = you !== undefined;
    you = me;
    ids.add(me.id);
    remember("ids", JSON.stringify([...ids].slice(-50)), ["sessionStorage"]);
    connection.stands();
    if (!again) showDoor(false); // who is changing the name meanwhile goes on
    people.clear();
    for (const person of here) people.set(person.id, person.name);
    showPeople(room);
    text.placeholder = `Message to ${room}`;
    let news = 0;
    for (const said of history) news += transcript.add(said, ids.has(said.from));
    if (missed) transcript.notice(`This page read too slowly and was not told everything: here is how it stands (left out: ${missed.toLocaleString("en")})`);
    else if (again) transcript.notice("Connected again");
    else if (here.length === 1 && history.length === 0) transcript.notice(`Nobody else is in ${room} yet. Open this page in a second tab, or in another browser, and talk to yourself.`, "notice welcome");
    if (me.name !== wish) transcript.notice(`${wish} is here already, so you are ${me.name}`);
    if (again) countUnread(news);
    // Whether these arrived before the connection was lost, the server knows by their keys.
    for (const [key, said] of transcript.pending()) connection.send({ type: "say", text: said.text, key });
  },
  joined({ id, name }) {
    people.set(id, name);
    showPeople();
    document.querySelector(".notice.welcome")?.remove(); // "Nobody else is here yet" is not true any more
    const known = before.delete(name);
    if (leaving.has(name)) clearTimeout(leaving.get(name));
    if (!leaving.delete(name) && !known) transcript.notice(`${name} joined`);
  },
  left({ id, name }) {
    people.delete(id);
    typing.delete(id);
    showPeople();
    showTyping();
    leaving.set(name, setTimeout(() => {
      leaving.delete(name);
      transcript.notice(`${name} left`);
    }, BACK_MS));
  },
  said(said) {
    typing.delete(said.from);
    showTyping();
    const own = ids.has(said.from);
    if (transcript.add(said, own) && !own) countUnread(1);
  },
  typing({ id, typing: begins }) {
    if (begins) typing.add(id);
    else typing.delete(id);
    showTyping();
  },
  error({ why, key }) {
    const refused = transcript.settle(key);
    if (refused && text.value === "") text.value = refused.text;
    element(you ? "error" : "door-error").textContent = `Not possible: ${why}.`;
    if (!you) showDoor(true);
  },
};

/** The connection is gone: nobody types, and who left with it has not left. */
function lost() {
  if (people.size === 0) return;
  before = new Set(people.values());
  setTimeout(() => before.clear(), ALL_BACK_MS);
  for (const timer of leaving.values()) clearTimeout(timer);
  leaving.clear();
  people.clear();
  typing.clear();
  showTyping();
  for (const person of element("people").children) person.classList.add("away");
}

function room() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || "lobby";
  } catch {
    return "lobby"; // a lonely %
  }
}

/** What the tab remembers, or else the browser. Where neither may keep anything, the chat works without. */
function recall(what) {
  try {
    return sessionStorage.getItem(what) ?? localStorage.getItem(what);
  } catch {
    return null;
  }
}

function remember(what, value, stores) {
  try {
    for (const store of stores) window[store].setItem(what, value);
  } catch {
    // Then it is asked again the next time.
  }
}

function showPeople(room) {
  if (room) element("here").dataset.room = room;
  element("here").textContent = `${element("here").dataset.room} · ${people.size} here`;
  element("people").replaceChildren(...[...people].map(([id, name]) => {
    const person = document.createElement("li");
    person.append(nameOf(name));
    if (id === you.id) {
      const me = document.createElement("small");
      me.textContent = "you";
      person.append(me);
    }
    return person;
  }));
}

function showTyping() {
  const names = [...typing].map((id) => people.get(id)).filter(Boolean);
  const line = element("typing");
  if (names.length === 0) return line.replaceChildren();
  const dots = document.createElement("i");
  dots.ariaHidden = "true";
  dots.append(...[1, 2, 3].map(() => document.createElement("b")));
  const who = names.length > 2 ? `${names.length} people are` : names.length === 2 ? `${names[0]} and ${names[1]} are` : `${names[0]} is`;
  line.replaceChildren(dots, `${who} typing…`);
}

function countUnread(more) {
  if (document.hidden || !document.hasFocus()) unread += more;
  document.title = unread > 0 ? `(${unread}) ${TITLE}` : TITLE;
}

function haveRead() {
  if (document.hidden) return;
  unread = 0;
  document.title = TITLE;
}

function say() {
  const words = text.value.trim();
  if (words === "") return;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  transcript.addPending(key, { from: you.id, name: you.name, text: words, time: Date.now() });
  connection.send({ type: "say", text: words, key });
  text.value = "";
  typedAt = 0;
  element("error").textContent = "";
  grow();
}

/** For browsers without `field-sizing: content`. */
function grow() {
  if (CSS.supports("field-sizing", "content")) return;
  text.style.setProperty("height", "auto");
  text.style.setProperty("height", `${text.scrollHeight + 2}px`);
}

function showDoor(shown) {
  element("door").hidden = !shown;
  element("chat").hidden = shown;
  if (shown) {
    element("name").value = wish ?? "";
    element("room").value = room();
    element("stay").hidden = you === undefined;
    element("name").select();
  } else {
    transcript.toEnd();
    text.focus();
  }
}

/** Comes into the room that the address names; another room has another transcript. */
function enter() {
  you = undefined;
  people.clear();
  before.clear();
  transcript.clear();
  connection.again();
}

element("enter").addEventListener("submit", (event) => {
  event.preventDefault();
  element("door-error").textContent = "";
  const changed = wish !== element("name").value || you === undefined;
  wish = element("name").value;
  remember("name", wish, ["sessionStorage", "localStorage"]);
  const wanted = element("room").value.trim() || "lobby";
  if (wanted !== room()) location.hash = wanted; // `hashchange` does the rest
  else if (changed) enter();
  else showDoor(false);
});
element("stay").addEventListener("click", () => showDoor(false));
element("change").addEventListener("click", () => showDoor(true));
element("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
  text.focus();
});
text.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter belongs to it.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say();
  }
});
text.addEventListener("input", () => {
  grow();
  if (text.value === "" || Date.now() - typedAt < TYPING_MS) return;
  typedAt = Date.now();
  connection.send({ type: "typing" });
});
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || you === undefined) return;
  if (element("chat").hidden) return showDoor(false);
  element("error").textContent = "";
  transcript.toEnd();
  text.focus();
});
addEventListener("hashchange", () => wish && enter());
addEventListener("focus", haveRead);
document.addEventListener("visibilitychange", haveRead);

if (wish) enter();
else showDoor(true);
