// What users feel now, as tiles, and below them what the alerts say and whether somebody has left yet.

import { el } from "../dom.js";
import { seconds } from "../quantity.js";
import { attribute, words } from "../touch.js";
import { LETTERS } from "./letters.js";

/** A value of more letters than that is written smaller. */
const LONG = 8;
const SIGNS = { kept: "✓", broken: "✗", plain: "" };
const TONES = { kept: "good", broken: "bad", plain: "plain" };
const SPOKEN = { kept: " (as promised)", broken: " (promise broken)" };

/**
 * Tiles of one arm, or of two in the same frame.
 * @returns {{ node: HTMLElement, show: (arms: object[][]) => void }}
 */
export function tiles() {
  const node = el("dl", { class: "tiles now-tiles" });
  let shape = "";
  let rows = [];

  function value(letter) {
    const parts = {
      sign: el("span", { class: "sign", "aria-hidden": "true" }),
      value: el("span", {}),
      state: el("span", { class: "unseen" }),
    };
    const line = el(
      "dd",
      { class: "value" },
      letter && el("b", { class: "letter" }, letter),
      parts.sign,
      parts.value,
      parts.state,
    );
    const tone = attribute(line, "class");
    const say = Object.fromEntries(
      Object.entries(parts).map(([key, part]) => [key, words(part)]),
    );
    return {
      line,
      show: (one) => {
        say.sign(SIGNS[one.state] ?? "");
        say.value(one.value);
        say.state(SPOKEN[one.state] ?? "");
        const long = one.value.length > LONG ? "long" : "";
        tone(`value ${TONES[one.state] ?? "plain"} ${long}`);
      },
    };
  }

  function row(count) {
    const name = el("dt", {});
    const note = el("dd", { class: "note" });
    const values = Array.from({ length: count }, (_, at) =>
      value(count > 1 ? LETTERS[at] : null),
    );
    node.append(
      el(
        "div",
        { class: "tile" },
        name,
        ...values.map(({ line }) => line),
        note,
      ),
    );
    return { name: words(name), note: words(note), values };
  }

  return {
    node,
    show: (arms) => {
      const wanted = `${arms.length} ${arms[0].length}`;
      if (wanted !== shape) {
        shape = wanted;
        node.replaceChildren();
        node.dataset.arms = String(arms.length);
        rows = arms[0].map(() => row(arms.length));
      }
      rows.forEach((one, at) => {
        const first = arms[0][at];
        one.name(first.name);
        one.note(first.note);
        one.values.forEach((each, arm) => each.show(arms[arm][at] ?? first));
      });
    },
  };
}

/**
 * Alerts that fire, and the first who left: how long they were warned.
 * @param {{ clock: ReturnType<import("../clock.js").clockOf> }} context
 */
export function warnings(context) {
  const chips = el("ul", { class: "chips" });
  const left = el("p", { class: "first-left" });
  let shown = "";
  let told = null;
  return {
    node: el("div", { class: "warnings" }, chips, left),
    /** @param {object[]} alerts @param {object[]} log @param {number} t */
    show: (alerts, log, t) => {
      const key = alerts.map(({ name, since }) => `${name} ${since}`).join();
      if (key !== shown || !chips.childElementCount) {
        shown = key;
        chips.replaceChildren(
          ...(alerts.length > 0
            ? alerts.map((alert) =>
                el(
                  "li",
                  { class: "chip firing" },
                  el("span", { class: "sign", "aria-hidden": "true" }, "▲"),
                  el("b", {}, alert.name),
                  ` fires since ${context.clock.exact(alert.since)}`,
                ),
              )
            : [el("li", { class: "chip" }, "No alert fires")]),
        );
      }
      const first = log.findLast((entry) => entry.kind === "left") ?? null;
      // Until somebody is lost, how long ago the first alert fired is the time that there was to do something.
      const since = Math.min(...alerts.map((alert) => alert.since));
      const lead =
        first === null && Number.isFinite(since)
          ? `${seconds(Math.round(t - since))} after the alert`
          : "";
      const state = `${first?.id} ${lead}`;
      if (state === told) return;
      told = state;
      left.replaceChildren(
        ...(first === null
          ? ["Nobody is lost yet", lead && ", ", lead && el("b", {}, lead)]
          : leaving(first, context.clock)),
      );
    },
  };
}

function leaving(entry, clock) {
  const warned =
    entry.warned === null || entry.warned === undefined
      ? "without a warning"
      : `${seconds(Math.round(entry.warned))} after the alert`;
  return [
    el("span", { class: "sign", "aria-hidden": "true" }, "◀"),
    `${clock.exact(entry.t)} `,
    el("b", {}, entry.text),
    `, ${warned}`,
  ];
}
