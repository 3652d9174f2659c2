// The tool's own server for a test or a picture, and what it says, read as the page reads it.

import { spawn } from "node:child_process";
import { events } from "../web/live/connection.js";

/** The tool's server, and the address that it prints. */
export async function simulator(worstday, folder, words) {
  const server = spawn(worstday, words, { cwd: folder });
  let said = "";
  server.stderr.on("data", (piece) => (said += piece));
  const address = await new Promise((found, failed) => {
    let printed = "";
    server.stdout.on("data", (piece) => {
      printed += piece;
      const line = printed.match(/http:\/\/127\.0\.0\.1:\d+\/#[0-9a-f]{32}/);
      if (line) found(line[0]);
    });
    server.on("exit", () => failed(new Error(`it ended: ${printed}${said}`)));
  });
  return {
    address,
    end: () =>
      new Promise((ended) => {
        server.on("exit", ended);
        server.kill("SIGINT");
      }),
  };
}

/** What the server says, read beside the page: numbers are compared with these. */
export async function listen(address) {
  const url = new URL(address);
  const aborts = new AbortController();
  const answer = await fetch(new URL("/api/stream", url), {
    headers: { Authorization: `Bearer ${url.hash.slice(1)}` },
    signal: aborts.signal,
  });
  const heard = {
    hello: null,
    frame: null,
    arms: [],
    stop: () => aborts.abort(),
  };
  const take = events((name, data) => {
    if (name === "hello") {
      heard.hello = data;
      heard.arms = data.arms.map(({ points, log }) => ({
        points: [...points],
        log: [...log],
      }));
    } else {
      heard.frame = data;
      data.arms.forEach((arm, at) => {
        heard.arms[at].points.push(...arm.points);
        heard.arms[at].log.push(...arm.log);
      });
    }
  });
  (async () => {
    const decoder = new TextDecoder();
    for await (const piece of answer.body)
      take(decoder.decode(piece, { stream: true }));
  })().catch(() => {});
  return heard;
}
