import assert from "node:assert/strict";

import { counts, look, reads, story } from "./lib.mjs";

const RUNG = "09-frames";

story(RUNG, "the bits of a frame are drawn as the server saw them, and of its answer", async ({ open }) => {
  const page = await open();
  await reads(page.getByRole("status"), "Connected");
  await page.getByLabel("Text").fill("Hello");
  await page.getByRole("button", { name: "Send as text" }).click();

  const frames = page.locator("#frames figure");
  await counts(frames, 2);
  await reads(frames.first(), /received.*FIN 1.*text.*Hello/);
  const [first, second, ...rest] = await bytes(frames.first());
  assert.deepEqual([first, second], [0x81, 0x85], "FIN and text; MASK and five bytes");
  const [key, payload] = [rest.slice(0, 4), rest.slice(4)];
  const unmasked = payload.map((byte, i) => byte ^ key[i % 4]);
  assert.equal(String.fromCharCode(...unmasked), "Hello");

  await reads(frames.last(), /sent.*FIN 1.*text.*Hello/);
  assert.deepEqual(await bytes(frames.last()), [0x81, 0x05, ...Buffer.from("Hello")], "a server masks nothing");

  await reads(page.getByRole("log").locator("p").last(), /Hello/);
  await look(page, RUNG);
});

story(RUNG, "the length takes 7, 16 or 64 bits", async ({ open }) => {
  const page = await open();
  await reads(page.getByRole("status"), "Connected");
  const frames = page.locator("#frames figure");
  const cases = [
    ["0 bytes", [0x82, 0x00]],
    ["125", [0x82, 125]],
    ["126", [0x82, 126, 0, 126]],
    ["65,535", [0x82, 126, 0xff, 0xff]],
    ["65,536", [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
  ];
  for (const [i, [button, header]] of cases.entries()) {
    await page.getByRole("button", { name: button, exact: true }).click();
    await counts(frames, 2 * i + 2);
    const answer = await bytes(frames.nth(1)); // newest first: what came, then what was sent
    assert.deepEqual(answer.slice(0, header.length), header, button);
  }
});

story(RUNG, "the page connects again when the server comes back", async ({ open, server }) => {
  const page = await open("/", { expect: [/ERR_CONNECTION_REFUSED/] });
  await page.clock.install();
  await reads(page.getByRole("status"), "Connected");
  await server.crash();
  await reads(page.getByRole("status"), /Reconnecting/);
  await server.again();
  await page.clock.fastForward(2000);
  await reads(page.getByRole("status"), "Connected");
});

/** The bytes of a drawing, put together from its bits. */
async function bytes(figure) {
  const drawn = await figure.locator(".byte").evaluateAll((all) =>
    all.map((byte) => [...byte.querySelectorAll(".bitfield i")].map((bit) => bit.textContent).join("")),
  );
  return drawn.map((bits) => {
    assert.match(bits, /^[01]{8}$/);
    return parseInt(bits, 2);
  });
}
