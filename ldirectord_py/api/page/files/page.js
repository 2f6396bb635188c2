// What the reader does: the filter, the keyboard, light and dark.  Without this module the page is complete, but still.

import { list, start } from "./live.js";
import { byId, make } from "./pieces.js";
import { closing, command, open, show, shown, signed, signIn } from "./server.js";
import { localize, tick, write } from "./times.js";

const root = document.documentElement;

function filter() {
  const query = new URLSearchParams(new FormData(byId("filter")));
  if (!query.get("q")) query.delete("q");
  history.replaceState(null, "", query.size ? `/?${query}` : "/");
  list().catch(() => {}); // the stream tells that there is no connection
}

let pending = 0;
function typed() {
  clearTimeout(pending);
  pending = setTimeout(filter, 150);
}

// ---- light and dark: the server reads the cookie, so that a page comes in its colours ----------------------------

const isDark = () => (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
const nameTheme = () => write(byId("theme"), isDark() ? "Light" : "Dark");

function switchTheme() {
  root.dataset.theme = isDark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
  nameTheme();
}

// ---- the keyboard -------------------------------------------------------------------------------------------------

const SHORTCUTS = [
  ["/", "to the filter"],
  ["Esc", "empty the filter; close what is open"],
  ["↓ ↑", "from server to server"],
  ["Enter", "a server's history"],
  ["?", "this list"],
];

function help() {
  const rows = SHORTCUTS.flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]);
  const inside = [make("h2", {}, "Keyboard"), make("dl", { className: "keys" }, ...rows), make("p", {}, closing("Close"))];
  show([make("div", { className: "plainly" }, ...inside)], ["aria-label", "Keyboard"]);
}

function step(by) {
  const links = [...document.querySelectorAll("#list a[data-open]")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? links.at(by > 0 ? 0 : -1) : links[at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = { "/": () => byId("filter")?.elements.q.select(), "?": help, ArrowDown: () => step(1), ArrowUp: () => step(-1) };

function pressed(event) {
  const field = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && field?.name === "q") {
    event.preventDefault();
    if (!field.value) return field.blur();
    field.value = "";
    return filter();
  }
  const taken = field || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]");
  // arrows scroll, unless the reader is among the servers or has just left the filter
  const scrolls = event.key.startsWith("Arrow") && !event.target.closest("#list, #filter");
  if (taken ? !(field?.name === "q" && event.key === "ArrowDown") : scrolls || !(event.key in KEYS)) return;
  event.preventDefault();
  KEYS[event.key]();
}

document.addEventListener("keydown", pressed);
document.addEventListener("click", (event) => {
  const target = event.target.closest("a[data-open]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || shown()) return;
  event.preventDefault();
  open(target.dataset.open).catch(() => location.assign(target.href));
});
document.addEventListener("submit", (event) => {
  if (event.target.id === "filter") {
    event.preventDefault();
    filter();
  } else if (event.target.matches("form.command")) {
    event.preventDefault();
    command(event.target, event.submitter.value);
  }
});
byId("filter")?.addEventListener("input", typed);
byId("theme").addEventListener("click", switchTheme);
byId("help").addEventListener("click", help);
byId("sign")?.addEventListener("click", signIn);

root.classList.add("alive");
nameTheme();
signed();
localize(document);
setInterval(() => document.hidden || tick(document), 1000);
start();
