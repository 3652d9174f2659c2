// What the page knows: what the server said at the beginning, the last frame, and of each arm what has come together
// since. Frames may come faster than the screen shows them: all are taken, only the last is shown.

/**
 * @typedef {object} Arm
 * @property {string} title
 * @property {object[]} points of the time line
 * @property {object[]} log what happened, in order
 * @property {object} now what the last frame says of it
 */

/** Words and numbers are read, not watched: they change at most so often, ms. */
const READING = 200;
/** Who wants less motion sees a picture every so many ms. */
const CALM = 500;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function createSession() {
  const followers = { hello: new Set(), frame: new Set(), news: new Set() };
  const tell = (what, ...rest) => {
    for (const follow of followers[what]) follow(...rest);
  };
  const session = {
    hello: null,
    frame: null,
    /** @type {Arm[]} */
    arms: [],
    /** Instants of the snapshots, s. */
    snapshots: [],
    /** Which arm levers act on. */
    chosen: 0,
    /** How often time has moved. */
    moved: 0,
    /**
     * `hello`: everything is new. `frame`: a frame is to be shown, with its words or without. `news`: entries of the log.
     * @param {"hello" | "frame" | "news"} what
     * @param {(...rest: any[]) => void} follow
     */
    on: (what, follow) => followers[what].add(follow),
    /** @param {string} event @param {object} data */
    take: (event, data) => {
      if (event === "hello") hello(data);
      else if (event === "frame" && session.hello) frame(data);
    },
    /** Shows the last frame once more, words too. */
    refresh: () => {
      isFresh = true;
      soon();
    },
  };
  let isFresh = false;
  let isWaiting = false;
  let spoken = -Infinity;
  let shown = -Infinity;

  function hello(data) {
    session.hello = data;
    session.frame = null;
    session.snapshots = data.snapshots;
    session.arms = data.arms.map(({ title, points, log }) => ({
      title,
      points: [...points],
      log: [...log],
      now: null,
    }));
    session.chosen = Math.min(session.chosen, data.arms.length - 1);
    isFresh = true;
  }

  function frame(data) {
    if (data.arms.length !== session.arms.length) return;
    const before = session.frame;
    session.frame = data;
    if (before && data.t !== before.t) session.moved += 1;
    if (data.snapshots) session.snapshots = data.snapshots;
    data.arms.forEach((now, at) => {
      const arm = session.arms[at];
      arm.now = now;
      arm.points.push(...now.points);
    });
    if (before === null) tell("hello");
    data.arms.forEach((now, at) => {
      const { log } = session.arms[at];
      const known = new Set(log.slice(-64).map((entry) => entry.id));
      const news = now.log.filter((entry) => !known.has(entry.id));
      log.push(...news);
      if (news.length > 0) tell("news", news, at);
    });
    // What somebody did is seen at once.
    const done = (row) =>
      `${row.paused} ${row.arms.map((arm) => arm.done.map(({ id }) => id)).join(";")}`;
    if (before && done(before) !== done(data)) isFresh = true;
    soon();
  }

  function soon() {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(show);
  }

  function show(time) {
    isWaiting = false;
    if (!session.frame) return;
    if (still.matches && !isFresh && time - shown < CALM) {
      isWaiting = true;
      setTimeout(() => requestAnimationFrame(show), CALM - (time - shown));
      return;
    }
    const { paused, over } = session.frame;
    const says = isFresh || paused || over || time - spoken >= READING;
    if (says) spoken = time;
    shown = time;
    isFresh = false;
    tell("frame", says);
  }

  return session;
}
