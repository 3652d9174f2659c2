// What the drawing shows of the present moment of one arm.

import { rateUnit } from "../quantity.js";

/** The next of 1, 2, 5, 10, 20 ...: scales that follow what is largest should change rarely. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * [1, 2, 5, 10].find((digit) => digit * power >= value);
}

/** Scales that all arms share, or they could not be compared. They grow with the day and never shrink. */
export function createScales() {
  let busiest = 0;
  let longest = 0;
  const fullest = [];
  return {
    /** @param {object[]} arms of a frame @param {object[]} nodes of the drawing */
    take(arms, nodes) {
      for (const arm of arms) {
        for (const [first] of arm.edges)
          if (first > busiest) busiest = roundUp(first);
        nodes.forEach((node, at) => {
          const row = arm.nodes[at];
          if (node.kind === "service" && row[1] > longest)
            longest = roundUp(row[1]);
          if (node.kind === "topic")
            fullest[at] = Math.max(fullest[at] ?? 0, row[0]);
        });
      }
    },
    get busiest() {
      return Math.max(busiest, 1e-9);
    },
    get longest() {
      return Math.max(longest, 10);
    },
    /** @param {number} at */
    fullest: (at) => fullest[at] ?? 0,
  };
}

/**
 * @param {() => import("./session.js").Arm} arm
 * @param {object[]} nodes of the drawing
 * @param {ReturnType<typeof createScales>} scales
 * @param {() => number} moved how often time has moved
 * @returns {import("../picture.js").Reader}
 */
export function present(arm, nodes, scales, moved) {
  const place = new Map(nodes.map((node, at) => [node.id, at]));
  const row = (id) => arm().now.nodes[place.get(id)];
  return {
    get busiest() {
      return scales.busiest;
    },
    get longest() {
      return scales.longest;
    },
    rate: (rate) => rateUnit(scales.busiest).of(rate),
    phase: () => 2 * moved(),
    hits: () => new Map(arm().now.hits),
    service: (id) => {
      const [utilisation, queue, ready, arrived, lost, replicas] = row(id);
      return { utilisation, queue, ready, arrived, lost, replicas };
    },
    client: (id) => {
      const [arrived, lost, ended] = row(id);
      return { arrived, lost, ended };
    },
    topic: (id) => {
      const [backlog, age, sent, lost] = row(id);
      const most = scales.fullest(place.get(id));
      return { backlog, age, sent, lost, most };
    },
    edge: (index) => {
      const [first, again, unanswered, share] = arm().now.edges[index];
      return { first, again, unanswered, share };
    },
  };
}
