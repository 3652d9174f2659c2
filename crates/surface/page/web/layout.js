// Where the parts of the drawing stand: left to right from those who ask to what they depend on, or from top to bottom on
// a narrow screen.

import { Graph, layout as place } from "@dagrejs/dagre";

/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ nodes: Map<string, Point>, edges: Point[][], width: number, height: number }} Placed
 */

/**
 * @param {{ nodes: { id: string }[], edges: { from: string, to: string }[] }} drawing
 * @param {{ width: number, height: number, down: boolean, crowded: boolean, far?: boolean }} size of a node, and the
 *   direction; `far` is room between the rows of a small system
 * @returns {Placed}
 */
export function layout(drawing, size) {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({
    rankdir: size.down ? "TB" : "LR",
    nodesep: size.crowded ? 14 : 34,
    ranksep: size.down
      ? 64
      : size.crowded
        ? 76
        : drawing.nodes.length > 6
          ? 120
          : size.far
            ? 176
            : 96,
    marginx: 12,
    marginy: 12,
  });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of drawing.nodes)
    graph.setNode(node.id, { width: size.width, height: size.height });
  drawing.edges.forEach((edge, at) =>
    graph.setEdge(edge.from, edge.to, {}, String(at)),
  );
  place(graph);
  const nodes = new Map(
    drawing.nodes.map((node) => {
      const { x, y } = graph.node(node.id);
      return [node.id, { x, y }];
    }),
  );
  const edges = drawing.edges.map((edge, at) => {
    const { points } = graph.edge(edge.from, edge.to, String(at));
    const line = ends(points, nodes.get(edge.from), nodes.get(edge.to), size);
    return line.length <= 3 ? swung(line, size.down) : smooth(line);
  });
  const { width, height } = graph.graph();
  return { nodes, edges, width, height };
}

/** Edges leave and enter in the middle of a side, so that they do not cross the words in a node. */
function ends(points, from, to, size) {
  const back = size.down ? to.y <= from.y : to.x <= from.x;
  if (back) return points;
  const inner = points.slice(1, -1);
  return size.down
    ? [
        { x: from.x, y: from.y + size.height / 2 },
        ...inner,
        { x: to.x, y: to.y - size.height / 2 },
      ]
    : [
        { x: from.x + size.width / 2, y: from.y },
        ...inner,
        { x: to.x - size.width / 2, y: to.y },
      ];
}

/** From one row to the next: leaves straight and arrives straight. */
function swung(points, down) {
  const [from, to] = [points[0], points[points.length - 1]];
  const bend = down ? (to.y - from.y) / 2 : (to.x - from.x) / 2;
  const [a, b] = down
    ? [
        { x: from.x, y: from.y + bend },
        { x: to.x, y: to.y - bend },
      ]
    : [
        { x: from.x + bend, y: from.y },
        { x: to.x - bend, y: to.y },
      ];
  return Array.from({ length: 25 }, (_, step) => {
    const t = step / 24;
    const mix = (key) =>
      (1 - t) ** 3 * from[key] +
      3 * (1 - t) ** 2 * t * a[key] +
      3 * (1 - t) * t ** 2 * b[key] +
      t ** 3 * to[key];
    return { x: mix("x"), y: mix("y") };
  });
}

/** A curve through the points (Catmull and Rom), as a line of short pieces that can be moved aside. */
function smooth(points) {
  const at = (index) => points[Math.min(points.length - 1, Math.max(0, index))];
  const line = [];
  for (let index = 0; index + 1 < points.length; index += 1) {
    const [a, b, c, d] = [
      at(index - 1),
      at(index),
      at(index + 1),
      at(index + 2),
    ];
    for (let step = 0; step < 8; step += 1) {
      const t = step / 8;
      const mix = (key) =>
        0.5 *
        (2 * b[key] +
          (c[key] - a[key]) * t +
          (2 * a[key] - 5 * b[key] + 4 * c[key] - d[key]) * t * t +
          (3 * b[key] - a[key] - 3 * c[key] + d[key]) * t * t * t);
      line.push({ x: mix("x"), y: mix("y") });
    }
  }
  line.push(points[points.length - 1]);
  return line;
}

/** The same line, so far to its right. @param {Point[]} line @param {number} by */
export function beside(line, by) {
  return line.map((point, at) => {
    const a = line[Math.max(0, at - 1)];
    const b = line[Math.min(line.length - 1, at + 1)];
    const long = Math.hypot(b.x - a.x, b.y - a.y) || 1;
    return {
      x: point.x - ((b.y - a.y) / long) * by,
      y: point.y + ((b.x - a.x) / long) * by,
    };
  });
}

/** @param {Point[]} line */
export function path(line) {
  return line
    .map(
      ({ x, y }, at) =>
        `${at === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`,
    )
    .join("");
}
