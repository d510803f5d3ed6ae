// The login. Without this script the form works too; with it, what was wrong is said on the page.

import { element } from "/common.js";

element("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  element("error").textContent = "";
  try {
    const answer = await fetch("/login", { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
    if (answer.ok) return location.assign("/"); // fetch has followed the redirect
    element("error").textContent = await answer.text();
    element(answer.status === 403 ? "password" : "name").select();
  } catch {
    element("error").textContent = "The server does not answer.";
  }
});
element("name").focus();
