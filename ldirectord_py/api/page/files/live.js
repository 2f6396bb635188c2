// Hears of events, and asks for what may have changed by them: at once, but never so often that the daemon is busy.

import { byId, headers, make, pieces, placeAll, seen, watch } from "./pieces.js";
import { CLOCK, write } from "./times.js";

const GAP = 100; // ms between two requests for changed rows, at least
const STANDS = 1000; // ms between two looks at how things stand, at least
const POLL = 5000; // ms between two looks at the rows on the screen
const REST = 30000; // ms after which how things stand is looked at without a reason: the last hour moves on
const SILENCE = 40000; // ms without a word after which the stream counts as broken; it sends one every 15 s
const MOST_NAMES = 4000; // characters of names in one request
const MOST_EVENTS = 100;

// ---- what may have changed --------------------------------------------------------------------------------------

const dirty = new Set(); // full names of servers, names of virtual services
const followers = []; // who wants to know which names have been asked for again
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

function batch() {
  const names = [];
  let size = 0;
  for (const name of dirty) {
    size += name.length + 6;
    if (size > MOST_NAMES) break;
    names.push(name);
    dirty.delete(name);
  }
  return names;
}

async function pump() {
  if (asking) return;
  asking = true;
  try {
    while (dirty.size || stale.overview || stale.list) await round();
  } catch {
    // the stream breaks off too, and when it is back everything is asked for
  } finally {
    asking = false;
  }
}

async function round() {
  const began = performance.now();
  const due = stale.overview && began - looked >= Math.max(document.hidden ? 10 * STANDS : STANDS, 10 * took);
  if (stale.list) {
    stale.list = false;
    await list();
  }
  const names = batch();
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
  placeAll(await pieces(`/page/changed?${query}`));
  if (everything) [looked, took] = [performance.now(), performance.now() - began];
  for (const follower of followers) await follower(names);
}

let wanted = 0;

export async function list() {
  if (!byId("list")) return;
  const mine = ++wanted;
  const content = await pieces(`/page/list${location.search}`);
  if (mine !== wanted) return; // the reader has typed on
  placeAll(content);
  watch();
}

function poll() {
  if (document.hidden) return;
  seen.forEach((name) => dirty.add(name));
  if (performance.now() - looked > REST) stale.overview = true;
  followers.forEach((follower) => dirty.size || follower([]));
  pump();
}

// ---- the stream -------------------------------------------------------------------------------------------------

let last = byId("overview")?.dataset.last ?? "";
let boot = byId("overview")?.dataset.boot ?? "";
let heard = performance.now();

async function stream() {
  const abort = new AbortController();
  const timer = setInterval(() => performance.now() - heard > SILENCE && abort.abort(), 1000);
  try {
    const answer = await fetch("/v1/events", {
      headers: headers({ Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) }),
      signal: abort.signal,
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    connected(true);
    await read(answer.body.pipeThrough(new TextDecoderStream()).getReader());
  } finally {
    clearInterval(timer);
  }
}

async function read(reader) {
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard = performance.now();
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop();
    blocks.forEach(hear);
  }
}

function hear(block) {
  const lines = block.split(/\r?\n/);
  const field = (name) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  const [id, data] = [field("id"), field("data").join("\n")];
  if (id.length) last = id.at(-1);
  if (data) happened(JSON.parse(data));
}

const arrived = [];

function happened(event) {
  if (event.level === "debug" || !event.sentence) return;
  if (event.real) dirty.add(`${event.real}@${event.virtual}`);
  else if (event.virtual) dirty.add(event.virtual);
  else stale.list = true;
  stale.overview = true;
  if (!arrived.length) requestAnimationFrame(() => addEvents(arrived.splice(0)));
  arrived.push(event);
  pump();
}

function addEvents(events) {
  announce(events);
  const feed = byId("feed");
  if (!feed) return;
  feed.querySelector(".none")?.remove();
  const known = Number(feed.firstElementChild?.dataset.id ?? 0); // a look at everything may have brought it already
  const fresh = events.filter((event) => event.id > known || event.boot !== boot).slice(-MOST_EVENTS);
  feed.prepend(...fresh.reverse().map(line));
  while (feed.childElementCount > MOST_EVENTS) feed.lastElementChild.remove();
}

function line(event) {
  const at = new Date(event.time * 1000);
  const time = make("time", { dateTime: at.toISOString(), title: at.toUTCString() }, CLOCK.format(at));
  const made = make("li", { className: event.level }, time, " ");
  made.dataset.id = event.id;
  if (["warning", "error"].includes(event.level)) made.append(make("b", { className: "level" }, event.level), " ");
  made.append(event.real ? link(`${event.real}@${event.virtual}`, event.sentence) : event.sentence);
  return made;
}

function link(name, text) {
  const made = make("a", { href: `/?${new URLSearchParams({ server: name })}` }, text);
  made.dataset.open = name;
  return made;
}

// A screen reader hears of changes of state, a few seconds' worth at a time.
let unsaid = [];
let speaking = false;

async function announce(events) {
  unsaid.push(...events.filter((event) => /^(real_|virtual_|fallback_|table_lost)/.test(event.name)));
  if (speaking || !unsaid.length) return;
  speaking = true;
  while (unsaid.length) {
    const said = unsaid;
    unsaid = [];
    const many = `${said.length} changes. ${byId("overview")?.querySelector(".headline").textContent.trim() ?? ""}`;
    write(byId("told"), said.length > 2 ? many : said.map((event) => event.sentence).join(". "));
    await new Promise((done) => setTimeout(done, 5000));
  }
  speaking = false;
}

function connected(yes) {
  heard = performance.now();
  byId("live").classList.toggle("lost", !yes);
  write(byId("live"), yes ? "Live" : "No connection; trying again");
}

// Ids belong to one start of the daemon, so where we are in the stream is asked for together with everything else.
async function resumed() {
  const content = await pieces(`/page/changed?${new URLSearchParams([...new URLSearchParams(location.search), ["everything", 1]])}`);
  const data = content.querySelector("#overview").dataset;
  if (data.boot !== boot) [boot, last] = [data.boot, data.last];
  placeAll(content);
  stale.list = true;
  pump();
}

async function live() {
  for (let pause = 250; ; pause = Math.min(5000, pause * 1.6)) {
    const began = performance.now();
    await stream().catch(() => {}); // refused or broken off
    if (performance.now() - began > 5000) pause = 250;
    connected(false);
    await new Promise((done) => setTimeout(done, pause * (0.8 + 0.4 * Math.random())));
    await resumed().then(() => (pause = 250), () => {});
  }
}

export function start() {
  watch();
  setInterval(poll, POLL);
  document.addEventListener("visibilitychange", poll);
  live();
}
