import assert from "node:assert/strict";

import { counts, look, reads, story } from "./lib.mjs";

const RUNG = "06-files";

story(RUNG, "a picture shows, and each file has its type and its size", async ({ open }) => {
  const page = await open();
  const picture = page.getByRole("img", { name: "copper wire" });
  await picture.waitFor();
  const width = await picture.evaluate(async (img) => {
    await img.decode();
    return img.naturalWidth;
  });
  assert.ok(width > 0, "the picture has been decoded");

  const rows = page.locator("#listing tr");
  for (const [row, type] of [
    "image/svg+xml",
    "text/css; charset=utf-8",
    "text/javascript; charset=utf-8",
    "application/json",
    "text/plain; charset=utf-8",
    "text/html; charset=utf-8",
  ].entries()) {
    await reads(rows.nth(row).locator("td").first(), type);
    await reads(rows.nth(row).locator("td").last(), /^[\d,]+$/);
  }
});

story(RUNG, "what has not changed is not sent again, and a part is a part", async ({ open }) => {
  const page = await open("/", { expect: [/status of 416/] });
  const lines = page.getByRole("log").locator("p");
  await page.getByRole("button", { name: "All of it" }).click();
  await counts(lines, 2);
  await reads(lines.last(), /200 OK, [1-9]\d* bytes, ETag: "/);

  await page.getByRole("button", { name: "Only if it has changed" }).click();
  await counts(lines, 4);
  await reads(lines.last(), /304 Not Modified, 0 bytes/);

  await page.getByRole("button", { name: "first 20" }).click();
  await counts(lines, 6);
  await reads(lines.last(), /206 Partial Content, 20 bytes.*Content-Range: bytes 0-19\/\d+/);

  await page.getByRole("button", { name: "does not have" }).click();
  await counts(lines, 8);
  await reads(lines.last(), /416 Range Not Satisfiable/);

  await look(page, RUNG);
});

story(RUNG, "a reload asks whether the files still hold, and is told that they do", async ({ open, server }) => {
  const page = await open();
  await reads(page.locator("#listing tr").last(), /text\/html/);
  const logged = server.log.length;
  await page.reload();
  await reads(page.locator("#listing tr").last(), /text\/html/);
  const since = server.log.slice(logged).join("\n");
  assert.match(since, /GET \/ -> 304/, `the page itself was asked for anew:\n${since}`);
});

story(RUNG, "a folder's links work, and a name with a space and an accent too", async ({ open }) => {
  const page = await open();
  await page.getByRole("link", { name: "poem" }).click();
  await page.getByRole("heading", { name: "a folder" }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/poem/");
  await look(page, `${RUNG}-folder`);
  await page.getByRole("link", { name: "verse.txt" }).click();
  await reads(page.locator("body"), /A slash at the end/);
  await page.goBack();
  await page.getByRole("link", { name: "back" }).click();
  await page.getByRole("link", { name: "naïve café.txt" }).click();
  await reads(page.locator("body"), /might be shown as Ã¯/);
});
