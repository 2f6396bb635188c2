// Keeps the page as things are: rows come with the events; the rest is asked for, never so often that the daemon is busy.

import * as feed from "./feed.js";
import { byId, entitle, pieces, placeAll, seen, watch } from "./pieces.js";
import { placeList, placeSoon } from "./rows.js";
import * as stream from "./stream.js";
import { clock, now, write } from "./times.js";

const GAP = 100; // ms between two requests for rows, at least
const STANDS = 1000; // ms between two looks at how things stand, at least
const POLL = 5000; // ms between two looks at the rows on the screen
const REST = 30000; // ms after which how things stand is looked at without a reason: the last hour moves on
const MOST_NAMES = 4000; // characters of names in one request

// ---- what is asked for ------------------------------------------------------------------------------------------

const dirty = new Set(); // full names of servers, names of virtual services
const heads = new Set(); // names of virtual services, to be looked at together with how things stand
const followers = []; // who wants to know which names have been brought up to date
let stale = { overview: false, list: false };
let asking = false;
let looked = performance.now(); // when how things stand was last asked for, and how long that took
let took = 0;

export const follow = (follower) => followers.push(follower);

export function changed(...names) {
  names.forEach((name) => dirty.add(name));
  stale.overview = true;
  pump();
}

function batch(names) {
  const some = [];
  let size = 0;
  for (const name of names) {
    size += name.length + 6;
    if (size > MOST_NAMES) break;
    some.push(name);
    names.delete(name);
  }
  return some;
}

async function pump() {
  if (asking) return;
  asking = true;
  try {
    while (dirty.size || stale.overview || (stale.list && !document.hidden)) await round();
  } catch {
    // the stream breaks off too, and when it is back everything is asked for
  } finally {
    asking = false;
  }
}

async function round() {
  const began = performance.now();
  const due = stale.overview && began - looked >= Math.max(document.hidden ? 10 * STANDS : STANDS, 10 * took);
  if (stale.list && !document.hidden) {
    stale.list = false;
    await list();
  }
  const names = [...batch(dirty), ...(due ? batch(heads) : [])];
  if (names.length || due) await look(names, due);
  await new Promise((done) => setTimeout(done, Math.max(GAP, 5 * (performance.now() - began))));
}

async function look(names, everything) {
  const began = performance.now();
  const query = new URLSearchParams(location.search);
  query.delete("page");
  names.forEach((name) => query.append("name", name));
  if (everything) {
    stale.overview = false;
    query.append("everything", "1");
  }
  if (!placeAll(await pieces(`/page/changed?${query}`))) stale.list = true;
  if (everything) [looked, took] = [performance.now(), performance.now() - began];
  tellFollowers(names);
}

const tellFollowers = (names) => followers.forEach((follower) => follower(names).catch(() => {}));

let wanted = 0;

export async function list() {
  if (!byId("list")) return;
  const mine = ++wanted;
  const content = await pieces(`/page/list${location.search}`);
  await placeList(content.querySelector("#list"), () => mine !== wanted); // the reader has typed on
}

function poll() {
  if (document.hidden) return;
  seen.forEach((name) => dirty.add(name));
  if (performance.now() - looked > REST) stale.overview = true;
  if (!dirty.size) tellFollowers([]);
  pump();
}

// ---- what is heard ----------------------------------------------------------------------------------------------

const hears = {
  event(event) {
    if (event.level === "debug") return;
    if (event.virtual) heads.add(event.virtual);
    else if (["reloaded", "events_lost"].includes(event.event)) stale.list = true;
    stale.overview = true;
    feed.announce(event);
    pump();
  },
  pieces({ lines, rows, many }) {
    feed.show(lines);
    if (many || (rows.length && document.hidden)) stale.list = true; // who does not look gets the list when they do
    else placeSoon(rows, (name) => dirty.add(name));
    if (many || rows.length) tellFollowers(rows.map(({ name }) => name));
    pump();
  },
};

function connected(yes) {
  byId("live").classList.toggle("off", !yes);
  write(byId("live"), yes ? "Live" : "Offline");
  const lost = byId("lost");
  if (!yes && lost.hidden) write(lost.querySelector("time"), clock(now()));
  lost.hidden = yes;
}

let known = byId("overview")?.dataset.boot ?? "";

// Ids belong to one start of the daemon, so where we are in the stream is asked for together with everything else.
async function resumed() {
  const query = new URLSearchParams(location.search);
  query.append("everything", "1");
  query.append("feed", "1");
  const content = await pieces(`/page/changed?${query}`);
  const { boot, last } = content.querySelector("#overview").dataset;
  if (boot !== known) stream.begin(last);
  known = boot;
  placeAll(content);
  stale.list = true;
  pump();
}

async function live() {
  for (let pause = 250; ; pause = Math.min(5000, pause * 1.6)) {
    const began = performance.now();
    await stream.follow(hears, () => connected(true)).catch(() => {}); // refused or broken off
    if (performance.now() - began > 5000) pause = 250;
    connected(false);
    await new Promise((done) => setTimeout(done, pause * (0.8 + 0.4 * Math.random())));
    await resumed().then(() => (pause = 250), () => {});
  }
}

export function start() {
  stream.begin(byId("overview")?.dataset.last ?? "");
  watch();
  setInterval(poll, POLL);
  document.addEventListener("visibilitychange", poll);
  entitle();
  live();
}
