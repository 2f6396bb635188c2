// Pieces of HTML from the server, which has escaped in them what others wrote, and how they take their places.

import { tell } from "./times.js";

const KEPT = new Set(["open", "data-shown"]); // what the reader has opened stays so

export const byId = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

export function headers(more = {}) {
  const token = sessionStorage.getItem("token");
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

export async function ask(address) {
  const answer = await fetch(address, { headers: headers() });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

export function fragment(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  tell(template.content);
  return template.content;
}

export const pieces = async (address) => fragment(await (await ask(address)).text());

export function takeAttributes(old, fresh) {
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
}

// Makes *old* what *fresh* is, and touches nothing that is so already: focus, selection and scrolling stay.
export function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  takeAttributes(old, fresh);
  const [were, are] = [[...old.childNodes], [...fresh.childNodes]];
  are.forEach((child, number) => (number < were.length ? morph(were[number], child) : old.append(child)));
  were.slice(are.length).forEach((child) => child.remove());
}

export const seen = new Set(); // names of the rows and heads on the screen
const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting) seen.add(target.dataset.name);
    else seen.delete(target.dataset.name);
  }
});

export function watch() {
  watcher.disconnect();
  seen.clear();
  document.querySelectorAll("tr.server, .head").forEach((element) => watcher.observe(element));
}

// A change is marked for a while by a bar, not by an animation: dozens of them would keep the browser busy.
function mark(row) {
  row.classList.add("fresh");
  setTimeout(() => row.classList.remove("fresh"), 2000);
}

// The column of certificates is there as soon as a server has shown one.
function certify(row) {
  if (row.lastElementChild.firstElementChild) row.closest("table").classList.add("certified");
}

// Returns whether there was a place for it.
export function placeNew(row) {
  const body = byId(row.dataset.body);
  if (!body) return false;
  body.append(row);
  body.parentElement.hidden = false;
  certify(row);
  watcher.observe(row);
  mark(row);
  return true;
}

export function placeRow(row, old = byId(row.id)) {
  if (Number(row.dataset.made) < Number(old.dataset.made)) return; // a newer one has come on another way
  const changed = old.dataset.status !== row.dataset.status;
  row.classList.toggle("fresh", old.classList.contains("fresh"));
  morph(old, row);
  certify(old);
  if (changed) mark(old);
}

// Returns whether the list is still the one that it was when it was made.
function place(piece) {
  const kind = piece.dataset.piece;
  if (kind === "row") return placeListed(piece, "shown" in piece.dataset, byId("list")?.dataset ?? {});
  if (kind === "passed") return passesAsMany(piece.dataset.name, piece.value);
  const old = byId(piece.id);
  if (old) morph(old, piece);
  return true;
}

function placeListed(row, shown, { rows, passed }) {
  const old = byId(row.id);
  if (old) {
    placeRow(row, old);
    return shown || rows !== "matching";
  }
  if (passed !== undefined || rows === "part") return true; // not all are on this page
  return shown || rows === "all" ? placeNew(row) : true;
}

// A filtered list that has not all servers says how many of each virtual service the filter let through.
function passesAsMany(service, number) {
  const passed = byId("list")?.dataset.passed;
  if (passed === undefined) return true;
  return number === "0" ? !passed.includes(` ${service}=`) : passed.includes(` ${service}=${number} `);
}

// Returns whether the list needs no other rows than it has now.
export function placeAll(content) {
  const all = [...content.querySelectorAll("[data-piece]")];
  const outer = all.filter((piece) => !piece.parentElement?.closest("[data-piece]"));
  const placed = outer.map(place).every(Boolean);
  entitle();
  return placed;
}

// The title says what is wrong, so that it is seen among many tabs.
export function entitle() {
  const stands = byId("overview");
  if (!stands) return;
  const headline = stands.querySelector(".headline").textContent.trim();
  const title = stands.matches(".bad, .warning") ? `${headline} – ${document.body.dataset.name}` : document.body.dataset.name;
  if (document.title !== title) document.title = title;
}
