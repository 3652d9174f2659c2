// What went wrong, in words, above everything else: the connection, and what the simulator refused.

import { el } from "../dom.js";

/** So long a refusal stays, ms, unless somebody closes it. */
const STAYS = 12_000;

const CONNECTION = {
  open: null,
  connecting: ["Looking for the simulator …"],
  lost: [
    "The simulator does not answer. Does it still run in the terminal? This page tries again by itself.",
  ],
  refused: [
    "The simulator does not know this page’s token: it was started anew. Open the address that it printed last.",
  ],
  missing: [
    "This address lacks its token. Open the whole address that ",
    el("code", {}, "worstday"),
    " printed, with everything behind the ",
    el("code", {}, "#"),
    ".",
  ],
};

export function notices() {
  const connection = el("p", {
    class: "notice",
    role: "status",
    hidden: true,
  });
  const refused = el("div", { class: "notices", role: "alert" });
  let timer = 0;
  const clear = () => {
    clearTimeout(timer);
    refused.replaceChildren();
  };
  return {
    node: el("div", { class: "above" }, connection, refused),
    /** @param {keyof typeof CONNECTION} state */
    connection: (state) => {
      const words = CONNECTION[state];
      connection.hidden = words === null;
      connection.replaceChildren(...(words ?? []));
      document.documentElement.dataset.connection = state;
    },
    /** @param {string} text */
    refuse: (text) => {
      clear();
      refused.append(
        el(
          "p",
          { class: "notice bad" },
          el("span", { class: "sign", "aria-hidden": "true" }, "✗"),
          el("span", { class: "words" }, text),
          el(
            "button",
            { type: "button", class: "quiet", onclick: clear },
            "Close",
          ),
        ),
      );
      timer = setTimeout(clear, STAYS);
    },
    clear,
  };
}
