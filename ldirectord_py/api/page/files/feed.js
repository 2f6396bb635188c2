// What happens, as a list of sentences, which the daemon makes; and a few of them aloud.

import { byId, fragment } from "./pieces.js";
import { write } from "./times.js";

const MOST = 100;
const PAUSE = 5000; // ms between two announcements to a screen reader

export function show(html) {
  const feed = byId("feed");
  if (!feed || !html) return;
  feed.querySelector(".none")?.remove();
  const newest = Number(feed.firstElementChild?.dataset.id ?? 0); // asking for everything may have brought some already
  feed.prepend(...[...fragment(html).children].filter((line) => Number(line.dataset.id) > newest));
  while (feed.childElementCount > MOST) feed.lastElementChild.remove();
}

let unsaid = [];
let speaking = false;

// A screen reader hears of changes of state, a few seconds' worth at a time.
export async function announce(event) {
  if (!/^(real_|virtual_|fallback_|table_lost|role_changed|vip_[ct])/.test(event.name)) return;
  unsaid.push(event.sentence);
  if (speaking) return;
  speaking = true;
  while (unsaid.length) {
    await new Promise((done) => setTimeout(done, 100)); // what happens together is said together
    const said = unsaid.splice(0);
    const many = `${said.length} changes. ${byId("overview")?.querySelector(".headline").textContent.trim() ?? ""}`;
    write(byId("told"), said.length > 2 ? many : said.join(". "));
    await new Promise((done) => setTimeout(done, PAUSE));
  }
  speaking = false;
}
