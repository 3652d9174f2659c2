// What the page and the server say to each other: a stream of events that is read with `fetch`, because only so the token
// can travel in a header, and small requests that change something. A lost stream is taken up again by itself.

/** Without a byte for so long, ms, a stream is lost: the server says something every ten seconds. */
const SILENCE = 25_000;
/** How long until the next try, ms. */
const PATIENCE = [300, 700, 1_500, 3_000];

/** The token in the address that was printed. */
export function tokenOf(address) {
  return address.hash.slice(1);
}

/** What the server refused, in its words. */
export class Refused extends Error {
  /** @param {number} status @param {string} text */
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/**
 * @param {string} token
 * @param {object} on
 * @param {(event: string, data: object) => void} on.event
 * @param {(state: "open" | "lost" | "refused") => void} on.state
 */
export function connect(token, on) {
  const headers = { Authorization: `Bearer ${token}` };
  let tries = 0;

  /** Reads a stream to its end. Whether it is worth another try. */
  async function read() {
    const aborts = new AbortController();
    let watch = 0;
    const heard = () => {
      clearTimeout(watch);
      watch = setTimeout(() => aborts.abort(), SILENCE);
    };
    try {
      heard();
      const answer = await fetch("/api/stream", {
        headers,
        signal: aborts.signal,
        cache: "no-store",
      });
      if (answer.status === 401 || answer.status === 403) return false;
      if (!answer.ok) return true;
      tries = 0;
      on.state("open");
      const reader = answer.body.getReader();
      const decoder = new TextDecoder();
      const take = events((name, data) => {
        // A fault of the page is no lost connection.
        try {
          on.event(name, data);
        } catch (error) {
          reportError(error);
        }
      });
      for (;;) {
        const { value, done } = await reader.read();
        if (done) return true;
        heard();
        take(decoder.decode(value, { stream: true }));
      }
    } catch {
      return true;
    } finally {
      clearTimeout(watch);
    }
  }

  async function keepReading() {
    while (await read()) {
      on.state("lost");
      const pause = PATIENCE[Math.min(tries, PATIENCE.length - 1)];
      tries += 1;
      await new Promise((done) => setTimeout(done, pause));
    }
    on.state("refused");
  }

  keepReading();
  return {
    /** @param {string} path @param {object} body */
    async post(path, body) {
      let answer;
      try {
        answer = await fetch(`/api/${path}`, {
          method: "POST",
          headers: { ...headers, "Content-Type": "application/json" },
          body: JSON.stringify(body),
          cache: "no-store",
        });
      } catch {
        throw new Refused(0, "The simulator does not answer.");
      }
      const data = await answer.json().catch(() => ({}));
      if (answer.ok) return data;
      throw new Refused(
        answer.status,
        data.error ??
          (answer.status === 401
            ? "The token is not that of this simulator."
            : `The simulator refused (${answer.status}).`),
      );
    },
  };
}

/** Takes pieces of a stream of events as they come. @param {(event: string, data: object) => void} tell */
export function events(tell) {
  let rest = "";
  return (piece) => {
    rest += piece;
    for (;;) {
      const end = rest.indexOf("\n\n");
      if (end < 0) return;
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      let name = "message";
      let data = "";
      for (const line of block.split("\n"))
        if (line.startsWith("event:")) name = line.slice(6).trim();
        else if (line.startsWith("data:")) data += line.slice(5);
      if (data) tell(name, JSON.parse(data));
    }
  };
}
