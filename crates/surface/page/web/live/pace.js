// Time: what it is, how fast it goes, and the way back.

import { el } from "../dom.js";
import { count, roundSeconds } from "../quantity.js";
import { themeButton } from "../theme.js";
import { presence, words } from "../touch.js";
import { ask } from "./dialogs.js";

const SPEEDS = [1, 5, 10, 30, 60, 120, 300, 600, 1200, 3600];

function speedWords(speed) {
  const named = { 60: "a minute a second", 3600: "an hour a second" };
  return `${count(speed)}×${named[speed] ? `, ${named[speed]}` : ""}`;
}

/**
 * What moves time. Going back forgets what was done since, so it asks where there is something to forget.
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {(path: string, body: object) => Promise<object | null>} act
 * @param {{ clock: ReturnType<import("../clock.js").clockOf> }} context
 */
export function timeMachine(session, act, context) {
  const pause = () => session.frame.paused || act("pace", { paused: true });
  const machine = {
    step: () => session.hello.bucket,
    toggle: () => {
      if (!session.frame) return;
      act("pace", { paused: !session.frame.paused });
    },
    /** @param {number} speed */
    speed: (speed) => act("pace", { speed }),
    /** @param {number} steps */
    on: async (steps) => {
      if (!session.frame || session.frame.over) return;
      if (steps < 0)
        return machine.back(session.frame.t + steps * machine.step());
      await pause();
      await act("step", { seconds: steps * machine.step() });
    },
    /** @param {number} to */
    back: async (to) => {
      const target = Math.max(session.frame.from, to);
      if (target >= session.frame.t) return;
      await pause();
      const lost = session.arms[session.chosen].log.filter(
        (entry) =>
          entry.t > target && entry.who === "you" && entry.kind !== "undone",
      );
      const isSure =
        lost.length === 0 ||
        (await ask(
          `Back to ${context.clock.exact(target)}?`,
          [
            "What you did since is forgotten: ",
            lost.map((entry) => entry.text).join("; "),
            ".",
          ],
          "Go back",
          "Stay",
        ));
      if (isSure) await act("back", { to: target });
    },
  };
  return machine;
}

/**
 * The bar at the top.
 * @param {ReturnType<import("./session.js").createSession>} session
 * @param {ReturnType<typeof timeMachine>} machine
 * @param {{ clock: ReturnType<import("../clock.js").clockOf> }} context
 * @param {{ save: () => void, fork: () => void, keys: () => void }} tools
 */
export function bar(session, machine, context, tools) {
  const name = el("h1", {}, "worstday");
  const about = el("p", { class: "eyebrow" });
  const moment = el("span", { class: "moment", role: "timer" });
  const state = el("span", { class: "state" });
  const button = (label, text, onclick, style = "") =>
    el(
      "button",
      { type: "button", class: style, "aria-label": label, onclick },
      text,
    );
  const play = button("Pause", "❚❚", machine.toggle, "play strong");
  const backwards = button("A step back", "‹", () => machine.on(-1), "step");
  const forwards = button("A step on", "›", () => machine.on(1), "step");
  const speed = el("select", {
    "aria-label": "Speed",
    onchange: () => machine.speed(Number(speed.value)),
  });
  const watchers = el("span", { class: "watchers" });
  const fork = el(
    "button",
    { type: "button", class: "quiet", onclick: tools.fork },
    "Fork",
  );
  const save = el(
    "button",
    { type: "button", class: "quiet", onclick: tools.save },
    "Save",
  );
  const node = el(
    "header",
    { class: "cockpit-bar" },
    el("div", { class: "whose" }, name, about),
    el(
      "div",
      { class: "transport", role: "group", "aria-label": "Time" },
      backwards,
      play,
      forwards,
      el("div", { class: "clock" }, moment, state),
      speed,
    ),
    el(
      "div",
      { class: "tools" },
      watchers,
      fork,
      save,
      button("The keys", "?", tools.keys, "quiet"),
      themeButton(),
    ),
  );
  fork.title = "Two arms from this moment, to try one thing in each";
  save.title = "Writes what was done as a scenario file";

  const say = { moment: words(moment), state: words(state) };
  const sayWatchers = words(watchers);
  const isAlone = presence(fork);
  let paused = null;
  let shownSpeed = null;
  session.on("hello", () => {
    const { system, file, seed } = session.hello;
    name.textContent = system;
    about.textContent = `${file} · seed ${seed}`;
    document.title = `${system} · worstday live`;
    const step = roundSeconds(machine.step());
    backwards.textContent = `‹ ${step}`;
    backwards.setAttribute("aria-label", `${step} back`);
    forwards.textContent = `${step} ›`;
    forwards.setAttribute("aria-label", `${step} on`);
  });
  session.on("frame", () => {
    const { frame } = session;
    say.moment(context.clock.exact(frame.t));
    say.state(
      frame.over
        ? "the day is over"
        : frame.paused
          ? "paused"
          : frame.behind
            ? "as fast as this computer can"
            : "playing",
    );
    sayWatchers(
      frame.watchers > 1 ? `${count(frame.watchers)} are watching` : "",
    );
    isAlone(session.arms.length === 1);
    if (paused !== (frame.paused || frame.over)) {
      paused = frame.paused || frame.over;
      play.textContent = paused ? "▶" : "❚❚";
      play.setAttribute("aria-label", paused ? "Play" : "Pause");
    }
    if (shownSpeed !== frame.speed) {
      shownSpeed = frame.speed;
      const all = [...new Set([...SPEEDS, frame.speed])].sort((a, b) => a - b);
      speed.replaceChildren(
        ...all.map((one) =>
          el(
            "option",
            { value: String(one), selected: one === frame.speed },
            speedWords(one),
          ),
        ),
      );
    }
  });
  return node;
}
