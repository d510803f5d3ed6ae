// The picture: the strokes in the server's order, and over them the ink that is still wet: what was drawn here and has not
// come back yet.

export const WIDE = 1600;
export const HIGH = 1000;

export class Board {
  #canvas;
  /** By `writer.number`, oldest first. */
  #strokes = new Map();
  /** Our own, by number, until all of it has come back. */
  #wet = new Map();
  #me;
  #cursor;
  #planned = false;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.#plan()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#plan());
  }

  get canvas() {
    return this.#canvas;
  }

  get count() {
    return this.#strokes.size;
  }

  /** Another connection: the whole picture comes anew. */
  reset(me) {
    this.#me = me;
    this.cleared();
  }

  begin(writer, number, colour, width, points) {
    const stroke = { colour, width, path: new Path2D(), points: 0 };
    this.#strokes.set(`${writer}.${number}`, stroke);
    this.#add(stroke, points);
    this.#dry(writer, number);
  }

  goOn(writer, number, points) {
    const stroke = this.#strokes.get(`${writer}.${number}`);
    if (stroke) this.#add(stroke, points);
    this.#dry(writer, number);
  }

  gone(writer, number) {
    this.#strokes.delete(`${writer}.${number}`);
    if (writer === this.#me) this.#wet.delete(number);
    this.#plan();
  }

  cleared() {
    this.#strokes.clear();
    this.#wet.clear();
    this.#plan();
  }

  /** Draws with wet ink. `false`: the stroke is not there any more, somebody has cleared the board. */
  wet(number, points) {
    const stroke = this.#wet.get(number);
    if (stroke) this.#add(stroke, points);
    return stroke !== undefined;
  }

  beginWet(number, colour, width, point) {
    const stroke = { colour, width, path: new Path2D(), points: 0, ended: false };
    this.#wet.set(number, stroke);
    this.#add(stroke, [point]);
  }

  endWet(number) {
    const stroke = this.#wet.get(number);
    if (stroke) stroke.ended = true;
    this.#dry(this.#me, number);
  }

  /** Where the arrow keys are; undefined: nowhere. */
  set cursor(point) {
    this.#cursor = point;
    this.#plan();
  }

  /** From the page's pixels to the board's. */
  at({ clientX, clientY }) {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    const within = (value, size) => Math.min(Math.max(Math.round(value), 0), size - 1);
    return [within(((clientX - left) / width) * WIDE, WIDE), within(((clientY - top) / height) * HIGH, HIGH)];
  }

  #add(stroke, points) {
    for (const [x, y] of points) {
      if (stroke.points === 0) stroke.path.moveTo(x, y);
      // A line of no length would not be drawn; a dot is one that is very short.
      stroke.path.lineTo(stroke.points === 0 ? x + 0.01 : x, y);
      stroke.points += 1;
    }
    this.#plan();
  }

  /** The ink has dried when the server has told everybody of the whole stroke. */
  #dry(writer, number) {
    const wet = writer === this.#me && this.#wet.get(number);
    if (!wet || !wet.ended || (this.#strokes.get(`${writer}.${number}`)?.points ?? 0) < wet.points) return;
    this.#wet.delete(number);
    this.#plan();
  }

  /** However much came: one picture for each that the screen shows. */
  #plan() {
    if (this.#planned) return;
    this.#planned = true;
    requestAnimationFrame(() => {
      this.#planned = false;
      this.#draw();
    });
  }

  #draw() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const [w, h] = [width, height].map((side) => Math.round(side * devicePixelRatio));
    if (this.#canvas.width !== w || this.#canvas.height !== h) Object.assign(this.#canvas, { width: w, height: h });
    const context = this.#canvas.getContext("2d");
    context.setTransform(w / WIDE, 0, 0, h / HIGH, 0, 0);
    context.clearRect(0, 0, WIDE, HIGH);
    context.lineCap = context.lineJoin = "round";
    const style = getComputedStyle(this.#canvas);
    for (const { colour, width, path } of [...this.#strokes.values(), ...this.#wet.values()]) {
      context.strokeStyle = style.getPropertyValue(`--ink-${colour}`);
      context.lineWidth = width;
      context.stroke(path);
    }
    if (!this.#cursor) return;
    const [x, y] = this.#cursor;
    context.strokeStyle = style.getPropertyValue("--ink-0");
    context.lineWidth = 2;
    context.strokeRect(x - 9, y - 9, 18, 18);
  }
}
