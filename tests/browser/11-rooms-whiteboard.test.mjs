import assert from "node:assert/strict";

import { look, reads, story } from "./lib.mjs";

const BOARD = "11-rooms/whiteboard";
const LOST = { expect: [/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET/] };

const connected = (page) => reads(page.getByRole("status"), "Connected");
const strokes = (page, words) => reads(page.locator("#strokes"), words);
const colour = (page, name) => page.getByRole("radio", { name }).check({ force: true });

async function comes(open, options) {
  const page = await open("/", options);
  await connected(page);
  return page;
}

/** Draws a line through points, each a part of the board's width and height. */
async function draws(page, points) {
  const { x, y, width, height } = await page.locator("#board").boundingBox();
  const at = ([h, v]) => [x + h * width, y + v * height];
  await page.mouse.move(...at(points[0]));
  await page.mouse.down();
  for (const point of points.slice(1)) await page.mouse.move(...at(point), { steps: 2 });
  await page.mouse.up();
}

/** The picture, pixel by pixel. */
const picture = (page) => page.locator("#board").evaluate((canvas) => canvas.toDataURL());

/** Waits until both pages show the same picture: the wet ink has dried. */
async function same(one, other) {
  const limit = Date.now() + 5000;
  let pictures;
  do {
    pictures = await Promise.all([one, other].map(async (page) => {
      await page.evaluate(() => new Promise(requestAnimationFrame));
      return picture(page);
    }));
  } while (pictures[0] !== pictures[1] && Date.now() < limit);
  assert.equal(pictures[0], pictures[1], "both pages show the same picture");
  return pictures[0];
}

const WAVE = [[0.1, 0.5], [0.2, 0.3], [0.3, 0.5], [0.4, 0.7], [0.5, 0.5]];
const CROSS = [[0.2, 0.2], [0.6, 0.8]];

story(BOARD, "two people draw on one board, and who comes late sees the same picture", async ({ open }) => {
  const ada = await comes(open);
  const empty = await picture(ada);
  const grace = await comes(open);
  await reads(ada.locator("#here"), "2 people here");
  await draws(ada, WAVE);
  await colour(grace, "Red");
  await draws(grace, CROSS);
  for (const page of [ada, grace]) await strokes(page, "2 strokes");
  const drawn = await same(ada, grace);
  assert.notEqual(drawn, empty, "something is drawn");
  const linus = await comes(open);
  await strokes(linus, "2 strokes");
  assert.equal(await same(ada, linus), drawn);
});

story(BOARD, "who takes back takes back what they drew, and not another's", async ({ open }) => {
  const [ada, grace] = [await comes(open), await comes(open)];
  await draws(ada, WAVE);
  await strokes(grace, "1 stroke");
  const before = await same(ada, grace);
  await draws(grace, CROSS);
  await strokes(ada, "2 strokes");
  await grace.keyboard.press("Control+z");
  await strokes(ada, "1 stroke");
  await grace.getByRole("button", { name: "Take back" }).click();
  await draws(grace, CROSS);
  await strokes(ada, "2 strokes");
  await grace.keyboard.press("Control+z");
  await strokes(ada, "1 stroke");
  assert.equal(await same(ada, grace), before);
  await grace.getByRole("button", { name: "Clear for all" }).click();
  await strokes(ada, "0 strokes");
});

story(BOARD, "the board is cleared under a pen that is drawing: the rest is a new stroke", async ({ open }) => {
  const [ada, grace] = [await comes(open), await comes(open)];
  const { x, y } = await ada.locator("#board").boundingBox();
  await ada.mouse.move(x + 50, y + 50);
  await ada.mouse.down();
  await ada.mouse.move(x + 90, y + 50, { steps: 4 });
  await strokes(grace, "1 stroke");
  await grace.getByRole("button", { name: "Clear for all" }).click();
  await strokes(ada, "0 strokes");
  await ada.mouse.move(x + 200, y + 90, { steps: 4 });
  await ada.mouse.up();
  await strokes(grace, "1 stroke");
  await same(ada, grace);
});

story(BOARD, "the keyboard draws too", async ({ open }) => {
  const [ada, grace] = [await comes(open), await comes(open)];
  const empty = await picture(grace);
  await ada.locator("#board").focus();
  await ada.keyboard.press(" ");
  await ada.keyboard.press(" ");
  await strokes(grace, "1 stroke");
  await ada.locator("#board").blur();
  const dot = await same(ada, grace);
  await ada.locator("#board").focus();
  await ada.keyboard.press("Control+z");
  await ada.keyboard.press(" ");
  for (let i = 0; i < 5; i += 1) await ada.keyboard.press("ArrowRight");
  await ada.keyboard.press("Shift+ArrowDown");
  await ada.keyboard.press(" ");
  await ada.locator("#board").blur();
  await strokes(grace, "1 stroke");
  const line = await same(ada, grace);
  assert.equal(new Set([empty, dot, line]).size, 3, "nothing, a dot, and a line are three pictures");
});

story(BOARD, "a server that dies and comes back has forgotten the picture, and the page goes on", async ({ open, server }) => {
  const ada = await comes(open, LOST);
  await draws(ada, WAVE);
  await strokes(ada, "1 stroke");
  await server.crash();
  await reads(ada.getByRole("status"), /Reconnecting in \d+ s/);
  await draws(ada, CROSS);
  await server.again();
  await connected(ada);
  await strokes(ada, "0 strokes");
  await draws(ada, CROSS);
  await strokes(ada, "1 stroke");
});

story(BOARD, "the whiteboard on a phone and on a desk, by day and by night", async ({ open }) => {
  const [ada, grace] = [await comes(open), await comes(open)];
  const spiral = Array.from({ length: 40 }, (_, i) => [0.3 + 0.005 * i * Math.cos(i / 3), 0.5 + 0.008 * i * Math.sin(i / 3)]);
  const names = ["Copper", "Green", "Blue", "Purple", "Gold"];
  await draws(ada, spiral);
  for (const [i, name] of names.entries()) {
    await colour(grace, name);
    if (i === 2) await grace.getByRole("radio", { name: "Thick" }).check({ force: true });
    await draws(grace, Array.from({ length: 20 }, (_, j) => [0.55 + 0.02 * j, 0.25 + 0.1 * i + 0.05 * Math.sin(j / 2 + i)]));
  }
  await strokes(ada, "6 strokes");
  await look(ada, "11-rooms-whiteboard");
});
