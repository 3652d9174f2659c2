// How much and how long: what a lever or a fault asks for.

import { el } from "../dom.js";
import { roundSeconds, seconds } from "../quantity.js";

/** Stands in a lever's sentence for how much. */
export const SIZE = "…";
/** Lengths that are offered, s. */
const LASTS = [60, 120, 300, 600, 900, 1800, 3600, 7200];

/** How much, as a person says it. */
export function said({ unit }, value) {
  if (!Number.isFinite(value)) return SIZE;
  return unit === "x"
    ? `${value}x`
    : unit === "s"
      ? seconds(value)
      : `${value} ${unit}`;
}

/** How long something lasts, as one of a few; `open` is what it means to say nothing. */
export function lastsField(id, lasts, open = "until I end it") {
  const all = [...new Set([...LASTS, ...(lasts ? [lasts] : [])])].sort(
    (a, b) => a - b,
  );
  const select = el(
    "select",
    { id },
    ...all.map((one) =>
      el(
        "option",
        { value: String(one), selected: one === lasts },
        roundSeconds(one),
      ),
    ),
    el("option", { value: "", selected: lasts === null }, open),
  );
  return {
    node: el("label", { class: "field", for: id }, "for ", select),
    value: () => (select.value === "" ? null : Number(select.value)),
  };
}

export function sizeField(id, size, label) {
  const input = el("input", {
    type: "number",
    id,
    value: String(size.is),
    min: String(size.min),
    max: String(size.max),
    step: String(size.step),
    "aria-label": `${label}: how much, ${size.unit}`,
  });
  return {
    node: el("span", { class: "field" }, input, ` ${size.unit}`),
    input,
    value: () => input.valueAsNumber,
    isFine: () => input.reportValidity(),
  };
}
