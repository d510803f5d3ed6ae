// The chat of rung 11 for somebody who has logged in: the name is known, and cannot be another.

import { make } from "/common.js";

document.title = "12 guard · barewire";
document.querySelector(".rung").textContent = "12";
document.querySelector(".top h1").textContent = "guard";

/** A session may end while the page is open; then there is no use in connecting again. */
async function whoAmI() {
  const answer = await fetch("/me");
  if (answer.status === 401) location.assign("/login");
  return answer.ok ? (await answer.json()).name : undefined;
}

const link = make("a", "", "Counters");
link.href = "/counters";
const leave = make("a", "", "Log out");
leave.href = "/logout";
leave.addEventListener("click", async (event) => {
  event.preventDefault(); // it changes something, so it is a POST
  await fetch("/logout", { method: "POST" });
  location.assign("/login");
});
const tools = make("nav", "row");
tools.append(link, leave);
document.querySelector(".top").append(tools);

const name = await whoAmI();
if (name) {
  sessionStorage.setItem("name", name);
  const field = document.getElementById("name");
  field.readOnly = true;
  field.parentElement.hidden = true;
}
document.getElementById("change").firstChild.textContent = "Change";
document.querySelector("#change .wide").textContent = " room";
document.getElementById("change").setAttribute("aria-label", "Change room");
await import("/chat.js");

// The chat's own script says how its connection is. Where it is lost, the reason may be that the session has ended.
new MutationObserver(() => {
  if (document.getElementById("status").dataset.state === "reconnecting") whoAmI().catch(() => {});
}).observe(document.getElementById("status"), { attributeFilter: ["data-state"] });
