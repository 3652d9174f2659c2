// What a screen reader says by itself: what happened, never how far every number has moved.

import { el } from "../dom.js";
import { LETTERS } from "./letters.js";
import { told } from "./told.js";

/** At most one announcement in so many ms: a storm is told in one breath. */
const BREATH = 1_200;
const TOLD = 4;

/** @param {ReturnType<import("./session.js").createSession>} session @param {object} context */
export function voice(session, context) {
  const node = el("p", { class: "unseen", role: "status" });
  let waiting = [];
  let timer = 0;
  const speak = () => {
    timer = 0;
    const more = waiting.length - TOLD;
    node.textContent = [
      ...waiting.slice(0, TOLD),
      ...(more > 0 ? [`and ${more} more, in the list`] : []),
    ].join(". ");
    waiting = [];
  };
  session.on("news", (news, arm) => {
    const letter = session.arms.length > 1 ? `${LETTERS[arm]}: ` : "";
    waiting.push(
      ...news.map(
        (entry) =>
          `${letter}${context.clock.exact(entry.t)} ${told(entry).filter(Boolean).join(" ")}`,
      ),
    );
    if (timer === 0) timer = setTimeout(speak, BREATH);
  });
  return node;
}
