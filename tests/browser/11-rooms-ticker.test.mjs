import assert from "node:assert/strict";

import { look, number, reads, story } from "./lib.mjs";

const TICKER = "11-rooms/ticker";

const connected = (page) => reads(page.getByRole("status"), "Connected");
const price = (page, share) => page.getByRole("row", { name: share }).locator(".number");

/** How many colours a picture has that are not the ground's: 0 where nothing is drawn. */
const ink = (page, canvas) =>
  page.locator(canvas).evaluate((element) => {
    const { data } = element.getContext("2d").getImageData(0, 0, element.width, element.height);
    const colours = new Set();
    for (let i = 0; i < data.length; i += 4) if (data[i + 3] === 255) colours.add(`${data[i]},${data[i + 1]},${data[i + 2]}`);
    return colours.size;
  });

/** Waits until a figure of the page is at least so large. */
const reaches = (page, figure, least) =>
  page.waitForFunction(
    ([id, least]) => Number(document.getElementById(id).textContent.replaceAll(",", "")) >= least,
    [figure, least],
  );

story(TICKER, "two pages see the same prices move, and what one buys, both see rise", async ({ open }) => {
  const [ada, grace] = [await open(), await open()];
  for (const page of [ada, grace]) {
    await connected(page);
    await reaches(page, "readers", 2);
    await reaches(page, "rate", 30);
  }
  const before = await number(price(grace, "Tin"));
  for (let i = 0; i < 10; i += 1) await ada.getByRole("button", { name: "Buy Tin" }).click();
  await grace.waitForFunction((before) => {
    const [row] = [...document.querySelectorAll("#shares tr")].filter((row) => row.textContent.includes("Tin"));
    return Number(row.querySelector(".number").textContent) > before + 10;
  }, before);
  await reaches(grace, "ticks", 120);
  assert.ok(await ink(grace, "#chart") >= 5, "five lines, each in its colour");
});

story(TICKER, "a page that was frozen is shown the newest prices, and told how many were left out", async ({ open }) => {
  const page = await open();
  await connected(page);
  await reaches(page, "rate", 30);
  // On a busy machine some may be left out before, too.
  const before = await number(page.locator("#missed"));
  await page.getByRole("button", { name: /^Freeze/ }).click();
  // Three seconds are 180 ticks, of which 30 may be on the way.
  await reaches(page, "missed", before + 100);
  await reaches(page, "rate", 30);
});

story(TICKER, "the ticker on a phone and on a desk, by day and by night", async ({ open }) => {
  const page = await open();
  await connected(page);
  await reaches(page, "ticks", 300);
  await look(page, "11-rooms-ticker");
});
