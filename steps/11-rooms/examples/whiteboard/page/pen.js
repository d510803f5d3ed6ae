// The pen: mouse, fingers, stylus and arrow keys become strokes, and strokes become bytes.

import { HIGH, WIDE } from "./board.js";

/** `go on` has at most so many points. */
const MOST = 256;
const STEP = 20;
const SMALL_STEP = 4;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export class Pen {
  /** Who we are; undefined: nobody hears. */
  me;
  #board;
  #send;
  #colour;
  #width;
  #next = 0;
  /** Our strokes, to take back. */
  #drawn = [];
  /** By pointer: two fingers draw two strokes. */
  #down = new Map();
  #cursor = [WIDE / 2, HIGH / 2];

  constructor(board, send) {
    this.#board = board;
    this.#send = send;
    const { canvas } = board;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || this.me === undefined) return;
      canvas.setPointerCapture(event.pointerId);
      this.#lower(event.pointerId, this.#board.at(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      // A fast pen moves several times between two pictures of the screen.
      const moves = event.getCoalescedEvents?.() ?? [];
      for (const move of moves.length > 0 ? moves : [event]) this.#move(event.pointerId, this.#board.at(move));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      canvas.addEventListener(end, ({ pointerId }) => this.#lift(pointerId));
    }
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("blur", () => {
      this.#lift("keys");
      board.cursor = undefined;
    });
  }

  /** A new connection, and a new number for us. */
  begin(me) {
    this.me = me;
    this.#next = 0;
    this.#drawn = [];
    this.#down.clear();
  }

  choose(colour, width) {
    this.#colour = colour;
    this.#width = width;
  }

  takeBack() {
    const number = this.#drawn.pop();
    if (this.me === undefined || number === undefined) return;
    const bytes = new DataView(new ArrayBuffer(3));
    bytes.setUint8(0, 2);
    bytes.setUint16(1, number);
    this.#send(bytes);
  }

  clear() {
    if (this.me !== undefined) this.#send(new Uint8Array([3]));
  }

  #lower(pointer, point) {
    const number = this.#next;
    this.#next = (this.#next + 1) % 65536;
    this.#drawn.push(number);
    this.#down.set(pointer, { number, last: point, points: [] });
    this.#board.beginWet(number, this.#colour, this.#width, point);
    const bytes = new DataView(new ArrayBuffer(9));
    bytes.setUint8(0, 0);
    bytes.setUint16(1, number);
    bytes.setUint8(3, this.#colour);
    bytes.setUint8(4, this.#width);
    bytes.setUint16(5, point[0]);
    bytes.setUint16(7, point[1]);
    this.#send(bytes);
  }

  #move(pointer, point) {
    const down = this.#down.get(pointer);
    if (!down || (down.last[0] === point[0] && down.last[1] === point[1])) return;
    if (this.me === undefined) return this.#lift(pointer);
    // Somebody has cleared the board under the pen, or the stroke was the oldest one.
    if (!this.#board.wet(down.number, [point])) return this.#lower(pointer, point);
    down.last = point;
    if (down.points.length === 0) requestAnimationFrame(() => this.#flush(down));
    down.points.push(point);
  }

  #lift(pointer) {
    const down = this.#down.get(pointer);
    if (!down) return;
    this.#down.delete(pointer);
    this.#flush(down);
    this.#board.endWet(down.number);
  }

  /** Many moves are one message: one for each picture of the screen. */
  #flush(down) {
    while (down.points.length > 0) {
      const points = down.points.splice(0, MOST);
      const bytes = new DataView(new ArrayBuffer(3 + 4 * points.length));
      bytes.setUint8(0, 1);
      bytes.setUint16(1, down.number);
      points.flat().forEach((value, i) => bytes.setUint16(3 + 2 * i, value));
      this.#send(bytes);
    }
  }

  #key(event) {
    const way = WAYS[event.key];
    if (way) {
      const step = event.shiftKey ? SMALL_STEP : STEP;
      const moved = (i, size) => Math.min(Math.max(this.#cursor[i] + way[i] * step, 0), size - 1);
      this.#cursor = [moved(0, WIDE), moved(1, HIGH)];
      this.#move("keys", this.#cursor);
    } else if (event.key === " ") {
      if (this.#down.has("keys")) this.#lift("keys");
      else if (this.me !== undefined) this.#lower("keys", this.#cursor);
    } else return;
    event.preventDefault();
    this.#board.cursor = this.#cursor;
  }
}
