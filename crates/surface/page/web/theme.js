// Light and dark: the reader's system decides until the reader does. Canvases ask for colours; the rest is CSS.

import { el } from "./dom.js";

const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
/** @type {Set<() => void>} */
const watchers = new Set();

export function isDark() {
  return root.dataset.theme ? root.dataset.theme === "dark" : dark.matches;
}

/** A colour by its name in the style sheet. @param {string} name */
export function colour(name) {
  return getComputedStyle(root).getPropertyValue(`--${name}`).trim();
}

/** Calls `redraw` when colours change. @param {() => void} redraw */
export function onColours(redraw) {
  watchers.add(redraw);
}

function changed() {
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
