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
  left: { colour: "broken", sign: "◀" },
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
const ROWS = 7;

/** So many entries are told below the charts without being asked for. */
const TOLD = 12;

/** A reason stands in the list, where there is room. */
function withoutReason(detail) {
  return detail.split(", because ")[0];
}

/** What stands beside a mark: who, and of what somebody does also what. */
function wordOf(mark) {
  const { sign } = kindOf(mark);
  const does = mark.what === "override" || mark.what === "rollout";
  return `${sign} ${mark.name}${does && mark.detail ? ` ${withoutReason(mark.detail)}` : ""}`;
}

const ruler = document.createElement("canvas").getContext("2d");

/** How wide that is above the charts, px. */
function widthOf(text) {
  ruler.font = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
  return ruler.measureText(text).width + 18;
}

/**
 * The strip above the charts.
 * @param {object[]} marks
 * @param {number} length of the day, s
 */
export function markStrip(marks, length) {
  const strip = el("div", { class: "marks", "aria-hidden": "true" });
  // Words may run on beside the charts, where their lines' labels stand.
  const draw = (width, beside) => {
    strip.replaceChildren();
    const ends = [];
    let left = 0;
    for (const mark of marks) {
      const from = Math.max(0, (mark.from / length) * width);
      const to = (until(mark, length) / length) * width;
      const text = wordOf(mark);
      // Near the right edge the word stands before its mark; where there is no room for all of it, it is cut.
      const room = width + beside - from;
      const words = Math.min(widthOf(text), Math.max(from, room));
      const flips = words > room;
      const [a, b] = flips
        ? [from - words, Math.max(from, to)]
        : [from, Math.max(to, from + words)];
      let row = ends.findIndex((end) => end + 4 <= a);
      if (row < 0) row = ends.length;
      if (row >= ROWS) {
        left += 1;
        continue;
      }
      ends[row] = b;
      const { colour } = kindOf(mark);
      strip.append(
        el(
          "div",
          {
            class: `mark ${isBand(mark) ? "band" : "line"} ${flips ? "flips" : ""}`,
            style: `--mark: var(--${colour}); left: ${from}px; top: ${row * 22}px; width: ${Math.max(2, to - from)}px; --words: ${words - 10}px`,
            title: `${mark.what} ${mark.name}: ${mark.detail}`,
          },
          el("span", { class: "word" }, text),
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

/** Who did what, or what became of whom. */
function told(mark) {
  const detail = rich(mark.detail);
  if (mark.what === "override" || mark.what === "rollout")
    return el("span", {}, el("b", {}, mark.name), " ", ...detail);
  return el(
    "span",
    {},
    el("b", {}, mark.name),
    mark.detail ? ": " : "",
    ...detail,
  );
}

/** The same as a list: when, until when, who and what. */
export function markTable(marks, clock) {
  if (marks.length === 0) return null;
  const list = () =>
    table(
      "What happened",
      ["from", "until", "for", "kind", "who and what"],
      marks.map((mark) => [
        clock.moment(mark.from, true),
        mark.until === null
          ? "the end"
          : mark.until > mark.from
            ? clock.moment(mark.until, true)
            : "–",
        mark.until > mark.from ? seconds(mark.until - mark.from) : "–",
        el(
          "span",
          { class: "kind", style: `--mark: var(--${kindOf(mark).colour})` },
          el(
            "span",
            { class: "sign", "aria-hidden": "true" },
            kindOf(mark).sign,
          ),
          ` ${mark.what}`,
        ),
        told(mark),
      ]),
      "happened",
    );
  if (marks.length <= TOLD)
    return el("div", { class: "told" }, el("h3", {}, "What happened"), list());
  return folded(`What happened: ${marks.length} entries`, list);
}
