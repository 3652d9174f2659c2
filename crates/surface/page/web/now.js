// The instant that everything on the page shows: one value, moved by the scrubber, followed by charts and drawing.

/**
 * @param {number} at
 */
export function createNow(at) {
  /** @type {Set<(at: number) => void>} */
  const followers = new Set();
  return {
    /** Seconds from where counting starts. */
    get at() {
      return at;
    },
    /** @param {number} to */
    set(to) {
      if (to === at) return;
      at = to;
      for (const follow of followers) follow(at);
    },
    /** Calls `follow` now and whenever the instant moves. */
    follow(follow) {
      followers.add(follow);
      follow(at);
      return () => followers.delete(follow);
    },
  };
}
