import { element, say } from "/common.js";

const FILE = "ladder.json";

/** The version that the page knows, by the server's own name for it. */
let etag = null;

async function ask(fields = {}) {
  try {
    // no-store: the browser's own cache would add conditions, and hide a 304 behind a 200.
    const answer = await fetch(FILE, { headers: fields, cache: "no-store" });
    const bytes = await answer.arrayBuffer();
    etag = answer.headers.get("ETag") ?? etag;
    const sent = Object.entries(fields).map(([name, value]) => `${name}: ${value}`);
    say("out", sent.length === 0 ? `GET ${FILE}` : `GET ${FILE}, ${sent.join(", ")}`);
    const told = ["ETag", "Content-Range"].filter((name) => answer.headers.has(name));
    const named = told.map((name) => `, ${name}: ${answer.headers.get(name)}`).join("");
    const beginning = answer.status === 206 ? `: ${JSON.stringify(new TextDecoder().decode(bytes))}` : "";
    say("in", `${answer.status} ${answer.statusText}, ${bytes.byteLength.toLocaleString("en")} bytes${named}${beginning}`);
    element("error").textContent = "";
  } catch (problem) {
    element("error").textContent = `No answer: ${problem.message}. Is the server still running?`;
  }
}

element("all").addEventListener("click", () => ask());
element("again").addEventListener("click", async () => {
  if (etag === null) await ask();
  if (etag !== null) await ask({ "If-None-Match": etag });
});
element("part").addEventListener("click", () => ask({ Range: "bytes=0-19" }));
element("beyond").addEventListener("click", () => ask({ Range: "bytes=1000000-" }));

/** Fills the table with what HEAD says of each file in it. */
async function list() {
  for (const row of element("listing").rows) {
    const answer = await fetch(row.querySelector("a").href, { method: "HEAD" });
    const [, type, bytes] = row.cells;
    type.textContent = answer.headers.get("Content-Type");
    bytes.textContent = Number(answer.headers.get("Content-Length")).toLocaleString("en");
  }
}

element("command").textContent = `curl -v -r 0-19 ${location.origin}/${FILE}`;
list().catch((problem) => {
  element("error").textContent = `The table could not be filled: ${problem.message}. Reload the page.`;
});
