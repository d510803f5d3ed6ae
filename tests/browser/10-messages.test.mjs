import assert from "node:assert/strict";

import { look, reads, story } from "./lib.mjs";

const RUNG = "10-messages";
const connected = (page) => reads(page.getByRole("status"), "Connected");

story(RUNG, "messages of any size come back whole, and in order", async ({ open }) => {
  const page = await open();
  await connected(page);
  const log = page.getByRole("log").locator("p");

  await page.getByLabel("Text").fill("Grüße 🦀");
  await page.getByLabel("Text").press("Enter");
  await reads(page.locator("#received"), /^1$/);
  await reads(log.last(), "Grüße 🦀");
  assert.equal(await log.last().getAttribute("data-way"), "in");

  for (const [i, size] of ["1 KiB", "1 MiB", "16 MiB"].entries()) {
    await page.getByRole("button", { name: size, exact: true }).click();
    await reads(page.locator("#received"), new RegExp(`^${i + 2}$`));
  }
  await reads(log.last(), "16,777,216 bytes");

  await page.getByRole("button", { name: "100 messages" }).click();
  await reads(page.locator("#received"), /^104$/);
  const came = await page.locator('.log [data-way="in"]').allTextContents();
  const numbers = came.map((line) => /message (\d+)/.exec(line)?.[1]).filter(Boolean);
  assert.deepEqual(numbers, Array.from({ length: 100 }, (_, i) => String(i + 1)));
  await look(page, RUNG);
});

story(RUNG, "each way to end the connection has its code, and the page connects again", async ({ open }) => {
  const page = await open();
  await page.clock.install();
  const log = page.getByRole("log").locator("p");
  for (const [button, says] of [
    ["Close with 1000", /code 1000\b.*Both sides/],
    ["Close with 4000", /code 4000\b.*Both sides/],
    ["Send more than the limit", /code 1009\b.*Both sides/],
  ]) {
    await connected(page);
    await page.getByRole("button", { name: button }).click();
    await reads(log.last(), says);
    await reads(page.getByRole("status"), /Reconnecting/);
    await page.clock.fastForward(2000);
  }
  await connected(page);
});

story(RUNG, "Ctrl-C is a Close frame of 1001, a crash is 1006, which nobody sent", async ({ open, server }) => {
  const page = await open("/", { expect: [/ERR_CONNECTION_REFUSED/] });
  await page.clock.install();
  const log = page.getByRole("log").locator("p");
  await connected(page);
  await server.ctrlC();
  await reads(log, /code 1001\b.*Both sides/);

  await server.again();
  await page.clock.fastForward(2000);
  await connected(page);
  await server.crash();
  await reads(log, /code 1006\b.*just left/);
});
