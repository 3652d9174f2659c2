// The first visit is shown one thing to try, then the next: break this, save it with that, look how it would have been.
// Each waits for what came before; one press ends them all.

import { el } from "../dom.js";

/**
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {ReturnType<import("./levers.js").leversSection>} levers
 */
export function hint(session, levers) {
  const text = el("span", { class: "words" });
  const node = el(
    "div",
    { class: "hint", role: "note", hidden: true },
    text,
    el(
      "button",
      { type: "button", class: "link", onclick: () => end() },
      "I know",
    ),
  );
  const KEY = "worstday-hints";
  let isOver = read() === "over";
  let shown = "";

  function read() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }
  function end() {
    isOver = true;
    show(null);
    try {
      localStorage.setItem(KEY, "over");
    } catch {
      // Without storage the next visit is a first one.
    }
  }

  /** @param {{ words: string, at: HTMLElement } | null} what */
  function show(what) {
    for (const one of document.querySelectorAll(".hinted"))
      one.classList.remove("hinted");
    node.hidden = what === null;
    if (what === null) return;
    text.textContent = what.words;
    what.at.classList.add("hinted");
    what.at.after(node);
  }

  function next() {
    const { hint: first } = session.hello;
    const { log, now } = session.arms[session.chosen];
    const own = log.filter((entry) => entry.who === "you");
    const item = (id) => levers.buttonOf(id)?.closest(".row") ?? null;
    if (session.arms.length > 1) {
      if (shown !== "compare") return null;
      end();
      return null;
    }
    if (own.length === 0) {
      const at = first && item(first.lever);
      return at && { key: "break", words: first.text, at };
    }
    const saved = now.done.find(
      (row) => row.who === "you" && row.group === "save",
    );
    if (saved?.lever) {
      const at = levers.buttonOf(saved.lever)?.closest(".lever");
      const during = at?.querySelector(".during");
      return (
        during && {
          key: "compare",
          words: "How would it be without? Look at both side by side.",
          at: during,
        }
      );
    }
    const isFelt = log.some(
      (entry) => entry.kind === "left" || entry.kind === "alert",
    );
    const isSaved = own.some((entry) => entry.kind === "override");
    const save = levers.node.querySelector(".group.save h3");
    if (!isFelt || isSaved || !save) return null;
    return { key: "save", words: "It hurts. Pull one of these.", at: save };
  }

  session.on("frame", (says) => {
    if (isOver || !says) return;
    const what = next();
    const key = what?.key ?? "";
    // Levers that were built anew took it away with the old ones.
    if (shown !== "" && !node.isConnected) shown = "";
    if (key === shown || isOver) return;
    shown = key;
    show(what);
  });
}
