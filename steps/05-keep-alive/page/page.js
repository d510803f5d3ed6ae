import { element, say } from "/common.js";

async function ask(query = "") {
  try {
    const began = performance.now();
    const answer = await fetch(`/count${query}`, { cache: "no-store" });
    const count = await answer.json();
    const took = performance.now() - began;
    for (const name of ["requests", "connections", "open"]) {
      element(name).textContent = count[name].toLocaleString("en");
    }
    const end = query === "" ? "" : "; the server closes it";
    say("in", `Connection ${count.connection}, request ${count.onThisConnection} on it, ${took.toFixed(1)} ms${end}`);
    element("error").textContent = "";
  } catch (problem) {
    element("error").textContent = `No answer: ${problem.message}. Is the server still running?`;
  }
}

element("once").addEventListener("click", () => ask());
element("ten").addEventListener("click", async () => {
  for (let times = 0; times < 10; times += 1) await ask();
});
element("together").addEventListener("click", () => Promise.all(Array.from({ length: 10 }, () => ask())));
element("closing").addEventListener("click", () => ask("?close"));

const command = element("command");
command.textContent = command.textContent.replace("http://127.0.0.1:8080", location.origin);
ask();
