// What hurts most, and the smallest thing to do about it today.

import { el, rich, section } from "./dom.js";

/** A command that can be taken along. @param {string} text */
export function command(text) {
  const button = el("button", { type: "button", class: "quiet" }, "Copy");
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // A page from disk may not write to the clipboard: the text is selected instead.
      getSelection()?.selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  const code = el("code", {}, text);
  return el("div", { class: "command" }, code, button);
}

function card(kind, title, advice, ...more) {
  return el(
    "div",
    { class: `card ${kind}` },
    el("h3", {}, title),
    el("p", { class: "advice" }, ...rich(advice.text)),
    advice.place &&
      el("p", { class: "quiet-text" }, el("code", {}, advice.place)),
    ...more,
  );
}

export function adviceSection(island) {
  return section(
    "advice",
    "What to do",
    null,
    el(
      "div",
      { class: "cards" },
      card("risk", "Biggest risk", island.risk),
      card(
        "step",
        "Smallest step today",
        island.step,
        island.tried && el("p", {}, ...rich(island.tried)),
      ),
    ),
    el("p", { class: "quiet-text" }, "What to run next"),
    command(island.next),
  );
}
