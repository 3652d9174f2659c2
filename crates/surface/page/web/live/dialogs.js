// What interrupts: a question, the keys, and the scenario that was saved. The browser's own dialog holds the focus.

import { el } from "../dom.js";

/** @param {string} title @param {...(Node | string)} content */
function open(title, ...content) {
  const dialog = el(
    "dialog",
    { class: "dialog", "aria-label": title },
    el("h2", {}, title),
    ...content,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

function closing(text, style = "quiet") {
  return el(
    "button",
    {
      type: "button",
      class: style,
      onclick: (event) => event.currentTarget.closest("dialog").close(),
    },
    text,
  );
}

/**
 * @param {string} title
 * @param {(Node | string)[]} words
 * @param {string} yes
 * @param {string} no
 * @returns {Promise<boolean>}
 */
export function ask(title, words, yes, no) {
  return new Promise((answer) => {
    const dialog = open(
      title,
      el("p", {}, ...words),
      el(
        "div",
        { class: "choices" },
        el(
          "button",
          {
            type: "button",
            class: "strong",
            autofocus: true,
            onclick: () => dialog.close("yes"),
          },
          yes,
        ),
        closing(no),
      ),
    );
    dialog.addEventListener("close", () =>
      answer(dialog.returnValue === "yes"),
    );
  });
}

const KEYS = [
  [["Space"], "pause, and go on"],
  [["→"], "a step on"],
  [["←"], "a step back"],
  [["Shift", "→ ←"], "ten steps"],
  [["Tab", "Enter"], "to a lever, and pull it; once more ends it"],
  [["?"], "these keys"],
  [["Esc"], "closes what is open"],
];

/** @param {string} step how long one is, in words */
export function showKeys(step) {
  open(
    "Keys",
    el(
      "table",
      { class: "keys" },
      el(
        "tbody",
        {},
        ...KEYS.map(([keys, does]) =>
          el(
            "tr",
            {},
            el(
              "th",
              { scope: "row" },
              ...keys.flatMap((key, at) => [
                at > 0 ? " " : "",
                el("kbd", {}, key),
              ]),
            ),
            el("td", {}, does),
          ),
        ),
      ),
    ),
    el("p", { class: "quiet-text" }, `A step is ${step}.`),
    el("div", { class: "choices" }, closing("Close")),
  );
}

/** Something that can be taken along. */
function copied(label, text) {
  const said = el("span", { class: "quiet-text", role: "status" });
  const code = el("pre", { tabindex: "0", "aria-label": label }, text);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      said.textContent = "copied";
    } catch {
      // Without permission it is at least marked, for the keyboard to copy.
      getSelection().selectAllChildren(code);
      said.textContent = "marked: copy it with the keyboard";
    }
  };
  return el(
    "div",
    { class: "copied" },
    el(
      "div",
      { class: "copied-head" },
      el("h3", {}, label),
      said,
      el(
        "button",
        {
          type: "button",
          class: "quiet",
          "aria-label": `Copy: ${label}`,
          onclick: copy,
        },
        "Copy",
      ),
    ),
    code,
  );
}

/** @param {{ file: string, command: string, digest: string, text: string }} saved */
export function showSaved(saved) {
  open(
    "Saved as a scenario",
    el(
      "p",
      {},
      "What was done here is in ",
      el("code", {}, saved.file),
      ". The command replays it to the last request.",
    ),
    copied("The command", saved.command),
    copied("The digest that it ends with", saved.digest),
    copied("The scenario", saved.text),
    el("div", { class: "choices" }, closing("Close", "strong")),
  );
}
