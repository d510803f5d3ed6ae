// The whiteboard: bytes from the server become strokes on the board, and what the pen does becomes bytes. The messages are
// described in picture.rs.

import { element, make, status } from "./common.js";
import { Board } from "./board.js";
import { Connection } from "./connection.js";
import { Pen } from "./pen.js";

const COLOURS = ["Ink", "Copper", "Green", "Blue", "Purple", "Gold", "Red", "Eraser"];
const WIDTHS = [["Thin", 3], ["Medium", 8], ["Thick", 20]];

const board = new Board(element("board"));
const pen = new Pen(board, (bytes) => connection.send(bytes));

const connection = new Connection({
  path: "/board",
  protocol: "barewire.board",
  opened() {},
  heard: (data) => hear(new DataView(data)),
  tells(state, words) {
    // What would be drawn now would be seen by nobody.
    if (state !== "connected") pen.me = undefined;
    status(state, words);
  },
});

function hear(message) {
  const kind = message.getUint8(0);
  // Kinds 0, 1 and 2 name a stroke: its writer, and the writer's own number for it.
  const [writer, number] = kind <= 2 ? [message.getUint32(1), message.getUint16(5)] : [];
  if (kind === 0) board.begin(writer, number, message.getUint8(7), message.getUint8(8), points(message, 9));
  else if (kind === 1) board.goOn(writer, number, points(message, 7));
  else if (kind === 2) board.gone(writer, number);
  else if (kind === 3) board.cleared();
  else if (kind === 4) begin(message.getUint32(1));
  else if (kind === 5) element("here").textContent = many(message.getUint32(1), "person", "people") + " here";
  element("strokes").textContent = many(board.count, "stroke", "strokes");
}

/** The server has said who we are; the whole picture follows. */
function begin(me) {
  board.reset(me);
  pen.begin(me);
  connection.stands();
}

function points(message, from) {
  const found = [];
  for (let at = from; at < message.byteLength; at += 4) found.push([message.getUint16(at), message.getUint16(at + 2)]);
  return found;
}

const many = (count, one, more) => `${count.toLocaleString("en")} ${count === 1 ? one : more}`;

function choice(group, value, words, chosen) {
  const label = make("label", "choice");
  const input = make("input");
  Object.assign(input, { type: "radio", name: group, value, checked: chosen });
  const swatch = make("span", "swatch");
  swatch.dataset[group] = value;
  label.append(input, swatch, make("span", "unseen", words));
  label.title = words;
  return label;
}

element("colours").append(...COLOURS.map((name, i) => choice("colour", i, name, i === 0)));
element("widths").append(...WIDTHS.map(([name, width], i) => choice("width", width, name, i === 1)));
element("tools").addEventListener("change", () => {
  const { colour, width } = Object.fromEntries(new FormData(element("tools")));
  pen.choose(Number(colour), Number(width));
});
element("tools").dispatchEvent(new Event("change"));
element("take-back").addEventListener("click", () => pen.takeBack());
element("clear").addEventListener("click", () => pen.clear());
addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === "z") {
    event.preventDefault();
    pen.takeBack();
  }
});

connection.again();
