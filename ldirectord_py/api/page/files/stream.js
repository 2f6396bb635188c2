// The stream of events, and in it the rows that they change; it is taken up again where it broke off.

import { headers } from "./pieces.js";

const SILENCE = 40000; // ms without a word after which the stream counts as broken; it sends one every 15 s

let last = ""; // the id of the last event
let heard = 0;

export function begin(id) {
  last = id;
}

// Calls what *hears* has by the kind of each message, `event` for all events, until the stream breaks off.
export async function follow(hears, connected) {
  const abort = new AbortController();
  heard = performance.now();
  const timer = setInterval(() => performance.now() - heard > SILENCE && abort.abort(), 1000);
  try {
    const answer = await fetch("/page/events", {
      headers: headers({ Accept: "text/event-stream", ...(last && { "Last-Event-ID": last }) }),
      signal: abort.signal,
    });
    if (!answer.ok) throw new Error(`${answer.status}`);
    connected();
    await read(answer.body.pipeThrough(new TextDecoderStream()).getReader(), hears);
  } finally {
    clearInterval(timer);
  }
}

async function read(reader, hears) {
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    heard = performance.now();
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    blocks.forEach((block) => hear(block, hears));
  }
}

function hear(block, hears) {
  const fields = {};
  for (const line of block.split("\n")) {
    const at = line.indexOf(": ");
    fields[line.slice(0, at)] = line.slice(at + 2);
  }
  if (fields.id) last = fields.id;
  if (fields.data) (hears[fields.event] ?? hears.event)(JSON.parse(fields.data));
}
