// Any fault on any part, as a sentence with gaps.

import { el } from "../dom.js";
import { lastsField, sizeField } from "./fields.js";

/** Kinds of parts, as a list has them. */
const PARTS = {
  service: "Services",
  replica: "Replicas",
  zone: "Zones",
  link: "Links",
  pool: "Pools",
};

/**
 * @param {object} hello what there is to break, and how
 * @param {(what: { part: string, kind: string, size: number | null, lasts: number | null }) => void} breakIt
 */
export function anyFault(hello, breakIt) {
  const part = el(
    "select",
    { "aria-label": "Part" },
    ...Object.entries(PARTS).map(([kind, title]) => {
      const own = hello.parts.filter((one) => one.kind === kind);
      return own.length === 0
        ? null
        : el(
            "optgroup",
            { label: title },
            ...own.map((one) => el("option", { value: one.name }, one.text)),
          );
    }),
  );
  const kind = el("select", { "aria-label": "What happens to it" });
  const sized = el("span", {});
  let size = null;
  const lasts = lastsField("any-lasts", 600);
  const chosenPart = () => hello.parts.find((one) => one.name === part.value);
  const chosenKind = () => hello.kinds.find((one) => one.kind === kind.value);
  const showSize = () => {
    const one = chosenKind();
    size = one?.size ? sizeField("any-size", one.size, one.words) : null;
    sized.replaceChildren(...(size ? [size.node] : []));
  };
  const showKinds = () => {
    const before = kind.value;
    const fit = hello.kinds.filter((one) => one.on.includes(chosenPart().kind));
    kind.replaceChildren(
      ...fit.map((one) =>
        el(
          "option",
          { value: one.kind, selected: one.kind === before },
          one.words,
        ),
      ),
    );
    showSize();
  };
  const node = el(
    "details",
    { class: "any" },
    el("summary", {}, "Any fault on any part"),
    el(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          if (size && !size.isFine()) return;
          breakIt({
            part: part.value,
            kind: kind.value,
            size: size ? size.value() : null,
            lasts: lasts.value(),
          });
        },
      },
      part,
      kind,
      sized,
      lasts.node,
      el("button", { type: "submit", class: "strong broken" }, "Break it"),
    ),
  );
  part.addEventListener("change", showKinds);
  kind.addEventListener("change", showSize);
  if (hello.parts.length > 0) showKinds();
  else node.hidden = true;
  return {
    node,
    choose: (one) => {
      if (!hello.parts.some(({ name }) => name === one.name)) return;
      node.open = true;
      part.value = one.name;
      showKinds();
      node.scrollIntoView({ block: "nearest" });
      kind.focus();
    },
  };
}
