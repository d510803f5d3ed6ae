import assert from "node:assert/strict";

import { counts, look, number, reads, story } from "./lib.mjs";

const RUNG = "05-keep-alive";

story(RUNG, "ten requests one after the other share a connection, ten at once take more", async ({ open }) => {
  const page = await open();
  const answers = page.getByRole("log").locator("p");
  await counts(answers, 1); // the page asks once by itself
  const [requests, connections] = [page.locator("#requests"), page.locator("#connections")];
  const before = { requests: await number(requests), connections: await number(connections) };

  await page.getByRole("button", { name: "one after the other" }).click();
  const lines = await counts(answers, 11);
  assert.equal(await number(requests), before.requests + 10);
  assert.equal(await number(connections), before.connections, "no new connection for requests that can wait");
  const used = new Set(lines.slice(1).map((line) => /Connection (\S+),/.exec(line)[1]));
  assert.equal(used.size, 1, `all ten over one connection: ${[...used]}`);

  await page.getByRole("button", { name: "at once" }).click();
  await counts(answers, 21);
  assert.equal(await number(requests), before.requests + 20);
  const after = await number(connections);
  assert.ok(after > before.connections, `ten at once need more than the ${before.connections} connections there were`);
  assert.ok(after <= 6, `a browser keeps to six connections, the server counted ${after}`);

  await look(page, RUNG);
});

story(RUNG, "an answer may be the last one on its connection", async ({ open }) => {
  const page = await open();
  const answers = page.getByRole("log").locator("p");
  await counts(answers, 1);
  await page.getByRole("button", { name: "then close" }).click();
  await counts(answers, 2);
  await reads(answers.last(), /the server closes it/);
  const connection = /Connection (\S+),/.exec(await answers.last().textContent())[1];

  await page.getByRole("button", { name: "Ask once" }).click();
  const [, , next] = await counts(answers, 3);
  assert.doesNotMatch(next, new RegExp(`Connection ${connection},`), "a closed connection takes no other request");
});

story(RUNG, "a server that is gone is told of in words", async ({ open, server }) => {
  const page = await open("/", { expect: [/ERR_CONNECTION_REFUSED/] });
  const answers = page.getByRole("log").locator("p");
  await counts(answers, 1);
  await server.ctrlC();
  await page.getByRole("button", { name: "Ask once" }).click();
  await reads(page.getByRole("alert"), /Is the server still running/);

  await server.again();
  await page.getByRole("button", { name: "Ask once" }).click();
  await counts(answers, 2);
  assert.equal(await page.locator("#error").textContent(), "");
});
