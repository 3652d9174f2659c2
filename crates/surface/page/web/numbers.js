// The drawing in numbers: what it shows at an instant, as tables.

import { table } from "./dom.js";
import { percent, seconds, significant } from "./quantity.js";

/**
 * @param {{ nodes: object[], edges: object[] }} drawing
 * @param {import("./picture.js").Reader} read
 * @param {number} at
 * @param {string} moment the same in words
 * @returns {HTMLElement[]}
 */
export function systemTables(drawing, read, at, moment) {
  const of = (kind) => drawing.nodes.filter((node) => node.kind === kind);
  const services = table(
    `The system at ${moment}`,
    ["service", "busy", "waiting", "ready", "asked", "lost"],
    of("service").map((node) => {
      const now = read.service(node.id, at);
      return [
        node.name,
        now.utilisation === null ? "–" : percent(now.utilisation),
        significant(now.queue),
        `${significant(now.ready)} of ${now.replicas ?? node.replicas}`,
        read.rate(now.arrived),
        read.rate(now.lost),
      ];
    }),
    "numbers",
  );
  const topics = table(
    `The topics at ${moment}`,
    ["topic", "not done with", "oldest", "sent", "lost"],
    of("topic").map((node) => {
      const now = read.topic(node.id, at);
      return [
        node.name,
        significant(now.backlog),
        seconds(now.age),
        read.rate(now.sent),
        read.rate(now.lost),
      ];
    }),
    "numbers",
  );
  const calls = table(
    `The calls at ${moment}`,
    ["from", "to", "first attempts", "retries", "unanswered"],
    drawing.edges.map((edge, index) => {
      const now = read.edge(index, at);
      return [
        edge.from.replace(/^\w+ /, ""),
        edge.to.replace(/^\w+ /, ""),
        read.rate(now.first),
        read.rate(now.again),
        read.rate(now.unanswered),
      ];
    }),
    "numbers",
  );
  return of("topic").length > 0 ? [services, topics, calls] : [services, calls];
}
