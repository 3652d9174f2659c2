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

/** In which of the windows an instant lies, so many of the day's being one. */
export function windowAt(day, at, together) {
  const window = Math.min(
    day.count - 1,
    Math.max(0, Math.floor(at / day.window)),
  );
  return Math.floor(window / together);
}

/** How many windows there are then. */
export function parts(day, together) {
  return Math.ceil(day.count / together);
}

/** All of a client's column. */
export function clientValues(day, client, column) {
  return values(column, parts(day, client.together));
}

/** How long a window is: the last one may be shorter. @param {number} at its place */
export function lengthOf(day, at, length, together = 1) {
  const from = at * day.window * together;
  return Math.max(1e-9, Math.min(day.window * together, length - from));
}

/** A client's counts per second. */
export function rates(day, client, column, length) {
  return clientValues(day, client, column).map(
    (n, at) => n / lengthOf(day, at, length, client.together),
  );
}

/** What has come together until the end of each window. */
export function soFar(list) {
  let sum = 0;
  return list.map((value) => (sum += value));
}
