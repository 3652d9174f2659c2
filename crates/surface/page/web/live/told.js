// How an entry of the log is said: who, and what.

/**
 * @param {{ who: string, kind: string, text: string }} entry
 * @returns {[string | null, string]}
 */
export function told({ who, kind, text }) {
  // Of whom was lost, and what is over, the sentence itself speaks.
  if (kind === "left" || kind === "undone") return [null, text];
  if (kind === "alert") return [who, `fires: ${text}`];
  return [who, text];
}
