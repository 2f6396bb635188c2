// Lengths of time and moments, by the rules of words.py, and the clock that keeps them right.

const skew = Number(document.body.dataset.now) - Date.now() / 1000;
export const now = () => Date.now() / 1000 + skew;

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

const two = (number) => String(number).padStart(2, "0");

// The time of the reader's day; Intl would take longer to load than all the rest does.
export function clock(seconds) {
  const at = new Date(seconds * 1000);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
}

export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// What counts from now or to now: to be called every second.
export function tick(part) {
  const at = now();
  for (const time of part.querySelectorAll("time[data-ago]")) write(time, span(at - time.dataset.ago));
  for (const time of part.querySelectorAll("time[data-in]")) write(time, until(time.dataset.in - at));
}

// All times of a new piece.
export function tell(part) {
  tick(part);
  localize(part);
}

// Times of the day become the reader's own.
export function localize(part) {
  for (const time of part.querySelectorAll("[data-clock]")) write(time, clock(time.dataset.clock));
}
