import assert from "node:assert/strict";
import { createServer } from "node:http";

import { counts, look, reads, story } from "./lib.mjs";

const RUNG = "12-guard";

const connected = (page) => reads(page.getByRole("status"), "Connected");
const composer = (page) => page.getByLabel("Message", { exact: true });
const said = (page) => page.locator(".message:not(.pending) > p");
const REFUSED = { expect: [/status of 40[013]/] };

/** Answers the login page's questions. */
async function logsIn(page, name, password = "") {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

story(RUNG, "who logs in is in the chat, under that name, and can leave", async ({ open }) => {
  const ada = await open();
  assert.match(ada.url(), /\/login$/, "who is not logged in is asked to");
  await look(ada, "12-guard-login");
  await ada.setViewportSize({ width: 1280, height: 800 });
  await logsIn(ada, "Ada");
  await connected(ada);
  await reads(ada.locator(".top"), /12/);
  assert.equal(await ada.title(), "12 guard · barewire");

  const grace = await open();
  await logsIn(grace, "Grace");
  await connected(grace);
  assert.deepEqual(await counts(ada.locator("#people .name"), 2), ["Ada", "Grace"]);
  await composer(grace).fill("Is anyone on this wire?");
  await composer(grace).press("Enter");
  await reads(said(ada).last(), "Is anyone on this wire?");
  await look(ada, "12-guard-chat");

  await grace.getByRole("link", { name: "Log out" }).click();
  await grace.getByRole("button", { name: "Log in" }).waitFor();
  await counts(ada.locator("#people .name"), 1);
  await grace.goto(new URL("/", grace.url()).href);
  assert.match(grace.url(), /\/login$/, "the session is over");
});

story(RUNG, "another room, but no other name", async ({ open }) => {
  const ada = await open();
  await logsIn(ada, "Ada");
  await connected(ada);
  await ada.getByRole("button", { name: "Change room" }).click();
  await ada.getByLabel("Room", { exact: true }).waitFor();
  assert.equal(await ada.getByLabel("Name", { exact: true }).isVisible(), false);
  await ada.getByLabel("Room", { exact: true }).fill("tea");
  await ada.getByLabel("Room", { exact: true }).press("Enter");
  await reads(ada.locator("#here"), /^tea · 1 here$/);
});

story(RUNG, "a wrong password is said on the page, and the right one opens", async ({ open }) => {
  const ada = await open("/login", REFUSED);
  await logsIn(ada, "Ada", "open sesame?");
  await reads(ada.getByRole("alert"), /this is not the password/);
  await logsIn(ada, "A\u0007da", "open sesame");
  await reads(ada.getByRole("alert"), /a name has letters/);
  await look(ada, "12-guard-login-refused");
  await logsIn(ada, "Ada", "open sesame");
  await connected(ada);
}, { PASSWORD: "open sesame" });

story(RUNG, "the counters tell who is here, how far away, and who was refused", async ({ open, server }) => {
  const ada = await open();
  await logsIn(ada, "Ada");
  await connected(ada);
  assert.equal((await fetch(new URL("/me", server.url))).status, 401);
  await ada.getByRole("link", { name: "Counters" }).click();
  await reads(ada.getByRole("status"), "Live");
  await reads(ada.locator("#refused"), /not logged in\s*1/);
  // The chat's tab is this one, so nobody is connected; a second one is.
  const grace = await open();
  await logsIn(grace, "Grace");
  await connected(grace);
  await reads(ada.locator("#clients tr"), /Grace.*\d ms/);
  await look(ada, "12-guard-counters");
}, { PING_INTERVAL_MS: "1000" });

story(RUNG, "a page of another origin gets no WebSocket", async ({ open, server }) => {
  const ada = await open();
  await logsIn(ada, "Ada");
  await connected(ada);
  const elsewhere = createServer((_, answer) => answer.setHeader("Content-Type", "text/html").end("<!doctype html><title>Evil</title>"));
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  try {
    const evil = await open(`http://127.0.0.1:${elsewhere.address().port}/`, {
      expect: [/another host: ws:/, /response code: 403/, /favicon/],
    });
    const code = await evil.evaluate((address) => new Promise((resolve) => {
      const socket = new WebSocket(address);
      socket.addEventListener("open", () => resolve("open"));
      socket.addEventListener("close", (event) => resolve(event.code));
    }), `ws://${server.url.host}/chat`);
    assert.equal(code, 1006, "a browser tells a page nothing of a handshake that failed");
  } finally {
    elsewhere.closeAllConnections();
    elsewhere.close();
  }
  await reads(ada.getByRole("status"), "Connected");
});
