// The system as a drawing at the instant that the slider is at, and the same as a table.

import { choice, el, folded, section } from "./dom.js";
import { systemTables } from "./numbers.js";
import { onLayout } from "./paper.js";
import { keyLine, picture } from "./picture.js";
import { percent, plain } from "./quantity.js";
import { reader } from "./windows.js";

/** A few words on the state of a run, for the slider's spoken value. */
export function teller(run, length) {
  const read = reader(run, length);
  return (at) => {
    const said = run.drawing.nodes
      .filter((node) => node.kind === "service")
      .map((node) => ({ node, now: read.service(node.id, at) }))
      .sort(
        (a, b) =>
          b.now.queue - a.now.queue ||
          (b.now.utilisation ?? 0) - (a.now.utilisation ?? 0),
      )
      .slice(0, 2)
      .map(({ node, now }) => {
        const busy =
          now.utilisation === null ? "" : `${percent(now.utilisation)} busy, `;
        return `${node.name} ${busy}${plain(Math.round(now.queue))} waiting`;
      });
    const active = read.active(at).map((mark) => mark.name);
    return [...active, ...said].join("; ");
  };
}

/** The same as a table, at the instant that is shown. */
function numbers(run, context) {
  const read = reader(run, context.length);
  return folded("The drawing as a table, at this instant", () => {
    const holder = el("div", {});
    context.now.follow((at) => {
      if (!holder.closest("details")?.open && holder.isConnected) return;
      const moment = context.clock.moment(at, true);
      holder.replaceChildren(...systemTables(run.drawing, read, at, moment));
    });
    return holder;
  });
}

/**
 * @param {object[]} runs
 * @param {object} context
 */
export function drawingSection(runs, context) {
  const holder = el("div", {
    class: "stage",
    tabindex: "0",
    role: "region",
    "aria-label": "The system, drawn",
  });
  const behind = el("div", { class: "behind" });
  const instant = el("span", { class: "instant" });
  context.now.follow((at) => {
    instant.textContent = `At ${context.clock.moment(at, true)}`;
  });
  let shown = runs[0];
  let show = () => {};
  const build = () => {
    if (holder.clientWidth === 0) return;
    // The stage has 12 px of its own on each side.
    const drawn = picture(
      {
        drawing: shown.drawing,
        id: shown.role,
        title: `The system ${shown.title.replaceAll("`", "")}; its numbers at this instant are in the table below`,
      },
      reader(shown, context.length),
      holder.clientWidth - 24,
    );
    holder.replaceChildren(drawn.image);
    show = drawn.show;
    show(context.now.at);
  };
  const turn = (role) => {
    shown = runs.find((run) => run.role === role);
    behind.replaceChildren(numbers(shown, context));
    build();
  };
  behind.append(numbers(shown, context));
  context.now.follow((at) => show(at));
  onLayout(build);
  const node = section(
    "system",
    "The system",
    "From those who ask, on the left, to what they depend on. It shows the moment that the slider is at.",
    runs.length > 1 &&
      choice(
        "Which run is drawn",
        runs.map((run) => ({ value: run.role, text: run.title })),
        shown.role,
        turn,
      ),
    keyLine(runs.some((run) => run.day.topics.length > 0)),
    instant,
    holder,
    behind,
  );
  return { node, build };
}
