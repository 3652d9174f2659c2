// Moments of the day in words, as local time or as a distance from where counting starts.

import { roundSeconds } from "./quantity.js";

/** @typedef {{ wall: number, changes: [number, number][], fromStart: boolean, length: number }} LocalClock */

const DAY = 86400;
const NAMES = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/**
 * @param {LocalClock} clock
 */
export function clockOf(clock) {
  // Local time as if it were UTC: no time zone of the reader's may move it.
  const local = (at) => {
    let wall = clock.wall + at;
    for (const [from, by] of clock.changes)
      if (from <= at) wall = clock.wall + at + by;
    return new Date(1000 * wall);
  };
  const two = (n) => String(n).padStart(2, "0");
  const time = (at, fine) => {
    const date = local(at);
    const text = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    return fine ? `${text}:${two(date.getUTCSeconds())}` : text;
  };
  const long = clock.length > DAY * 1.01;

  /** A moment: `08:20`, `Sat 08:20`, `+12m`. `fine` shows seconds where the day is short. */
  const moment = (at, fine = false) => {
    if (clock.fromStart)
      return at === 0
        ? "start"
        : (at < 0 ? "" : "+") + roundSeconds(Math.round(at)).replace(" ", "");
    const text = time(at, fine && clock.length <= 4 * 3600);
    return long ? `${NAMES[local(at).getUTCDay()]} ${text}` : text;
  };

  /** A moment to the second, however long the day is. */
  const exact = (at) => {
    if (clock.fromStart) {
      const whole = Math.max(0, Math.floor(at));
      return `+${two(Math.floor(whole / 3600))}:${two(Math.floor(whole / 60) % 60)}:${two(whole % 60)}`;
    }
    return long
      ? `${NAMES[local(at).getUTCDay()]} ${time(at, true)}`
      : time(at, true);
  };

  /** Where an axis of this width has its labels: round local times, s from where counting starts. */
  const ticks = (width) => {
    const most = Math.max(2, Math.floor(width / (long ? 90 : 72)));
    const steps = [
      1,
      5,
      10,
      30,
      60,
      300,
      600,
      900,
      1800,
      3600,
      2 * 3600,
      3 * 3600,
      6 * 3600,
      12 * 3600,
      DAY,
      2 * DAY,
      7 * DAY,
      14 * DAY,
      28 * DAY,
      91 * DAY,
      364 * DAY,
    ];
    const step =
      steps.find((one) => clock.length / one <= most) ?? clock.length / most;
    const offset = clock.fromStart ? 0 : clock.wall % step;
    const all = [];
    for (
      let at = offset === 0 ? 0 : step - offset;
      at <= clock.length;
      at += step
    )
      all.push(at);
    return all;
  };

  /** What stands below a tick. */
  const label = (at) => {
    if (clock.fromStart) return moment(at);
    if (!long) return time(at, clock.length < 600);
    const date = local(at);
    const name = `${NAMES[date.getUTCDay()]} ${date.getUTCDate()}`;
    return date.getUTCHours() === 0 ? name : time(at, false);
  };
  return { moment, exact, ticks, label };
}
