// What happened and who did it, the latest first. Whatever somebody did by hand can be looked at without it.

import { el } from "../dom.js";
import { seconds } from "../quantity.js";
import { LETTERS } from "./letters.js";
import { told } from "./told.js";

/** So many of the latest entries are shown. */
const SHOWN = 200;

const SIGNS = {
  fault: "✗",
  alert: "▲",
  cleared: "△",
  override: "●",
  undone: "○",
  left: "◀",
  load: "▸",
  edit: "✎",
};
const KINDS = {
  fault: "Fault",
  alert: "Alert",
  cleared: "Alert over",
  override: "Override",
  undone: "Ended",
  left: "Lost",
  load: "Load",
  edit: "Change",
};

/**
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {object} context
 * @param {(path: string, body: object) => Promise<object | null>} act
 */
export function logSection(session, context, act) {
  const list = el("ol", { class: "log", reversed: true });
  const empty = el("p", { class: "quiet-text" }, "Nothing yet. Pull a lever.");
  const node = el(
    "section",
    { id: "log", "aria-labelledby": "log-title" },
    el("h2", { id: "log-title" }, "What happened"),
    el(
      "div",
      {
        class: "log-scroll",
        tabindex: "0",
        role: "region",
        "aria-label": "What happened, the latest first",
      },
      empty,
      list,
    ),
  );
  const same = (entry) => `${entry.t} ${entry.kind} ${entry.text}`;

  /** All entries of both arms in order; one that is in one arm alone has its letter. */
  function together() {
    if (session.arms.length === 1)
      return session.arms[0].log.map((entry) => ({ entry, letter: null }));
    const [a, b] = session.arms.map(
      (arm) => new Set(arm.log.map((entry) => same(entry))),
    );
    const first = session.arms[0].log.map((entry) => ({
      entry,
      letter: b.has(same(entry)) ? null : LETTERS[0],
    }));
    const second = session.arms[1].log
      .filter((entry) => !a.has(same(entry)))
      .map((entry) => ({ entry, letter: LETTERS[1] }));
    return [...first, ...second].sort((x, y) => x.entry.t - y.entry.t);
  }

  function row({ entry, letter }) {
    const [who, text] = told(entry);
    const isOwn = entry.who === "you" && entry.kind !== "undone";
    const warned =
      entry.kind === "left"
        ? typeof entry.warned === "number"
          ? `${seconds(Math.round(entry.warned))} after the alert`
          : "without a warning"
        : null;
    return el(
      "li",
      { class: `entry ${entry.kind}`, "data-kind": entry.kind },
      el("time", {}, context.clock.exact(entry.t)),
      el(
        "span",
        { class: "what" },
        el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[entry.kind]),
        letter && el("b", { class: "letter" }, letter),
        el("span", { class: "unseen" }, `${KINDS[entry.kind]}: `),
        who && el("b", {}, who),
        who ? " " : "",
        el("span", {}, text),
        warned && el("span", { class: "warned" }, `, ${warned}`),
      ),
      isOwn &&
        session.arms.length === 1 &&
        el(
          "button",
          {
            type: "button",
            class: "link",
            onclick: () => act("fork", { without: entry.id }),
            "aria-label": `without it? ${entry.text}`,
          },
          "without it?",
        ),
    );
  }

  function build() {
    const all = together();
    empty.hidden = all.length > 0;
    list.replaceChildren(...all.slice(-SHOWN).reverse().map(row));
  }

  let isStale = false;
  session.on("hello", build);
  session.on("news", () => (isStale = true));
  session.on("frame", (says) => {
    if (!says || !isStale) return;
    isStale = false;
    build();
  });
  return node;
}
