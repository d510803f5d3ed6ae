import assert from "node:assert/strict";
import { createHash } from "node:crypto";

import { look, reads, story } from "./lib.mjs";

const RUNG = "08-upgrade";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 §1.3

story(RUNG, "the browser is answered 101, and what it sends then is no HTTP any more", async ({ open }) => {
  const page = await open();
  await reads(page.getByRole("status"), "Connected");
  await reads(page.getByRole("log"), /101 Switching Protocols, subprotocol bits\.v2/);
  await reads(page.locator("#chosen"), "bits.v2");
  await reads(page.locator("#extensions"), /^permessage-deflate/);
  const [key, accept] = [await page.locator("#key").textContent(), await page.locator("#accept").textContent()];
  assert.equal(accept, createHash("sha1").update(key + GUID).digest("base64"));

  const words = page.locator("figcaption");
  await reads(words, "No byte has come yet");
  await page.getByRole("button", { name: "Send it" }).click();
  await reads(words, /^11 bytes: 81 85 /);
  const once = await drawn(page);
  assert.equal(text(once), "Hello");

  await page.getByRole("button", { name: "Send it" }).click();
  await reads(words, /^22 bytes/);
  const twice = (await drawn(page)).slice(11);
  assert.equal(text(twice), "Hello");
  assert.notDeepEqual(twice, once, "the same text comes as other bytes: the masking key is a new one");
  await look(page, RUNG);
});

story(RUNG, "nobody answers a goodbye here, and the page can connect again", async ({ open, server }) => {
  const page = await open();
  await reads(page.getByRole("status"), "Connected");
  const [send, leave] = ["Send it", "Say goodbye"].map((name) => page.getByRole("button", { name }));
  const again = page.getByRole("button", { name: "Connect again" });
  await leave.click();
  await reads(page.locator("figcaption"), /^8 bytes: 88 82 /);
  await reads(page.getByRole("status"), "Waiting for the server’s goodbye");
  assert.ok(await send.isDisabled() && await leave.isDisabled(), "who has said goodbye says nothing more");
  await look(page, `${RUNG}-goodbye`);

  await again.click(); // the browser would wait a minute for an answer
  await reads(page.getByRole("status"), "Connected");
  await send.click();
  await reads(page.locator("figcaption"), /^11 bytes: 81 85 /);

  await leave.click();
  await server.ctrlC();
  await reads(page.getByRole("log"), /code 1006: nobody answered the goodbye/);
  await reads(page.getByRole("status"), "Offline");
  await server.again();
  await again.click();
  await reads(page.getByRole("status"), "Connected");
  assert.ok(await send.isEnabled(), "and there is something to send on again");
});

/** The bytes, put together from the bits that are drawn. */
async function drawn(page) {
  const bits = await page.locator("#bits .byte").evaluateAll((all) =>
    all.map((byte) => [...byte.querySelectorAll("i")].map((bit) => bit.textContent).join("")),
  );
  return bits.map((eight) => parseInt(eight, 2));
}

/** The text of a masked frame with a short payload. */
function text(frame) {
  const [key, payload] = [frame.slice(2, 6), frame.slice(6)];
  return String.fromCharCode(...payload.map((byte, i) => byte ^ key[i % 4]));
}
