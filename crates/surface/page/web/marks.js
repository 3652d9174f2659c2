// What happened, above the charts: faults and events as bands with their name, everything else as thin lines with a word.
// Kinds that are new to this page are drawn like the others.

import { el, folded, rich, table } from "./dom.js";
import { seconds } from "./quantity.js";

/** Kinds with a look of their own: the style sheet's colour, and a sign that needs none. */
const KINDS = {
  fault: { colour: "fault", sign: "✗" },
  event: { colour: "series-1", sign: "▸" },
  edit: { colour: "quiet", sign: "✎" },
  alert: { colour: "cant-tell", sign: "▲" },
  override: { colour: "series-4", sign: "●" },
  rollout: { colour: "series-2", sign: "◆" },
};

export function kindOf(mark) {
  return KINDS[mark.what] ?? { colour: "quiet", sign: "│" };
}

/** Faults and events shade the time that they last; what is done to the system is an instant. */
export function isBand(mark) {
  return (
    (mark.what === "fault" || mark.what === "event") &&
    (mark.until === null || mark.until > mark.from)
  );
}

export function until(mark, length) {
  return Math.min(mark.until ?? length, length);
}

/** At most so many rows of words above the charts. */
const ROWS = 5;

/**
 * The strip above the charts.
 * @param {object[]} marks
 * @param {number} length of the day, s
 */
export function markStrip(marks, length) {
  const strip = el("div", { class: "marks", "aria-hidden": "true" });
  const draw = (width) => {
    strip.replaceChildren();
    const ends = [];
    let left = 0;
    for (const mark of marks) {
      const from = Math.max(0, (mark.from / length) * width);
      const to = (until(mark, length) / length) * width;
      const words = 7 * (mark.name.length + 2) + 12;
      // Near the right edge the word stands before its mark.
      const flips = from + words > width && from > words;
      const [a, b] = flips
        ? [to - words, to]
        : [from, Math.max(isBand(mark) ? to : from, from + words)];
      let row = ends.findIndex((end) => end + 4 <= a);
      if (row < 0) row = ends.length;
      if (row >= ROWS) {
        left += 1;
        continue;
      }
      ends[row] = b;
      const { colour, sign } = kindOf(mark);
      strip.append(
        el(
          "div",
          {
            class: `mark ${isBand(mark) ? "band" : "line"} ${flips ? "flips" : ""}`,
            style: `--mark: var(--${colour}); left: ${from}px; top: ${row * 22}px; width: ${isBand(mark) ? Math.max(2, to - from) : 0}px`,
            title: `${mark.what} ${mark.name}: ${mark.detail}`,
          },
          el("span", { class: "word" }, `${sign} ${mark.name}`),
        ),
      );
    }
    const rows = Math.max(1, ends.length);
    if (left > 0)
      strip.append(
        el(
          "div",
          { class: "more", style: `top: ${rows * 22}px` },
          `and ${left} more, in the table below`,
        ),
      );
    strip.style.height = `${(rows + (left > 0 ? 1 : 0)) * 22}px`;
  };
  return { strip, draw };
}

/** The same as a table. */
export function markTable(marks, clock) {
  if (marks.length === 0) return null;
  return folded(
    `What happened: ${marks.length} ${marks.length === 1 ? "entry" : "entries"}`,
    () =>
      table(
        "What happened",
        ["when", "for", "what", "name", "in words"],
        marks.map((mark) => [
          clock.moment(mark.from, true),
          mark.until === null
            ? "to the end"
            : mark.until > mark.from
              ? seconds(mark.until - mark.from)
              : "an instant",
          `${kindOf(mark).sign} ${mark.what}`,
          el("b", {}, mark.name),
          el("span", {}, ...rich(mark.detail)),
        ]),
      ),
  );
}
