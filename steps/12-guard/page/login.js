// The login. Without this script the form works too; with it, what was wrong is said on the page.

import { element } from "/common.js";

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("error").textContent = "";
  try {
    const body = new URLSearchParams(new FormData(event.target));
    const answer = await fetch("/login", { method: "POST", body, redirect: "manual" });
    if (answer.type === "opaqueredirect") return location.assign("/"); // 303: logged in
    element("error").textContent = await answer.text();
    element(answer.status === 403 ? "password" : "name").select();
  } catch {
    element("error").textContent = "The server does not answer.";
  }
});
element("name").focus();
