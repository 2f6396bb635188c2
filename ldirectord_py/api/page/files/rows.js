// Rows that come with the events, and the whole list: some of it in each frame, so that the page stays quick.

import { byId, fragment, morph, placeNew, placeRow, takeAttributes, watch } from "./pieces.js";

const BUDGET = 8; // ms of a frame
const MOST = 60; // rows of a virtual service that come in unasked; the list has the others

const frame = () => new Promise((done) => requestAnimationFrame(done));

// ---- rows that come with the events -----------------------------------------------------------------------------

const waiting = new Map(); // by the servers' names
let placing = false;

// Calls *ask* for those of which only the daemon knows whether the filter lets them through.
export function placeSoon(rows, ask) {
  for (const row of rows) {
    if (byId(`r-${row.name}`)) waiting.set(row.name, row);
    else if (byId("list")?.dataset.rows === "matching") ask(row.name);
    else if (isWanted(row)) waiting.set(row.name, row);
  }
  if (!placing) place();
}

function isWanted({ name, status }) {
  const body = byId(`b-${name.slice(name.indexOf("@") + 1)}`);
  const { rows } = byId("list").dataset;
  return body && (rows === "all" || (rows === "troubled" && status !== "up" && body.childElementCount < MOST));
}

async function place() {
  placing = true;
  while (waiting.size) {
    await frame();
    const end = performance.now() + BUDGET;
    for (const [name, { html }] of waiting) {
      waiting.delete(name);
      const row = fragment(html).firstElementChild;
      if (byId(row.id)) placeRow(row);
      else placeNew(row);
      if (performance.now() > end) break;
    }
  }
  placing = false;
}

// ---- the list ---------------------------------------------------------------------------------------------------

// Makes the list what *fresh* is; *isOld* says whether nobody wants it any more.
export async function placeList(fresh, isOld) {
  let end = 0;
  for (const _ of steps(byId("list"), fresh)) {
    if (performance.now() < end) continue;
    await frame();
    if (isOld()) return;
    end = performance.now() + BUDGET;
  }
  watch();
}

// What has an id keeps its element, and moves only where its place is another one.
function* steps(old, fresh) {
  takeAttributes(old, fresh);
  const children = [...fresh.children];
  const stay = new Set(children.map((child) => child.id));
  let next = old.firstElementChild;
  for (const child of children) {
    yield;
    while (next && !(next.id && stay.has(next.id))) next = removed(next);
    const known = child.id ? byId(child.id) : null;
    if (known?.parentElement !== old) {
      old.insertBefore(child, next);
      continue;
    }
    if (known === next) next = next.nextElementSibling;
    else old.insertBefore(known, next);
    if (child.matches("tr.server")) placeRow(child, known);
    else yield* service(known, child);
  }
  while (next) next = removed(next);
}

function removed(element) {
  const next = element.nextElementSibling;
  element.remove();
  return next;
}

function* service(old, fresh) {
  const [was, is] = [old, fresh].map((each) => each.querySelector("table"));
  if (!was || !is) return old.replaceWith(fresh);
  takeAttributes(old, fresh);
  morph(old.querySelector(".head"), fresh.querySelector(".head"));
  takeAttributes(was, is);
  yield* steps(was.tBodies[0], is.tBodies[0]);
  old.querySelector(".more")?.remove();
  old.append(...fresh.querySelectorAll(".more"));
}
