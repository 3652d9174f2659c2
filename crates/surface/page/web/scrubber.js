// The slider that plays the day. It stands at the foot of the window while charts, drawing and services are in view.

import { gutters } from "./chart.js";
import { el } from "./dom.js";
import { onLayout } from "./paper.js";

/** The whole day in so many seconds. */
const PLAY = 40;
const still = matchMedia("(prefers-reduced-motion: reduce)");

/**
 * @param {object} run
 * @param {object} context
 * @param {(at: number) => string} tell the state of the system in a few words, for who cannot see it
 */
export function scrubber(run, context, tell) {
  const { length, clock, now } = context;
  const day = run.day;
  const input = el("input", {
    type: "range",
    id: "scrubber",
    min: "0",
    max: String(day.count - 1),
    step: "1",
    "aria-label": "Moment of the day",
  });
  const moment = el("output", { class: "moment", for: "scrubber" });
  const button = el(
    "button",
    { type: "button", class: "play", "aria-label": "Play the day" },
    "▶",
  );
  const fault = day.marks
    .filter((mark) => mark.what === "fault" || mark.what === "event")
    .map((mark) => mark.name);
  const stage = el("div", { class: "track" });
  const bar = el(
    "div",
    { class: "scrubber", role: "group", "aria-label": "Play the day" },
    button,
    el("div", { class: "rail" }, stage, input),
    moment,
  );

  for (const mark of day.marks) {
    const from = Math.max(0, mark.from / length);
    const to = Math.min(1, (mark.until ?? length) / length);
    stage.append(
      el("i", {
        class: fault.includes(mark.name) ? "band" : "line",
        style: `left: ${100 * from}%; width: max(2px, ${100 * (to - from)}%)`,
      }),
    );
  }

  let playing = 0;
  const stop = () => {
    cancelAnimationFrame(playing);
    playing = 0;
    button.textContent = "▶";
    button.setAttribute("aria-label", "Play the day");
  };
  const play = () => {
    if (now.at >= length - day.window) now.set(0);
    button.textContent = "❚❚";
    button.setAttribute("aria-label", "Pause");
    let last = performance.now();
    const frame = (time) => {
      const passed = time - last;
      // Who wants less motion sees one step every half second.
      if (!still.matches || passed >= 500) {
        last = time;
        const to = now.at + (Math.min(passed, 1000) / 1000) * (length / PLAY);
        now.set(Math.min(to, length - 1e-6));
        if (to >= length) return stop();
      }
      playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
  };
  button.addEventListener("click", () => (playing ? stop() : play()));
  input.addEventListener("input", () => {
    if (playing) stop();
    now.set((Number(input.value) + 0.5) * day.window);
  });

  now.follow((at) => {
    const window = Math.min(day.count - 1, Math.floor(at / day.window));
    input.value = String(window);
    const words = clock.moment(at, true);
    moment.textContent = words;
    if (!playing) input.setAttribute("aria-valuetext", `${words}: ${tell(at)}`);
  });
  onLayout(() => {
    const { left, right } = gutters(bar.clientWidth);
    bar.style.gridTemplateColumns = `${left}px 1fr ${right}px`;
  });
  return bar;
}
