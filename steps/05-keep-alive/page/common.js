// What the scripts of several pages need. Every rung with a page serves it as /common.js, beside /style.css.

export const element = (id) => document.getElementById(id);

/** A new element with its classes and its text. Text only: what came over the wire is never taken for HTML. */
export function make(name, classes = "", text = "") {
  const made = document.createElement(name);
  if (classes) made.className = classes;
  made.textContent = text;
  return made;
}

/** The most lines that a log keeps. */
const KEPT = 200;

/** Adds a line to the page's log. `way`: "in" (from the server), "out" (to it), "note". */
export function say(way, text) {
  const log = element("log");
  const line = make("p", "new");
  line.dataset.way = way;
  line.append(make("time", "", new Date().toLocaleTimeString("en-GB")), text);
  log.append(line);
  while (log.childElementCount > KEPT) log.firstElementChild.remove();
  log.scrollTop = log.scrollHeight;
}

/** What the page's header tells of its connection. `state`: connecting, connected, reconnecting, offline. */
export function status(state, words) {
  element("status").dataset.state = state;
  element("status").textContent = words;
}
