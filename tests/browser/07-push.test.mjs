import assert from "node:assert/strict";

import { counts, look, number, reads, story } from "./lib.mjs";

const RUNG = "07-push";
const COLUMNS = ["#poll", "#wait", "#events"];
const WAYS = ["short polling", "long polling", "Server-Sent Events"];

const messages = (page, column) => page.locator(`${column} .log p`);
const figure = (page, column, name) => page.locator(`${column} [data-count="${name}"]`);

/** A cell of the table: the figure's row, the way's column. */
const cell = (page, name, column) =>
  page.locator(`[data-figure="${name}"] td`).nth(COLUMNS.indexOf(column));

async function says(page, text) {
  await page.getByLabel("Message", { exact: true }).fill(text);
  await page.getByLabel("Message", { exact: true }).press("Enter");
}

story(RUNG, "a message comes in all three columns, and each counts what it cost", async ({ open }) => {
  const page = await open();
  await reads(page.locator("#events [data-state]"), "one answer open");
  await page.getByLabel("Name").fill("Ada");
  for (const text of ["Is anyone on this wire?", "<b>Not HTML</b>", "Grüße 🦀"]) {
    await says(page, text);
    for (const column of COLUMNS) await reads(messages(page, column).last(), `Ada${text}`);
  }
  for (const column of COLUMNS) {
    await reads(figure(page, column, "requests"), /^[1-9]/);
    await reads(figure(page, column, "bytes"), /^[1-9]/);
    await reads(figure(page, column, "delay"), /^\d/);
  }
  await reads(cell(page, "waiting", "#events"), /^1$/);
  await reads(cell(page, "requests", "#events"), /^1$/);
  const before = await number(figure(page, "#poll", "requests"));
  await figure(page, "#poll", "requests").filter({ hasNotText: new RegExp(`^${before}$`) }).waitFor();
  assert.ok((await number(figure(page, "#poll", "requests"))) > before);
  assert.equal(await number(figure(page, "#events", "requests")), 1);
  await look(page, RUNG);
  await page.setViewportSize({ width: 360, height: 740 });
  const hidden = await page.getByRole("region", { name: "Table" }).evaluate((it) => it.scrollWidth - it.clientWidth);
  assert.equal(hidden, 0, "on a phone the table shows all its columns");
});

story(RUNG, "the table is what the server counted", async ({ open, server }) => {
  const page = await open();
  await reads(page.locator("#events [data-state]"), "one answer open");
  for (const text of ["one", "two"]) {
    await says(page, text);
    for (const column of COLUMNS) await reads(messages(page, column).last(), text);
  }
  for (const way of WAYS) await page.getByRole("button", { name: `Stop ${way}` }).click();
  for (const column of COLUMNS) await reads(cell(page, "waiting", column), /^0$/);
  // Nobody asks any more but for the counters, which are not counted.
  const stats = await (await fetch(new URL("/stats", server.url))).json();
  for (const column of COLUMNS) {
    const way = stats[column.slice(1)];
    assert.ok(way.messages >= 2 && way.bytesIn > 0 && way.bytesOut > 0, `${column}: ${JSON.stringify(way)}`);
    for (const name of ["requests", "bytesIn", "bytesOut", "messages", "waiting"]) {
      const shown = way[name].toLocaleString("en");
      await reads(cell(page, name, column), new RegExp(`^${shown}$`));
    }
    const each = Math.round((way.bytesIn + way.bytesOut) / way.messages).toLocaleString("en");
    await reads(cell(page, "perMessage", column), new RegExp(`^${each}$`));
    await reads(cell(page, "delay", column), /^[\d.,]+ ms$/);
  }
});

story(RUNG, "two tabs talk; a way that is stopped gets nothing, and catches up when it runs", async ({ open }) => {
  const ada = await open();
  const grace = await open();
  await reads(ada.locator("#events [data-state]"), "one answer open");
  for (const way of WAYS) await ada.getByRole("button", { name: `Stop ${way}` }).click();
  await reads(ada.locator("#wait [data-state]"), "stopped");
  await grace.getByRole("button", { name: "Send ten" }).click();
  for (const column of COLUMNS) await counts(messages(grace, column), 10);
  for (const column of COLUMNS) await counts(messages(ada, column), 0);
  for (const way of WAYS) await ada.getByRole("button", { name: `Start ${way}` }).click();
  for (const column of COLUMNS) {
    const texts = await counts(messages(ada, column), 10);
    assert.deepEqual(texts.map((text) => /message (\d+)/.exec(text)[1]), Array.from({ length: 10 }, (_, i) => `${i + 1}`));
  }
});

story(RUNG, "a server that comes back is found again, by all three", async ({ open, server }) => {
  const page = await open("/", { expect: [/ERR_/, /Failed to load resource/] });
  await reads(page.locator("#events [data-state]"), "one answer open");
  await says(page, "before");
  for (const column of COLUMNS) await reads(messages(page, column).last(), "before");
  await server.ctrlC();
  for (const column of COLUMNS) await reads(page.locator(`${column} [data-state]`), "no answer, tries again");
  await server.again();
  await reads(page.locator("#poll [data-state]"), "asks every 2 s");
  await reads(page.locator("#events [data-state]"), "one answer open");
  await reads(page.locator("#wait [data-state]"), "one question open");
  await says(page, "after");
  for (const column of COLUMNS) await reads(messages(page, column).last(), "after");
});
