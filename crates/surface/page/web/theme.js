// Light and dark: the reader's system decides until the reader does. Canvases ask for colours; the rest is CSS.

import { el } from "./dom.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const watchers = new Set();

export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
}

/** Asked for once: a chart that is drawn again must not make the browser lay out the page to know a colour. */
const known = new Map();

/** A colour by its name in the style sheet. @param {string} name */
export function colour(name) {
  if (!known.has(name))
    known.set(
      name,
      getComputedStyle(root).getPropertyValue(`--${name}`).trim(),
    );
  return known.get(name);
}

/** Calls `redraw` when colours change. @param {() => void} redraw */
export function onColours(redraw) {
  watchers.add(redraw);
}

function changed() {
  known.clear();
  for (const redraw of watchers) redraw();
}

dark.addEventListener("change", changed);

/** @param {"light" | "dark"} theme */
export function setTheme(theme) {
  root.dataset.theme = theme;
  changed();
}

/** The button that switches. */
export function themeButton() {
  const button = el("button", { type: "button", class: "quiet" });
  const say = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute(
      "aria-label",
      `Use ${isDark() ? "light" : "dark"} colours`,
    );
  };
  button.addEventListener("click", () => {
    setTheme(isDark() ? "light" : "dark");
  });
  onColours(say);
  say();
  return button;
}
