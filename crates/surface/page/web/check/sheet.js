// The sheet for who decides: it is what is printed, and nothing else is.

import { el, rich } from "../dom.js";
import { mark, VERDICTS } from "../verdict.js";

export function sheet(island) {
  const { manager } = island;
  return el(
    "section",
    { class: "sheet", "aria-label": "For print" },
    el("p", { class: "eyebrow" }, el("strong", {}, island.system)),
    el(
      "p",
      { class: `sheet-title ${VERDICTS[island.verdict].tone}` },
      ...rich(island.sentence),
    ),
    el(
      "ul",
      { class: "sheet-lines" },
      ...manager.lines.map((line) =>
        el(
          "li",
          {},
          el("p", {}, mark(line.verdict), " ", el("b", {}, line.promise)),
          el("p", { class: "quiet-text" }, ...rich(line.says)),
          el("p", {}, ...rich(line.text)),
        ),
      ),
    ),
    manager.left && el("p", { class: "quiet-text" }, manager.left),
    manager.day && el("h2", {}, "The worst day that was found"),
    manager.day &&
      el(
        "p",
        { class: "story" },
        ...manager.day.flatMap((text) => [...rich(text), " "]),
      ),
    el("footer", {}, `${island.tool} · ${island.file}`),
  );
}
