// Numbers as the report writes them: three significant digits and a unit. The same rules as in the terminal, for the
// values of a moment; what is said of the whole run comes in words.

/**
 * @param {number} value
 * @returns {string} three significant digits, commas from a thousand on
 */
export function significant(value) {
  const size = Math.abs(value);
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return "never";
  if (size < 1e-4) return value.toExponential(2);
  if (size < 999.5) {
    const text = value.toPrecision(3);
    return text.includes("e") ? String(Number(text)) : text;
  }
  const scale = 10 ** (Math.floor(Math.log10(size)) - 2);
  const rounded = Math.round(size / scale) * scale;
  return (value < 0 ? "-" : "") + count(rounded);
}

/**
 * @param {number} value a whole number
 */
export function count(value) {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

/** A number that is mostly whole: without decimals where it is. */
export function plain(value) {
  return Number.isInteger(value) ? count(value) : significant(value);
}

/**
 * @param {number} value a length of time in seconds
 */
export function seconds(value) {
  if (!Number.isFinite(value)) return "never";
  const size = Math.abs(value);
  if (value === 0) return "0 s";
  if (size < 0.9995e-3) return `${significant(value * 1e6)} µs`;
  if (size < 0.9995) return `${significant(value * 1e3)} ms`;
  if (size < 59.95) return `${significant(value)} s`;
  const sign = value < 0 ? "-" : "";
  const two = (large, small, a, b) =>
    small === 0
      ? `${sign}${large}${a}`
      : `${sign}${large}${a}${String(small).padStart(2, "0")}${b}`;
  const whole = Math.round(size);
  if (whole < 3600) return two(Math.floor(whole / 60), whole % 60, "m", "s");
  if (whole < 86400) {
    const minutes = Math.round(size / 60);
    return two(Math.floor(minutes / 60), minutes % 60, "h", "m");
  }
  const hours = Math.round(size / 3600);
  return two(Math.floor(hours / 24), hours % 24, "d", "h");
}

/** A length of time that is round: `30 s`, not `30.0 s`. */
export function roundSeconds(value) {
  return seconds(value).replace(/\.0+(?= )/, "");
}

/**
 * @param {number} value a share; never rounded up to all or down to nothing
 */
export function percent(value) {
  if (value === 1) return "100 %";
  const missing = 1 - value;
  if (missing > 0 && missing < 0.0095) {
    const decimals = Math.min(8, Math.ceil(-Math.log10(missing) - 1.0001));
    return `${(100 * value).toFixed(Math.max(1, decimals))} %`;
  }
  return `${significant(100 * value)} %`;
}

/**
 * The unit in which a rate is a number that one can picture: a second, a minute or an hour.
 * @param {number} most the largest rate that is shown in it, per second
 */
export function rateUnit(most) {
  const [per, sign, word] =
    most >= 1 || most === 0
      ? [1, "s", "a second"]
      : most >= 1 / 60
        ? [60, "min", "a minute"]
        : [3600, "h", "an hour"];
  return {
    /** s in one */
    per,
    word,
    /** @param {number} value in this unit */
    said: (value) => `${significant(value)}/${sign}`,
    /** @param {number} value per second */
    of: (value) => `${significant(value * per)}/${sign}`,
  };
}
