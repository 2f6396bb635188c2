// One server with its history, in a dialog over the page, and the commands that are given there.

import { changed, follow } from "./live.js";
import { ask, byId, headers, make, morph, pieces } from "./pieces.js";
import { write } from "./times.js";

let wanted = 0; // how many were asked for

// The history that is on the screen: that of a closed dialog is there until the browser has told of its end.
export const shown = () => document.querySelector("dialog[open] #detail, main #detail");

const address = (name) => `/page/server?${new URLSearchParams({ name })}`;

export function show(inside, label) {
  const dialog = make("dialog", {}, ...inside);
  dialog.setAttribute(...label);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog || event.target.closest("[data-close]")) dialog.close();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

export function closing(text) {
  const button = make("button", { type: "button" }, text);
  button.dataset.close = "";
  return button;
}

export async function open(name) {
  const mine = ++wanted;
  const content = await pieces(address(name));
  if (mine !== wanted || shown()) return; // another has been asked for, or this one twice
  const whole = make("a", { href: `/?${new URLSearchParams({ server: name })}` }, "As a page");
  const tools = make("div", { className: "tools" }, whole, closing("Close"));
  show([tools, content], ["aria-labelledby", "detail-title"]).querySelector("h1").focus();
}

follow(async (names) => {
  const name = shown()?.dataset.name;
  if (!name || (names.length && !names.includes(name))) return;
  const fresh = (await pieces(address(name))).querySelector("#detail");
  const old = shown();
  if (old?.dataset.name !== name) return;
  const answer = old.querySelector(".answer");
  if (answer) fresh.querySelector(".answer")?.replaceWith(answer.cloneNode(true)); // morphing leaves it alone
  morph(old, fresh);
});

// ---- commands ---------------------------------------------------------------------------------------------------

function key() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function send(body) {
  try {
    const answer = await fetch("/v1/commands", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json", "Idempotency-Key": key() }),
      body: JSON.stringify(body),
    });
    return { ok: answer.ok, ...(await answer.json()) };
  } catch {
    return { ok: false, detail: "The daemon does not answer: whether it was done is not known." };
  }
}

export async function command(form, name, force = false) {
  const fields = new FormData(form);
  const body = { command: name, target: form.dataset.target };
  if (force) body.force = true;
  if (name !== "enable" && fields.get("for")) body.for = Number(fields.get("for"));
  if (name !== "enable" && fields.get("reason")) body.reason = fields.get("reason");
  const told = await send(body);
  const answer = form.querySelector(".answer");
  answer.classList.toggle("refused", !told.ok);
  answer.replaceChildren(told.ok ? ["Done.", ...(told.notes ?? [])].join(" ") : (told.detail ?? told.title));
  if (!told.ok && /last-server$/.test(told.type)) {
    const insist = make("button", { type: "button" }, "Do it all the same");
    insist.addEventListener("click", () => command(form, name, true));
    answer.append(" ", insist);
  }
  if (told.ok) form.reset();
  changed(form.dataset.target);
}

// ---- a token, for those who may not write without one -------------------------------------------------------------

export function signIn() {
  if (sessionStorage.getItem("token")) {
    sessionStorage.removeItem("token");
    return signed();
  }
  const field = make("input", { type: "password", autocomplete: "off", required: true });
  const hint = make("p", { className: "soft" }, "One of the file that apitokens names; kept until this tab is closed.");
  const answer = make("p", { className: "answer refused" });
  answer.setAttribute("role", "alert");
  const buttons = make("div", { className: "commands" }, make("button", { type: "submit" }, "Sign in"), closing("Cancel"));
  const form = make("form", { className: "sign" }, make("label", {}, "Token", field), hint, answer, buttons);
  const inside = make("div", { className: "plainly" }, make("h2", {}, "Sign in to give commands"), form);
  const dialog = show([inside], ["aria-label", "Sign in"]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sessionStorage.setItem("token", field.value.trim());
    const status = await ask("/v1/status").then((found) => found.json(), () => null);
    if (status?.you.may_write) return [dialog.close(), signed()];
    sessionStorage.removeItem("token");
    answer.textContent = status ? "This token may not give commands." : "Nobody has this token.";
  });
}

export function signed() {
  if (byId("sign")) write(byId("sign"), sessionStorage.getItem("token") ? "Sign out" : "Sign in");
}
