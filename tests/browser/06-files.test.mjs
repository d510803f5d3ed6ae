import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after } from "node:test";
import { gzipSync } from "node:zlib";

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

// A folder that the server is told to serve and to list: names that are somebody else's text, a packed file, a sound.
const folder = mkdtempSync(path.join(tmpdir(), "barewire-listing-"));
after(() => rmSync(folder, { recursive: true }));
const NUMBERS = JSON.stringify(Array.from({ length: 20_000 }, (_, n) => n));
for (const [name, content] of [
  ["play/index.html", '<!doctype html><html lang="en"><title>play</title><link rel="icon" href="data:,"><audio src="tone.wav" controls></audio>'],
  ["play/tone.wav", wav(60)],
  ["names/<img src=x onerror=alert(1)>.txt", "A name is text."],
  ["names/javascript:alert(1)", "A name is no link."],
  ["names/a long name, as photographs and talks have them, which a phone must break somewhere.txt", ""],
  ["names/\u202Etxt.exe", ""],
  ["names/sub/deep.txt", "deep"],
  ["numbers.json", NUMBERS],
  ["numbers.json.gz", gzipSync(NUMBERS)],
]) {
  mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  writeFileSync(path.join(folder, name), content);
}
const LISTED = [{}, ["--root", folder, "--list"]];

/** So many seconds of silence: 8,000 samples a second, 16 bits each. */
function wav(seconds) {
  const samples = 8000 * seconds * 2;
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples, 4);
  head.write("WAVEfmt ", 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write("data", 36);
  head.writeUInt32LE(samples, 40);
  return Buffer.concat([head, Buffer.alloc(samples)]);
}

story(RUNG, "a folder without a page shows what is in it, and a name is only a name", async ({ open }) => {
  // A text has no icon that it could name, so the browser asks for the usual one.
  const page = await open("/names/", { expect: [/favicon\.ico/] });
  await page.getByRole("heading", { name: "/names/" }).waitFor();
  const background = await page.evaluate(() => getComputedStyle(document.body).maxWidth);
  assert.notEqual(background, "none", "the page's style is the one that its policy lets through");
  assert.equal(await page.getByRole("rowheader").count(), 5);
  assert.equal(await page.locator("img").count(), 0, "no name became an image");
  await look(page, `${RUNG}-listing`);

  await page.getByRole("link", { name: "<img src=x" }).click();
  await reads(page.locator("body"), /A name is text/);
  await page.goBack();
  // The answer has no type that a browser shows, so it is loaded, not opened: what counts is that it was asked for.
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "javascript:alert(1)" }).click(),
  ]);
  assert.equal(new URL(download.url()).pathname, "/names/javascript%3Aalert%281%29");
  await page.getByRole("link", { name: "sub/" }).click();
  await page.getByRole("link", { name: "deep.txt" }).waitFor();
  await page.getByRole("link", { name: "The folder above" }).click();
  await page.getByRole("heading", { name: "/names/" }).waitFor();
}, ...LISTED);

story(RUNG, "a packed file arrives unpacked", async ({ open }) => {
  const page = await open("/play/");
  const got = await page.evaluate(async () => {
    const answer = await fetch("/numbers.json");
    const numbers = await answer.json();
    const [entry] = performance.getEntriesByName(answer.url);
    return { last: numbers.at(-1), coding: answer.headers.get("Content-Encoding"), vary: answer.headers.get("Vary"),
      packed: entry.encodedBodySize, unpacked: entry.decodedBodySize };
  });
  assert.deepEqual({ ...got, packed: got.packed < NUMBERS.length / 2 },
    { last: 19_999, coding: "gzip", vary: "Accept-Encoding", packed: true, unpacked: NUMBERS.length });
}, ...LISTED);

story(RUNG, "a sound is played from its middle", async ({ open, server }) => {
  const page = await open("/play/");
  const place = await page.locator("audio").evaluate(async (audio) => {
    audio.muted = true;
    const happens = (what) => new Promise((resolve) => audio.addEventListener(what, resolve, { once: true }));
    if (audio.readyState < HTMLMediaElement.HAVE_METADATA) await happens("loadedmetadata");
    const seeked = happens("seeked");
    audio.currentTime = 50;
    await seeked;
    return { duration: audio.duration, at: audio.currentTime };
  });
  assert.deepEqual(place, { duration: 60, at: 50 });
  const log = server.log.join("\n");
  assert.match(log, /GET \/play\/tone.wav -> 206/, `Chromium asked for a range:\n${log}`);
}, ...LISTED);
