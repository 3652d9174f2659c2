// One arm, or two side by side: the same moment with and without something that was done. Of each what users feel, what the
// alerts say, and the system as it is.

import { el, folded } from "../dom.js";
import { systemTables } from "../numbers.js";
import { onLayout } from "../paper.js";
import { keyLine, picture } from "../picture.js";
import { tiles, warnings } from "./felt.js";
import { LETTERS } from "./letters.js";
import { createScales, present } from "./present.js";

/** A drawing of more nodes than that is large: to move two of them with every frame would take too long. */
const LARGE = 24;

/**
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {object} context
 * @param {(path: string, body: object) => Promise<object | null>} act
 * @param {(node: object) => void} choose a part of the drawing was pointed at
 */
export function armsSection(session, context, act, choose) {
  const foot = el("div", { class: "below-drawing" });
  const felt = tiles();
  const holder = el("div", { class: "arms" });
  const node = el(
    "section",
    { id: "system", "aria-labelledby": "system-title" },
    el("h2", { id: "system-title", class: "unseen" }, "The system now"),
    felt.node,
    holder,
    foot,
  );
  const scales = createScales();
  let drawn = "";
  let turn = 0;
  let arms = [];
  let tabulate = null;
  let tabulated = 0;
  let isOpen = () => false;

  function build() {
    const { drawing } = session.hello;
    arms = session.arms.map((_, at) => arm(at));
    holder.replaceChildren(...arms.map((one) => one.node));
    holder.dataset.count = String(arms.length);
    foot.replaceChildren(
      tables(drawing),
      keyLine(drawing.nodes.some((one) => one.kind === "topic")),
    );
    for (const one of arms) one.lay();
  }

  /** The same in numbers; under somebody's eyes they change once a second. */
  function tables(drawing) {
    const details = folded("The drawing as a table", () => {
      const rows = el("div", {});
      tabulate = () => {
        const { t } = session.frame;
        const moment = context.clock.exact(t);
        tabulated = performance.now();
        rows.replaceChildren(
          ...arms.flatMap(({ read }, at) =>
            systemTables(
              drawing,
              read,
              t,
              arms.length > 1 ? `${moment}, ${LETTERS[at]}` : moment,
            ).map((one) =>
              arms.length > 1
                ? el("div", {}, el("b", { class: "letter" }, LETTERS[at]), one)
                : one,
            ),
          ),
        );
      };
      tabulate();
      return rows;
    });
    tabulate = null;
    isOpen = () => details.open;
    return details;
  }

  function arm(at) {
    const isForked = session.arms.length > 1;
    const title = session.arms[at].title;
    const warned = warnings(context);
    const stage = el("div", {
      class: "stage",
      tabindex: "0",
      role: "region",
      "aria-label": isForked
        ? `The system, drawn: ${LETTERS[at]}, ${title}`
        : "The system, drawn",
    });
    let show = () => {};
    const { drawing } = session.hello;
    const read = present(
      () => session.arms[at],
      drawing.nodes,
      scales,
      () => session.moved,
    );
    stage.addEventListener("click", (event) => {
      const id = event.target.closest("[data-node]")?.dataset.node;
      const found = drawing.nodes.find((one) => one.id === id);
      if (found) choose(found);
    });
    return {
      read,
      node: el(
        "article",
        { class: `arm ${isForked ? "forked" : ""}`, "aria-label": title },
        isForked &&
          el(
            "div",
            { class: "arm-head" },
            el("h3", {}, el("b", { class: "letter" }, LETTERS[at]), title),
            el(
              "button",
              {
                type: "button",
                class: "quiet",
                onclick: () => act("keep", { arm: at }),
              },
              `Keep ${LETTERS[at]}`,
            ),
          ),
        warned.node,
        stage,
      ),
      lay: () => {
        const width = stage.clientWidth - 24;
        if (width <= 0) return;
        const image = picture(
          {
            drawing,
            id: `arm-${at}`,
            title: `The system${isForked ? `, ${title}` : ""}: its numbers are in the table below`,
          },
          read,
          width,
        );
        stage.replaceChildren(image.image);
        show = image.show;
        if (session.frame) show(session.frame.t);
      },
      show: (says) => {
        const { now, log } = session.arms[at];
        show(session.frame.t, says);
        if (!says) return;
        warned.show(now.alerts, log, session.frame.t);
      },
    };
  }

  onLayout(() => {
    for (const one of arms) one.lay();
  });
  session.on("hello", () => {
    const { drawing } = session.hello;
    scales.take(session.frame.arms, drawing.nodes);
    // What is drawn already stays: going back must not take the focus away.
    const wanted = JSON.stringify([
      drawing,
      session.arms.map(({ title }) => title),
    ]);
    if (wanted === drawn) return;
    drawn = wanted;
    build();
  });
  session.on("frame", (says) => {
    scales.take(session.frame.arms, session.hello.drawing.nodes);
    // Two large systems take turns; when words change, and when time stands still, both are of one moment.
    const takeTurns =
      arms.length > 1 && !says && session.hello.drawing.nodes.length > LARGE;
    turn += 1;
    arms.forEach((one, at) => {
      if (!takeTurns || at === turn % arms.length) one.show(says);
    });
    if (!says) return;
    felt.show(session.arms.map(({ now }) => now.tiles));
    if (tabulate && isOpen() && performance.now() - tabulated >= 1000)
      tabulate();
  });
  return node;
}
