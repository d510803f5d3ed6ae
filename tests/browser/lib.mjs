// The vocabulary of the browser tests: a story runs against one rung, opens pages as a person would, and ends with the
// checks that every page must pass. Nothing here sleeps: each wait is for something that a person would see, with a limit.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import axe from "axe-core";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../..", import.meta.url));
const screenshots = path.resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "screenshots");

/** How long anything that a person waits for may take. */
const PATIENCE_MS = 10_000;
/** How long one story may take, its rung's build included. */
const STORY_MS = 300_000;

/**
 * A test of one rung. The body gets:
 * `open(path, options)`: a page in a browser profile of its own, so two of them are two people;
 * `server`: the rung's process, its `url`, `ctrlC()`, `crash()` and `again()`.
 * @param {string} rung the binary's name, "05-keep-alive", or an example's behind its rung's: "11-rooms/ticker"
 * @param {string} name what a person does and sees
 * @param {string[]} args the program's arguments
 */
export function story(rung, name, body, environment = {}, args = []) {
  test(`${rung}: ${name}`, { timeout: STORY_MS }, async (t) => {
    const server = await start(rung, environment, args);
    const visits = [];
    const open = async (where = "/", options = {}) => {
      const visit = await goTo(new URL(where, server.url), options);
      visits.push(visit);
      return visit.page;
    };
    try {
      await body({ open, server });
      for (const visit of visits) visit.mustBeClean();
    } catch (error) {
      for (const [i, { page }] of visits.entries()) await shoot(page, `failed-${rung.replace("/", "-")}-${i + 1}`).catch(() => {});
      t.diagnostic(`what ${rung} logged last:\n${server.log.slice(-30).join("\n")}`);
      throw error;
    } finally {
      for (const { context } of visits) await context.close();
      await server.crash();
    }
  });
}

/**
 * Looks at a page as it stands now, on a phone and on a desk, by day and by night: no accessibility violation, nothing
 * that must be scrolled sideways, and a picture of each in target/screenshots.
 */
export async function look(page, name) {
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: width === 360 ? 740 : 800 });
    for (const colorScheme of ["light", "dark"]) {
      await page.emulateMedia({ colorScheme });
      const here = `${name} at ${width} pixels, ${colorScheme}`;
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${here}: the page is ${wide} pixels wide, so a person must scroll sideways`);
      assert.deepEqual(await violations(page), [], `${here}: accessibility`);
      await shoot(page, `${name}-${width}-${colorScheme}`);
    }
  }
}

/** A picture of the page as the window shows it, or of all of it. */
export async function shoot(page, name, fullPage = true) {
  mkdirSync(screenshots, { recursive: true });
  await page.screenshot({ path: path.join(screenshots, `${name}.png`), fullPage });
}

/** Waits until what `locator` finds reads as `pattern` says. */
export async function reads(locator, pattern) {
  try {
    await locator.filter({ hasText: pattern }).first().waitFor();
  } catch {
    const found = await locator.allTextContents();
    assert.fail(`${locator} should read ${pattern}; it reads ${JSON.stringify(found)}`);
  }
}

/** Waits until `locator` finds `many` things, then tells their texts. */
export async function counts(locator, many) {
  const last = many === 0 ? locator.first().waitFor({ state: "detached" }) : locator.nth(many - 1).waitFor();
  await last.catch(() => {});
  const texts = await locator.allTextContents();
  assert.equal(texts.length, many, `${locator}: ${JSON.stringify(texts)}`);
  return texts;
}

/** The number that an element shows: "1,284" is 1284. */
export async function number(locator) {
  return Number((await locator.textContent()).replaceAll(",", ""));
}

async function violations(page) {
  await page.evaluate(axe.source);
  const found = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return found.violations.flatMap((rule) =>
    rule.nodes.map((node) => `${rule.id}: ${node.target} (${node.failureSummary.replaceAll("\n", " ")})`),
  );
}

// One browser serves all stories of a run; a story's pages live in contexts of their own.
let browser;

async function launch() {
  const executablePath = execFileSync(path.join(root, "tests/tools/need.sh"), ["chromium"], { encoding: "utf8" }).trim();
  return chromium.launch({
    executablePath,
    args: [
      "--no-sandbox", // Chromium's sandbox needs user namespaces or a setuid helper, which containers lack
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

after(async () => (await browser)?.close());

/** Opens an address and remembers all that a clean page does not do. */
async function goTo(url, { width = 1280, colorScheme = "light", expect = [] } = {}) {
  browser ??= launch();
  const context = await (await browser).newContext({
    viewport: { width, height: width === 360 ? 740 : 800 },
    colorScheme,
    reducedMotion: "reduce",
  });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrong = [];
  const notExpected = (text) => {
    if (!expect.some((pattern) => pattern.test(text))) wrong.push(text);
  };
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    notExpected(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => wrong.push(`script: ${error.stack}`));
  const hosts = (address) => {
    const { protocol, host } = new URL(address);
    if (protocol !== "data:" && protocol !== "blob:" && host !== url.host) notExpected(`another host: ${address}`);
  };
  page.on("request", (request) => hosts(request.url()));
  page.on("websocket", (socket) => hosts(socket.url()));
  const mustBeClean = () => assert.deepEqual(wrong, [], `${url}: the page did what a clean page does not do`);
  await page.goto(url.href);
  return { page, context, mustBeClean };
}

// Whatever ends this process ends the servers that it started.
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** Starts a rung on a free port and waits until it says where it listens. */
async function start(rung, environment, args) {
  const log = [];
  let child;
  const run = async (port) => {
    child = spawn(build(rung), args, {
      env: { ...process.env, RUST_LOG: "info", ...environment, PORT: port },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    child.once("exit", () => running.delete(child));
    createInterface({ input: child.stderr }).on("line", (line) => log.push(line));
    return new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`${rung} ended (${code}) before it listened:\n${log.join("\n")}`)));
      createInterface({ input: child.stdout }).on("line", (line) => {
        log.push(line);
        const address = /^listening on (http:\S+)$/.exec(line)?.[1];
        if (address) resolve(new URL(address));
      });
    });
  };
  const end = async (signal) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill(signal);
    await gone;
  };
  const server = {
    log,
    url: await run("0"),
    /** Ends the process politely, and waits until it has ended. */
    ctrlC: () => end("SIGINT"),
    /** Ends the process at once: the peer hears nothing but what its kernel says. */
    crash: () => end("SIGKILL"),
    /** The same rung again, on the same port. */
    again: () => run(server.url.port),
  };
  return server;
}

const built = new Map();

/** Builds a rung, so that no stale binary is tested, and takes its path from what cargo says. */
function build(rung) {
  if (!built.has(rung)) {
    const [name, example = name] = rung.split("/");
    const what = example === name ? ["--bin", name] : ["--example", example];
    const said = execFileSync("cargo", ["build", "--quiet", ...what, "--message-format=json-render-diagnostics"], {
      cwd: root,
      encoding: "utf8",
      maxBuffer: 64 << 20,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const artifacts = said.split("\n").filter(Boolean).map((line) => JSON.parse(line));
    const binary = artifacts.find((it) => it.executable && it.target.name === example);
    assert.ok(binary, `cargo built no binary ${rung}`);
    built.set(rung, binary.executable);
  }
  return built.get(rung);
}
