// The levers: what breaks, what brings more load, what saves. A lever is a sentence; while it is on it counts down, and the
// same press ends it. Below them any fault on any part, and what is in force without a lever of this page.

import { el, rich } from "../dom.js";
import { seconds } from "../quantity.js";
import { attribute, marker, presence, style, words } from "../touch.js";
import { anyFault } from "./anything.js";
import { lastsField, said, SIZE, sizeField } from "./fields.js";
import { hover } from "./hover.js";
import { LETTERS } from "./letters.js";

const GROUPS = [
  { id: "break", title: "Break", sign: "✗" },
  { id: "load", title: "Load", sign: "▸" },
  { id: "save", title: "Save", sign: "●" },
];

/** So many levers of a group are seen at once; the others are one press away. */
const SEEN = 7;

/**
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {(path: string, body: object) => Promise<object | null>} act
 */
export function leversSection(session, act) {
  const inArm = () => (session.arms.length > 1 ? { arm: session.chosen } : {});
  const tip = hover();
  const which = el("div", {});
  const groups = el("div", { class: "groups" });
  const others = el("ul", { class: "lever-list" });
  const also = el(
    "div",
    { class: "group also", hidden: true },
    el("h3", {}, "Also in force"),
    others,
  );
  const form = el("div", {});
  const node = el(
    "section",
    { id: "levers", "aria-labelledby": "levers-title" },
    el("h2", { id: "levers-title", class: "unseen" }, "Levers"),
    which,
    groups,
    form,
    also,
    tip.node,
  );
  let levers = [];
  let built = "";
  let choosePart = () => {};

  const compare = (id) => act("fork", { without: id });
  /** What can be done with something that is on. */
  const handles = (text, id) => {
    const without = el(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => compare(id()),
        "aria-label": `compare without it: ${text}`,
      },
      "compare without it",
    );
    const end = el(
      "button",
      {
        type: "button",
        class: "link",
        onclick: () => act("release", { done: id(), ...inArm() }),
        "aria-label": `end now: ${text}`,
      },
      "end now",
    );
    return { end, without };
  };

  function lever(one, at) {
    const { sign } = GROUPS.find(({ id }) => id === one.group);
    const left = el("span", { class: "rest" });
    const sentence = el("span", { class: "text" }, one.text);
    const bar = el("span", { class: "bar", "aria-hidden": "true" });
    const pull = el(
      "button",
      {
        type: "button",
        class: "pull",
        "aria-pressed": "false",
        "aria-describedby": `does-${at}`,
        "data-lever": one.id,
      },
      el("span", { class: "sign", "aria-hidden": "true" }, sign),
      sentence,
      left,
      bar,
    );
    const plain = one.text.replace(SIZE, "").trim();
    const size = one.size && sizeField(`size-${at}`, one.size, plain);
    const promised = () =>
      size ? one.text.replace(SIZE, said(one.size, size.value())) : one.text;
    size?.input.addEventListener("input", () => set.text(promised()));
    // A fault of the file has a length of its own, drawn by lot.
    const isOfTheFile = one.id.startsWith("fault:");
    const lasts =
      one.lasts &&
      lastsField(
        `lasts-${at}`,
        one.lasts,
        isOfTheFile ? "as the file says" : undefined,
      );
    const options = el(
      "div",
      { class: "options", id: `options-${at}`, hidden: true },
      size?.node,
      lasts?.node,
    );
    const more = el(
      "button",
      {
        type: "button",
        class: "more",
        "aria-expanded": "false",
        "aria-controls": `options-${at}`,
        "aria-label": `How much and how long: ${plain}`,
        onclick: () => {
          options.hidden = !options.hidden;
          more.setAttribute("aria-expanded", String(!options.hidden));
        },
      },
      "⋯",
    );
    let on = null;
    const { end, without } = handles(plain, () => on.id);
    const during = el("div", { class: "during", hidden: true }, end, without);
    const does = el(
      "p",
      { class: "does", id: `does-${at}` },
      ...rich(one.does),
    );
    const item = el(
      "li",
      { class: `lever ${one.group}` },
      el("div", { class: "row" }, pull, (size || lasts) && more),
      options,
      during,
      does,
    );
    tip.on(pull, one.does);
    pull.addEventListener("click", () => {
      if (on) return act("release", { done: on.id, ...inArm() });
      if (size && !size.isFine()) return;
      act("pull", {
        lever: one.id,
        ...(size ? { size: size.value() } : {}),
        ...(lasts ? { lasts: lasts.value() } : {}),
        ...inArm(),
      });
    });
    const set = {
      pressed: attribute(pull, "aria-pressed"),
      on: marker(item, "on"),
      text: words(sentence),
      left: words(left),
      bar: style(bar, "transform"),
      during: presence(during),
      without: presence(without),
    };
    return {
      id: one.id,
      item,
      show: (row, t) => {
        on = row;
        set.pressed(String(row !== null));
        set.on(row !== null);
        set.text(row?.text ?? promised());
        set.left(row ? remaining(row, t) : "");
        set.bar(`scaleX(${row ? share(row, t) : 0})`);
        set.during(row !== null);
        set.without(session.arms.length === 1);
      },
    };
  }

  function build() {
    const { hello } = session;
    levers = hello.levers.map(lever);
    groups.replaceChildren(
      ...GROUPS.map((group) => {
        const own = hello.levers
          .map((one, at) => (one.group === group.id ? levers[at].item : null))
          .filter(Boolean);
        return own.length === 0
          ? null
          : el(
              "div",
              { class: `group ${group.id}` },
              el("h3", {}, group.title),
              el("ul", { class: "lever-list" }, ...own.slice(0, SEEN)),
              own.length > SEEN &&
                el(
                  "details",
                  { class: "any" },
                  el("summary", {}, `${own.length - SEEN} more`),
                  el("ul", { class: "lever-list" }, ...own.slice(SEEN)),
                ),
            );
      }).filter(Boolean),
    );
    const any = anyFault(hello, (body) =>
      act("break", { ...body, ...inArm() }),
    );
    form.replaceChildren(any.node);
    choosePart = any.choose;
  }

  function arms() {
    which.replaceChildren();
    if (session.arms.length < 2) return;
    which.append(
      el(
        "fieldset",
        { class: "choice" },
        el("legend", {}, "Levers act on"),
        ...session.arms.map(({ title }, at) =>
          el(
            "span",
            {},
            el("input", {
              type: "radio",
              name: "acts-on",
              id: `acts-on-${at}`,
              checked: at === session.chosen,
              onchange: () => {
                session.chosen = at;
                session.refresh();
              },
            }),
            el("label", { for: `acts-on-${at}`, title }, LETTERS[at]),
          ),
        ),
      ),
    );
  }

  let shownOthers = "";
  let rows = [];
  function showOthers(done, t) {
    const key = done.map(({ id }) => id).join();
    if (key !== shownOthers) {
      shownOthers = key;
      rows = done.map((row) => other(row));
      others.replaceChildren(...rows.map(({ item }) => item));
      also.hidden = rows.length === 0;
    }
    rows.forEach((row, at) => row.show(done[at], t));
  }
  function other(row) {
    const left = el("span", { class: "rest" });
    const isOwn = row.who === "you";
    // What the file broke can be repaired; what somebody else does takes its course.
    const canEnd = isOwn || row.group === "break";
    const { end, without } = handles(row.text, () => row.id);
    const say = words(left);
    return {
      item: el(
        "li",
        { class: `lever on ${row.group}` },
        el(
          "p",
          { class: "told-row" },
          el("b", {}, row.who),
          " ",
          el("span", { class: "text" }, row.text),
          left,
        ),
        canEnd && el("div", { class: "during" }, end, isOwn && without),
      ),
      show: (now, t) => say(remaining(now, t)),
    };
  }

  session.on("hello", () => {
    arms();
    const wanted = JSON.stringify([
      session.hello.levers,
      session.hello.kinds,
      session.hello.parts,
    ]);
    if (wanted === built) return;
    built = wanted;
    build();
  });
  session.on("frame", (says) => {
    if (!says) return;
    const { t } = session.frame;
    const { done } = session.arms[session.chosen].now;
    for (const one of levers)
      one.show(done.find((row) => row.lever === one.id) ?? null, t);
    const known = new Set(levers.map(({ id }) => id));
    showOthers(
      done.filter((row) => !known.has(row.lever)),
      t,
    );
  });
  return {
    node,
    /** Somebody pointed at a part of the drawing. */
    choose: (part) => choosePart(part),
    /** @param {string} id */
    buttonOf: (id) => node.querySelector(`[data-lever="${CSS.escape(id)}"]`),
  };
}

function remaining(row, t) {
  return row.until === null
    ? "on"
    : `${seconds(Math.max(0, Math.round(row.until - t)))} left`;
}

function share(row, t) {
  if (row.until === null) return 1;
  const rest = (row.until - t) / Math.max(1e-9, row.until - row.since);
  return Math.round(1000 * Math.min(1, Math.max(0, rest))) / 1000;
}
