import assert from "node:assert/strict";

import { counts, look, reads, shoot, story } from "./lib.mjs";

const RUNG = "11-rooms";
const LOST = { expect: [/ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED/] };

const connected = (page) => reads(page.getByRole("status"), "Connected");
const composer = (page) => page.getByLabel("Message", { exact: true });
const said = (page) => page.locator(".message:not(.pending) > p");

/** Answers the one question that the page asks. */
async function comesIn(page, name) {
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("Name", { exact: true }).press("Enter");
  await connected(page);
  return page;
}

async function says(page, text) {
  await composer(page).fill(text);
  await composer(page).press("Enter");
  await reads(said(page).last(), text);
}

story(RUNG, "two people chat; each sees the other's words once, and their own on the other side", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  await reads(ada.locator(".notice"), "Nobody else is in lobby yet");
  const grace = await comesIn(await open(), "Grace");
  await reads(ada.locator(".notice").last(), "Grace joined");
  await counts(ada.locator(".notice.welcome"), 0);
  assert.deepEqual(await counts(ada.locator("#people .name"), 2), ["Ada", "Grace"]);

  await says(grace, "Is anyone on this wire?");
  await reads(said(ada).last(), "Is anyone on this wire?");
  await says(ada, "I am.");
  await says(ada, "<img src=x onerror=alert(1)> https://example.com/");
  await counts(said(grace), 3);
  assert.equal(await grace.locator(".message.own").count(), 1);
  assert.equal(await ada.locator(".message.own").count(), 2);
  assert.equal(await ada.locator(".message.follows").count(), 1);
  assert.equal(await grace.locator("#messages :is(img, a)").count(), 0, "others' words are text, and nothing else");
});

story(RUNG, "Enter sends, Shift+Enter does not, and the focus stays where the person types", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  await ada.keyboard.type("one");
  await ada.keyboard.press("Shift+Enter");
  await ada.keyboard.type("two");
  assert.equal(await said(ada).count(), 0);
  await ada.keyboard.press("Enter");
  await reads(said(ada), /^one\ntwo$/);
  await ada.keyboard.type("three");
  await ada.getByRole("button", { name: "Send" }).click();
  await ada.keyboard.type("four");
  await ada.keyboard.press("Enter");
  assert.deepEqual(await counts(said(ada), 3), ["one\ntwo", "three", "four"]);
  await ada.getByRole("log").focus();
  await ada.keyboard.press("Escape");
  await ada.keyboard.type("five");
  assert.equal(await composer(ada).inputValue(), "five");
});

story(RUNG, "who types is seen typing, until the message comes or nothing more", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  const grace = await comesIn(await open(), "Grace");
  await composer(grace).pressSequentially("Hel");
  await reads(ada.locator("#typing"), "Grace is typing…");
  assert.equal(await grace.locator("#typing").textContent(), "");
  await says(grace, "Hello");
  await reads(ada.locator("#typing"), /^$/);
  await composer(grace).pressSequentially("I was about to");
  await reads(ada.locator("#typing"), "Grace is typing…");
  await reads(ada.locator("#typing"), /^$/);
}, { TYPING_MS: "2500" });

story(RUNG, "two tabs of one browser are two people, and a page loaded anew is the same one", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  const second = await ada.context().newPage();
  await second.goto(ada.url());
  await connected(second);
  assert.deepEqual(await counts(second.locator("#people .name"), 2), ["Ada", "Ada 2"]);
  await says(second, "Who am I?");
  await reads(said(ada).last(), "Who am I?");
  await says(ada, "The other one.");

  await ada.reload();
  await connected(ada);
  assert.deepEqual(await counts(said(ada), 2), ["Who am I?", "The other one."]);
  assert.equal(await ada.locator(".message.own").count(), 1);

  await second.getByRole("button", { name: "Change name or room" }).click();
  await second.getByLabel("Name", { exact: true }).fill("Grace");
  await second.getByRole("button", { name: "Come in" }).click();
  await reads(ada.locator("#people"), "Grace");
  await second.close();
  await reads(ada.locator(".notice").last(), "Grace left");
  assert.deepEqual(await counts(ada.locator("#people .name"), 1), ["Ada"]);
});

story(RUNG, "a room is an address, and rooms are apart", async ({ open }) => {
  const ada = await comesIn(await open("/#tea"), "Ada");
  const grace = await comesIn(await open(), "Grace");
  await reads(ada.locator("#here"), "tea · 1 here");
  await says(ada, "Two lumps, please");
  await reads(grace.locator("#here"), "lobby · 1 here");
  assert.equal(await said(grace).count(), 0);
  await grace.evaluate(() => { location.hash = "tea"; });
  await reads(said(grace), "Two lumps, please");
  await reads(ada.locator("#here"), "tea · 2 here");
});

story(RUNG, "what came while nobody looked is counted in the title", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  const grace = await comesIn(await open(), "Grace");
  const look = (hidden) =>
    ada.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await look(true);
  await says(grace, "one");
  await says(grace, "two");
  await counts(said(ada), 2);
  assert.equal(await ada.title(), "(2) 11 rooms · barewire");
  await look(false);
  assert.equal(await ada.title(), "11 rooms · barewire");
});

story(RUNG, "a server that dies and comes back: the page says so, and nothing is lost or there twice", async ({ open, server }) => {
  const ada = await comesIn(await open("/", LOST), "Ada");
  const grace = await comesIn(await open("/", LOST), "Grace");
  await says(ada, "before");
  await reads(said(grace).last(), "before");
  await server.crash();
  for (const page of [ada, grace]) await reads(page.getByRole("status"), /Reconnecting in \d+ s/);
  await composer(ada).fill("in between");
  await composer(ada).press("Enter");
  await reads(ada.locator(".message.pending"), "in between");
  await server.again();
  for (const page of [ada, grace]) await connected(page);
  await reads(said(ada).last(), "in between");
  await reads(said(grace).last(), "in between");
  await says(grace, "after");
  await reads(said(ada).last(), "after");
  for (const page of [ada, grace]) assert.deepEqual(await counts(said(page), 3), ["before", "in between", "after"]);
  assert.equal(await ada.locator(".message.pending").count(), 0);
  assert.equal(await grace.getByText("Ada left").count(), 0, "who comes back with the server has not left");
});

story(RUNG, "a network that is gone: Offline; when it is back, so is the page, with what it missed", async ({ open }) => {
  const ada = await comesIn(await open("/", LOST), "Ada");
  const grace = await comesIn(await open(), "Grace");
  await says(ada, "before");
  await ada.context().setOffline(true);
  await reads(ada.getByRole("status"), "Offline");
  await says(grace, "missed");
  await ada.context().setOffline(false);
  await connected(ada);
  assert.deepEqual(await counts(said(ada), 2), ["before", "missed"]);
});

story(RUNG, "a page that could not be told everything says so, and shows how it stands", async ({ open }) => {
  const ada = await comesIn(await open(), "Ada");
  const grace = await comesIn(await open(), "Grace");
  // Larger than the queue of anybody: it reaches Ada with the history.
  await says(grace, "x".repeat(1500));
  await reads(ada.locator(".notice").last(), /left out: 1/);
  await reads(said(ada).last(), /^x{1500}$/);
  await says(grace, "short");
  assert.equal((await counts(said(ada), 2))[1], "short");
}, { SLOW_READER: "drop-newest", MAX_QUEUE: "1000" });

story(RUNG, "the door and the chat, on a phone and on a desk, by day and by night", async ({ open }) => {
  const door = await open();
  await look(door, `${RUNG}-door`);

  const ada = await comesIn(door, "Ada");
  const [grace, linus] = [await comesIn(await open(), "Grace"), await comesIn(await open(), "Linus")];
  for (const [page, text] of [
    [grace, "Is anyone on this wire?"],
    [ada, "I am. Every byte of it was written by hand."],
    [ada, "Even the mask."],
    [linus, "What does the frame of this very message look like?"],
    [grace, "0x81 0x7e, then its length in two bytes. The rest is you."],
    [grace, "An idle room costs nothing, by the way. Not even a buffer."],
    [ada, "I pulled the plug on the server a minute ago.\nDid anybody notice?"],
    [linus, "It said “Reconnecting in 1 s”. Nothing lost, nothing twice."],
    [ada, "Beautiful."],
  ]) {
    await says(page, text);
    await reads(said(ada).last(), text.split("\n")[0]);
  }
  await composer(grace).pressSequentially("Rung 12 next?");
  await reads(ada.locator("#typing"), "Grace is typing…");
  await ada.evaluate(() => document.activeElement.blur());
  await ada.emulateMedia({ colorScheme: "light" });
  await ada.setViewportSize({ width: 1280, height: 788 });
  await shoot(ada, "chat", false);
  await look(ada, RUNG);
}, { TYPING_MS: "60000" });
