// The worst day: told, taken apart, and played on the drawn system.

import { command } from "../advice.js";
import { daySection } from "../day.js";
import { el, rich, section, table } from "../dom.js";
import { drawingSection, teller } from "../drawing.js";
import { scrubber } from "../scrubber.js";
import { servicesSection } from "../services.js";
import { shareBar } from "./verdicts.js";

function facts(lived) {
  const rows = [
    ["Breaks", `${lived.promise} survives ${lived.claim}`],
    ["Kind of day", `${lived.kind}; ${lived.share} of such days break it`],
    lived.returns && ["How often such days come and break it", lived.returns],
    lived.breaks && ["This very day breaks it on", lived.breaks],
    ["Date", lived.date],
    lived.demand && ["Demand", lived.demand],
    ["Seed", lived.seed],
    ["Fingerprint of its history", lived.run.digest],
  ].filter(Boolean);
  return el(
    "dl",
    { class: "facts" },
    ...rows.map(([name, value]) =>
      el("div", {}, el("dt", {}, name), el("dd", {}, value)),
    ),
  );
}

/** Every way to make the day weaker, and what is left of the break then. */
function weakenings(lived) {
  if (lived.weakenings.length === 0) return null;
  const rows = lived.weakenings.map((row) => [
    row.what,
    el(
      "span",
      { class: row.needed ? "verdict" : "quiet-text" },
      row.needed ? "● needed" : "○ not told apart",
    ),
    el("span", {}, `${row.broken} of ${row.trials}`),
    shareBar(row, null, "Share of seeds that still break it"),
  ]);
  return el(
    "div",
    { class: "weakenings" },
    el("h3", {}, "What of it is needed"),
    el(
      "p",
      { class: "quiet-text" },
      "The day one step weaker, on fresh seeds. A step is needed if fewer than half as many break it then.",
    ),
    table(
      "The day one step weaker",
      ["step", "", "still breaks on", "0 to 100 % of seeds"],
      rows,
      "weaker",
    ),
  );
}

export function livedSection(lived, context) {
  const { run } = lived;
  const day = daySection(run, context);
  const drawing = drawingSection([run], context);
  const intro = section(
    "worst",
    lived.id ? `A day that breaks it: ${lived.id}` : "A day that breaks it",
    null,
    el(
      "p",
      { class: "story" },
      ...lived.story.flatMap((text) => [...rich(text), " "]),
    ),
    facts(lived),
    lived.happens.length > 0 &&
      el(
        "div",
        { class: "strikes" },
        el("h3", {}, "What strikes"),
        el("ol", {}, ...lived.happens.map((line) => el("li", {}, line))),
      ),
    weakenings(lived),
    lived.command && el("h3", {}, "Live it again"),
    lived.command
      ? command(lived.command)
      : el(
          "p",
          { class: "quiet-text" },
          "It was not kept as a file: without --no-store it is.",
        ),
    lived.drawn && el("p", { class: "quiet-text" }, lived.drawn),
  );
  const played = el(
    "div",
    { class: "played" },
    day.node,
    drawing.node,
    servicesSection(run, context),
    scrubber(run, context, teller(run, context.length)),
  );
  return {
    nodes: [intro, played],
    build: () => {
      day.build();
      drawing.build();
    },
  };
}
