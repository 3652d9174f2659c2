// Columns of windows as they stand in the island: one value for all, or one each.

/** @typedef {number | "never" | null} Cell */
/** @typedef {Cell | Cell[]} Column */

/** @param {Column} column @param {number} at @returns {Cell} */
export function cell(column, at) {
  return Array.isArray(column) ? (column[at] ?? null) : column;
}

/**
 * All values as numbers: what never came is infinite, what was not measured is null.
 * @param {Column} column
 * @param {number} count
 * @returns {(number | null)[]}
 */
export function values(column, count) {
  return Array.from({ length: count }, (_, at) => {
    const value = cell(column, at);
    return value === "never" ? Infinity : value;
  });
}

/** The largest finite value. */
export function largest(list) {
  let most = 0;
  for (const value of list)
    if (value !== null && Number.isFinite(value) && value > most) most = value;
  return most;
}

/** Where in a run's day an instant lies: the window of clients, and the one of services and calls. */
export function windowAt(day, at) {
  const window = Math.min(
    day.count - 1,
    Math.max(0, Math.floor(at / day.window)),
  );
  return { window, part: Math.floor(window / day.together) };
}

/** How long a window is: the last one may be shorter. @param {number} at its place */
export function lengthOf(day, at, length, together = 1) {
  const from = at * day.window * together;
  return Math.max(1e-9, Math.min(day.window * together, length - from));
}

/** Counts per second. */
export function rates(column, count, day, length, together = 1) {
  return values(column, count).map(
    (n, at) => n / lengthOf(day, at, length, together),
  );
}
