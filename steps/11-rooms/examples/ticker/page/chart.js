// The picture: a line for each price, ten seconds wide. Ticks that were left out are a hole in the line.

/** Ten seconds of ticks. */
const WIDE = 600;
/** The narrowest range of prices that is drawn: less would make noise look like news. */
const NARROW = 4;

export class Chart {
  #canvas;
  #ticks = [];
  #low = 100 - NARROW / 2;
  #high = 100 + NARROW / 2;

  constructor(canvas) {
    this.#canvas = canvas;
    new ResizeObserver(() => this.draw()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  add({ number, prices }) {
    if (this.#ticks.length > 0 && number <= this.#ticks.at(-1).number) this.#ticks = []; // another server
    this.#ticks.push({ number, prices });
    while (this.#ticks[0].number < number - WIDE) this.#ticks.shift();
  }

  draw() {
    const { width, height } = this.#canvas.getBoundingClientRect();
    const [w, h] = [width, height].map((side) => Math.round(side * devicePixelRatio));
    if (this.#canvas.width !== w || this.#canvas.height !== h) Object.assign(this.#canvas, { width: w, height: h });
    const pen = this.#canvas.getContext("2d");
    pen.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    pen.clearRect(0, 0, width, height);
    this.#fit();
    const style = getComputedStyle(this.#canvas);
    const colour = (name) => style.getPropertyValue(name).trim();
    const y = (price) => height - 10 - ((price - this.#low) / (this.#high - this.#low)) * (height - 20);

    pen.font = `12px ${style.fontFamily}`;
    pen.lineWidth = 1;
    for (let price = Math.ceil(this.#low); price < this.#high; price += this.#step()) {
      pen.strokeStyle = colour("--line");
      pen.beginPath();
      pen.moveTo(0, y(price));
      pen.lineTo(width, y(price));
      pen.stroke();
      pen.fillStyle = colour("--soft");
      pen.fillText(price, 2, y(price) - 3);
    }
    if (this.#ticks.length === 0) return;

    const newest = this.#ticks.at(-1);
    const right = width - 12;
    const x = (number) => right - ((newest.number - number) / WIDE) * right;
    pen.lineWidth = 2;
    pen.lineJoin = "round";
    newest.prices.forEach((price, share) => {
      pen.strokeStyle = pen.fillStyle = colour(`--share-${share}`);
      pen.beginPath();
      this.#ticks.forEach(({ number, prices }, i) => {
        const follows = i > 0 && number === this.#ticks[i - 1].number + 1;
        pen[follows ? "lineTo" : "moveTo"](x(number), y(prices[share]));
      });
      pen.stroke();
      pen.beginPath();
      pen.arc(right, y(price), 4, 0, 2 * Math.PI);
      pen.fill();
    });
  }

  /** The range is always wide enough, and becomes narrower a little with each picture. */
  #fit() {
    const shown = this.#ticks.flatMap(({ prices }) => prices);
    if (shown.length === 0) return;
    const [low, high] = [Math.min(...shown), Math.max(...shown)];
    const half = Math.max(high - low, NARROW) / 2;
    const middle = (low + high) / 2;
    this.#low = Math.min(low, this.#low + (middle - half - this.#low) * 0.1);
    this.#high = Math.max(high, this.#high + (middle + half - this.#high) * 0.1);
  }

  /** Some four lines, at round prices. */
  #step() {
    return [1, 2, 5, 10, 20, 50, 100].find((step) => (this.#high - this.#low) / step <= 6) ?? 1000;
  }
}
