// Keeps the page alive: hears of events, asks for the pieces that may have changed, and puts them in place.
// All HTML is made on the server, which escapes what others wrote; what is made here is made of text nodes.

const GAP = 100; // ms between two requests for changed rows, at least
const STANDS = 1000; // ms between two looks at how things stand, at least
const POLL = 5000; // ms between two looks at the rows on the screen
const SILENCE = 40000; // ms without a word after which the stream counts as broken; it sends one every 15 s
const MOST_NAMES = 4000; // characters of names in one request
const MOST_EVENTS = 100;

const root = document.documentElement;
const body = document.body;
const byId = (id) => document.getElementById(id);
const skew = Number(body.dataset.now) - Date.now() / 1000;
const now = () => Date.now() / 1000 + skew;
const wait = (ms) => new Promise((done) => setTimeout(done, ms));

function make(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

// ---- who asks -------------------------------------------------------------------------------------------------

function headers(more = {}) {
  const token = sessionStorage.getItem("token");
  return token ? { ...more, Authorization: `Bearer ${token}` } : more;
}

async function ask(address) {
  const answer = await fetch(address, { headers: headers() });
  if (!answer.ok) throw new Error(`${answer.status}`);
  return answer;
}

async function pieces(address) {
  const template = document.createElement("template");
  template.innerHTML = await (await ask(address)).text();
  tell(template.content);
  return template.content;
}

// ---- times, by the rules of words.py ----------------------------------------------------------------------------

function span(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 172800) {
    const minutes = Math.floor(whole / 60) % 60;
    return `${Math.floor(whole / 3600)} h` + (minutes ? ` ${minutes} min` : "");
  }
  return `${Math.floor(whole / 86400)} d`;
}

const until = (seconds) => (seconds < 1 ? "a moment" : span(seconds));

const CLOCK = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function tick(part) {
  const at = now();
  for (const time of part.querySelectorAll("time[data-ago]")) write(time, span(at - time.dataset.ago));
  for (const time of part.querySelectorAll("time[data-in]")) write(time, until(time.dataset.in - at));
}

function tell(part) {
  tick(part);
  for (const time of part.querySelectorAll("[data-clock]")) write(time, CLOCK.format(time.dataset.clock * 1000));
}

// ---- putting pieces in place ------------------------------------------------------------------------------------

const KEPT = new Set(["open"]); // what the reader has opened stays so

function morph(old, fresh) {
  if (old.isEqualNode(fresh)) return;
  if (old.nodeName !== fresh.nodeName || old.id !== fresh.id) return old.replaceWith(fresh);
  if (old.nodeType !== Node.ELEMENT_NODE) {
    old.data = fresh.data;
    return;
  }
  for (const { name } of [...old.attributes]) {
    if (!KEPT.has(name) && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (!KEPT.has(name) && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  const [were, are] = [[...old.childNodes], [...fresh.childNodes]];
  are.forEach((child, number) => (number < were.length ? morph(were[number], child) : old.append(child)));
  were.slice(are.length).forEach((child) => child.remove());
}

const seen = new Set(); // names of the rows and heads on the screen
const watcher = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (isIntersecting) seen.add(target.dataset.name);
    else seen.delete(target.dataset.name);
  }
});

function watch() {
  watcher.disconnect();
  seen.clear();
  document.querySelectorAll("tr.server, .head").forEach((element) => watcher.observe(element));
}

function place(fresh) {
  const old = byId(fresh.id);
  if (fresh.dataset.piece !== "row") return old && morph(old, fresh);
  const table = byId(fresh.dataset.body);
  if (!old) {
    if (!table || !("shown" in fresh.dataset)) return;
    table.append(fresh);
    table.parentElement.hidden = false;
    watcher.observe(fresh);
    return mark(fresh);
  }
  const changed = !old.classList.contains(fresh.classList[1]);
  fresh.classList.toggle("fresh", old.classList.contains("fresh"));
  morph(old, fresh);
  if (changed) mark(old);
}

function mark(row) {
  row.classList.add("fresh");
  row.addEventListener("animationend", () => row.classList.remove("fresh"), { once: true });
}

function placeAll(content) {
  for (const piece of [...content.querySelectorAll("[data-piece]")]) place(piece);
  entitle();
}

function entitle() {
  const stands = byId("overview");
  if (!stands) return;
  const trouble = stands.classList.contains("bad") || stands.classList.contains("warning");
  const title = `${trouble ? `${byId("overview").querySelector(".headline").innerText.trim()} – ` : ""}${body.dataset.name}`;
  if (document.title !== title) document.title = title;
}

// ---- what may have changed --------------------------------------------------------------------------------------

const dirty = new Set(); // full names of servers, names of virtual services
let stale = { overview: false, list: false };
let asking = false;
let looked = 0; // when how things stand was last asked for, and how long that took
let took = 0;

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
    // the stream notices too, and asks for everything when it is back
  } finally {
    asking = false;
  }
}

async function round() {
  const began = performance.now();
  const idle = document.hidden ? 10 : 1;
  const due = stale.overview && began - looked >= Math.max(STANDS * idle, 10 * took);
  if (stale.list) {
    stale.list = false;
    await list();
  }
  const names = batch();
  if (names.length || due) {
    const query = new URLSearchParams(location.search);
    query.delete("page");
    names.forEach((name) => query.append("name", name));
    if (due) {
      stale.overview = false;
      query.append("everything", "1");
    }
    placeAll(await pieces(`/page/changed?${query}`));
    if (due) [looked, took] = [performance.now(), performance.now() - began];
    await detailChanged(names);
  }
  await wait(Math.max(GAP, 5 * (performance.now() - began)));
}

async function list() {
  if (!byId("list")) return;
  placeAll(await pieces(`/page/list${location.search}`));
  watch();
}

// ---- events -----------------------------------------------------------------------------------------------------

const start = byId("overview")?.dataset ?? {};
let last = start.last ?? "";
let boot = start.boot ?? "";
let heard = performance.now();

async function stream() {
  const abort = new AbortController();
  const timer = setInterval(() => performance.now() - heard > SILENCE && abort.abort(), 1000);
  try {
    const query = last ? `?last_event_id=${encodeURIComponent(last)}` : "";
    const answer = await fetch(`/v1/events${query}`, {
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
  const lines = block.split(/\r?\n/).filter((line) => line && !line.startsWith(":"));
  const field = (name) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  if (field("id").length) last = field("id").at(-1);
  const data = field("data").join("\n");
  if (data) happened(JSON.parse(data));
}

function happened(event) {
  if (event.boot && boot && event.boot !== boot) stale = { overview: true, list: true };
  boot = event.boot ?? boot;
  if (event.virtual && event.real) dirty.add(`${event.real}@${event.virtual}`);
  else if (event.virtual) dirty.add(event.virtual);
  else stale.list = true;
  stale.overview = true;
  arrived.push(event);
  if (arrived.length === 1) requestAnimationFrame(addEvents);
  pump();
}

const arrived = [];

function addEvents() {
  const feed = byId("feed");
  const events = arrived.splice(0);
  announce(events);
  if (!feed) return;
  feed.querySelector(".none")?.remove();
  feed.prepend(...events.slice(-MOST_EVENTS).reverse().map(line));
  while (feed.childElementCount > MOST_EVENTS) feed.lastElementChild.remove();
}

function line(event) {
  const at = new Date(event.time * 1000);
  const time = make("time", { dateTime: at.toISOString(), title: at.toUTCString() }, CLOCK.format(at));
  const grave = ["warning", "error"].includes(event.level);
  const made = make("li", { className: event.level }, time, " ");
  made.dataset.id = event.id;
  if (grave) made.append(make("b", { className: "level" }, event.level), " ");
  if (event.real && event.virtual) made.append(link(`${event.real}@${event.virtual}`, event.sentence));
  else made.append(event.sentence);
  return made;
}

function link(name, text) {
  const made = make("a", { href: `/?server=${encodeURIComponent(name)}` }, text);
  made.dataset.open = name;
  return made;
}

// a screen reader hears of changes of state, a few seconds' worth at a time
let unsaid = [];
let speaking = false;

async function announce(events) {
  unsaid.push(...events.filter((event) => /^(real_|virtual_|fallback_|table_lost)/.test(event.name)));
  if (speaking || !unsaid.length) return;
  speaking = true;
  await wait(500);
  while (unsaid.length) {
    const said = unsaid;
    unsaid = [];
    const many = `${said.length} changes. ${byId("overview")?.querySelector(".headline").innerText ?? ""}`;
    write(byId("told"), said.length > 2 ? many : said.map((event) => event.sentence).join(". "));
    await wait(5000);
  }
  speaking = false;
}

function connected(yes) {
  heard = performance.now();
  byId("live").classList.toggle("lost", !yes);
  if (yes) write(byId("live"), "Live");
}

async function live() {
  for (let pause = 250; ; pause = Math.min(5000, pause * 1.6)) {
    const began = performance.now();
    try {
      await stream();
    } catch {
      // refused or broken off: said below, and tried again
    }
    if (performance.now() - began > 5000) pause = 250;
    connected(false);
    write(byId("live"), "No connection; trying again");
    await wait(pause * (0.8 + 0.4 * Math.random()));
    if (await resumed()) pause = 250;
  }
}

// ids begin anew with each start of the daemon, so where we are in the stream is asked for with everything else
async function resumed() {
  try {
    const content = await pieces(`/page/changed?everything=1`);
    const { boot: latest, last: latestId } = content.querySelector("#overview").dataset;
    if (latest !== boot) [boot, last] = [latest, latestId];
    placeAll(content);
    stale.list = true;
    if (shown) dirty.add(shown);
    pump();
    return true;
  } catch {
    return false;
  }
}

// ---- one server -------------------------------------------------------------------------------------------------

let shown = byId("detail")?.dataset.name ?? ""; // whose history is on the screen

async function open(name) {
  const content = await pieces(`/page/server?${new URLSearchParams({ name })}`);
  if (!content.firstElementChild) return;
  const close = make("button", { type: "button", className: "plain" }, "Close");
  const whole = make("a", { href: `/?server=${encodeURIComponent(name)}` }, "As a page");
  const dialog = make("dialog", {}, make("div", { className: "tools" }, whole, close), content);
  dialog.setAttribute("aria-labelledby", "detail-title");
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  dialog.addEventListener("close", () => [dialog.remove(), (shown = "")]);
  body.append(dialog);
  dialog.showModal();
  byId("detail-title")?.focus();
  shown = name;
}

async function detailChanged(names) {
  if (!shown || !names.includes(shown)) return;
  const content = await pieces(`/page/server?${new URLSearchParams({ name: shown })}`);
  const fresh = content.querySelector("#detail");
  if (fresh && byId("detail")) morph(byId("detail"), fresh);
}

async function command(form, deed, force) {
  const answer = form.querySelector(".answer");
  const fields = new FormData(form);
  const order = { command: deed, target: form.dataset.target, reason: fields.get("reason"), force };
  if (fields.get("for") && deed !== "enable") order.for = Number(fields.get("for"));
  if (deed === "enable") delete order.reason;
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0"));
  const sent = headers({ "Content-Type": "application/json", "Idempotency-Key": key.join("") });
  let done;
  try {
    const result = await fetch("/v1/commands", { method: "POST", headers: sent, body: JSON.stringify(order) });
    done = [result.ok, await result.json()];
  } catch {
    done = [false, { detail: "The daemon does not answer: whether it was done is not known." }];
  }
  const [ok, told] = done;
  answer.classList.toggle("refused", !ok);
  answer.replaceChildren(ok ? ["Done.", ...(told.notes ?? [])].join(" ") : told.detail ?? told.title ?? "Refused.");
  if (!ok && /last-server/.test(told.type ?? "")) {
    const insist = make("button", { type: "button" }, "Do it all the same");
    insist.addEventListener("click", () => command(form, deed, true));
    answer.append(" ", insist);
  }
  dirty.add(form.dataset.target);
  stale.overview = true;
  pump();
}

// ---- the reader -------------------------------------------------------------------------------------------------

let typing = 0;

async function filter() {
  const form = byId("filter");
  const query = new URLSearchParams(new FormData(form));
  if (!query.get("q")) query.delete("q");
  history.replaceState(null, "", query.size ? `/?${query}` : "/");
  const mine = ++typing;
  const content = await pieces(`/page/list${location.search}`).catch(() => null);
  if (!content || mine !== typing) return;
  placeAll(content);
  watch();
}

function say(title, ...children) {
  const close = make("button", { type: "button" }, "Close");
  const inside = make("div", { className: "plainly" }, make("h2", {}, title), ...children, make("p", {}, close));
  const dialog = make("dialog", {}, inside);
  dialog.setAttribute("aria-label", title);
  close.addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => dialog.remove());
  body.append(dialog);
  dialog.showModal();
  return dialog;
}

function help() {
  const keys = [["/", "to the filter"], ["Esc", "empty the filter, close what is open"], ["↓ ↑", "from server to server"]];
  keys.push(["Enter", "a server's history"], ["?", "this list"]);
  const rows = keys.flatMap(([key, text]) => [make("dt", {}, make("kbd", {}, key)), make("dd", {}, text)]);
  say("Keyboard", make("dl", { className: "keys" }, ...rows));
}

function signIn() {
  const field = make("input", { type: "password", name: "token", autocomplete: "off", required: true });
  const label = make("label", {}, "Token, kept until this tab is closed ", field);
  const answer = make("p", { className: "refused" });
  answer.setAttribute("role", "alert");
  const form = make("form", {}, label, " ", make("button", { type: "submit" }, "Sign in"), answer);
  const dialog = say("Sign in to give commands", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    sessionStorage.setItem("token", field.value);
    const status = await ask("/v1/status").then((found) => found.json(), () => null);
    if (status?.you.may_write) return [dialog.close(), signed()];
    sessionStorage.removeItem("token");
    answer.textContent = status ? "This token may not give commands." : "This token is not known here.";
  });
}

function signed() {
  const button = byId("sign");
  if (button) write(button, sessionStorage.getItem("token") ? "Sign out" : "Sign in");
}

function dark() {
  return (root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
}

function switchTheme() {
  root.dataset.theme = dark() ? "light" : "dark";
  document.cookie = `theme=${root.dataset.theme}; path=/; max-age=31536000; samesite=strict`;
  write(byId("theme"), dark() ? "Light" : "Dark");
}

function step(by) {
  const links = [...document.querySelectorAll("#list a[data-open]")];
  const at = links.indexOf(document.activeElement);
  const next = links[at < 0 ? (by > 0 ? 0 : links.length - 1) : at + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

const KEYS = {
  "/": () => [byId("filter")?.elements.q.focus(), byId("filter")?.elements.q.select()],
  "?": help,
  ArrowDown: () => step(1),
  ArrowUp: () => step(-1),
};

document.addEventListener("keydown", (event) => {
  const field = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && field?.name === "q") {
    if (!field.value) field.blur();
    else [(field.value = ""), filter()];
    return event.preventDefault();
  }
  const moves = event.key.startsWith("Arrow") && !event.target.closest("#list, #filter, body:focus, main");
  if (field || moves || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  if (event.target.closest("#feed, pre, summary") && event.key.startsWith("Arrow")) return;
  if (KEYS[event.key]) [event.preventDefault(), KEYS[event.key]()];
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("a[data-open]");
  if (!target || event.ctrlKey || event.metaKey || event.shiftKey || shown) return;
  event.preventDefault();
  open(target.dataset.open).catch(() => location.assign(target.href));
});

document.addEventListener("submit", (event) => {
  if (event.target.matches("form.command")) {
    event.preventDefault();
    command(event.target, event.submitter.value, false);
  } else if (event.target.id === "filter") {
    event.preventDefault();
    filter();
  }
});

let pending = 0;
byId("filter")?.addEventListener("input", () => [clearTimeout(pending), (pending = setTimeout(filter, 150))]);
byId("theme").addEventListener("click", switchTheme);
byId("help").addEventListener("click", help);
byId("sign")?.addEventListener("click", () => {
  if (!sessionStorage.getItem("token")) return signIn();
  sessionStorage.removeItem("token");
  signed();
});

function poll() {
  if (document.hidden) return;
  seen.forEach((name) => dirty.add(name));
  if (shown) dirty.add(shown);
  if (performance.now() - looked > 30000) stale.overview = true;
  pump();
}

root.classList.add("alive");
write(byId("theme"), dark() ? "Light" : "Dark");
signed();
tell(document);
watch();
looked = performance.now();
setInterval(() => document.hidden || tick(document), 1000);
setInterval(poll, POLL);
document.addEventListener("visibilitychange", poll);
live();
