// Printing: light colours, the width of a sheet, and everything unfolded that explains a number.

import { isDark, setTheme } from "./theme.js";

/** @type {Set<() => void>} */
const watchers = new Set();

/** Calls `layout` whenever the page's width changes, by the reader or for paper. @param {() => void} layout */
export function onLayout(layout) {
  watchers.add(layout);
}

function layout() {
  for (const each of watchers) each();
}

addEventListener("resize", () => requestAnimationFrame(layout));

let before = null;
addEventListener("beforeprint", () => {
  before = isDark() ? "dark" : "light";
  document.documentElement.classList.add("paper");
  setTheme("light");
  layout();
});
addEventListener("afterprint", () => {
  document.documentElement.classList.remove("paper");
  setTheme(before);
  layout();
});
