// The system as a drawing. A service fills from the bottom with utilisation, its queue stands in front of it, an edge is as
// wide as its rate, retries run beside it as a second, dashed strand; what failed is hatched, what is degraded has a notch.
// It moves only when time moves.
//
// What it shows comes from a reader: of the windows of a run that is over (`windows.js`), or of the present moment of one
// that goes on (`live/present.js`). Only what changed is touched.

import { el, svg } from "./dom.js";
import { beside, layout, path } from "./layout.js";
import { percent, plain, seconds } from "./quantity.js";
import { attribute, marker, style, words } from "./touch.js";

/**
 * What a drawing asks about an instant; rates are per second.
 * @typedef {object} Reader
 * @property {number} busiest the largest rate, against which edges are measured
 * @property {number} longest the longest line, against which queues without a bound are measured
 * @property {(rate: number) => string} rate in words, all in one unit: they are there to be compared
 * @property {(at: number) => number} phase how far the dashes of retries have run, px
 * @property {(at: number) => Map<string, boolean>} hits ids of what is disturbed, and whether it does not work at all
 * @property {(id: string, at: number) => { utilisation: number | null, queue: number, ready: number, replicas?: number,
 *   arrived: number, lost: number }} service
 * @property {(id: string, at: number) => { arrived: number, lost: number, ended: number }} client
 * @property {(id: string, at: number) => { backlog: number, most: number, age: number, sent: number, lost: number }} topic
 * @property {(index: number, at: number) => { first: number, again: number, unanswered: number, share: number }} edge
 */

const SLOTS = 10;
const WIDEST = 11;

function shape(drawing, width) {
  const crowded = drawing.nodes.length > 16;
  const down = width < 560 && drawing.nodes.length <= 12;
  const size = {
    width: crowded ? 132 : 164,
    height: crowded ? 52 : 68,
    down,
    crowded,
  };
  const placed = layout(drawing, { ...size, far: true });
  // Rows of a small system stand apart as far as there is room.
  return placed.width * 0.9 <= width || crowded || down
    ? { size, placed }
    : { size, placed: layout(drawing, size) };
}

/** To a quarter of a pixel: less cannot be seen. */
function fine(length) {
  return Math.round(4 * length) / 4;
}

/**
 * A system, and what moves it.
 * @param {{ drawing: object, id: string, title: string }} what `id` sets it apart from others of the same page
 * @param {Reader} read
 * @param {number} width that there is, px
 */
export function picture(what, read, width) {
  const { drawing, id } = what;
  const { size, placed } = shape(drawing, width);
  const lines = svg("g", {});
  const labels = svg("g", { class: "edge-words" });
  const nodes = svg("g", {});
  const isLabelled = drawing.edges.length <= 24;
  const movers = [
    ...drawing.edges.map((edge, at) =>
      edgeLine({ edge, at, line: placed.edges[at], size, read, isLabelled }, [
        lines,
        labels,
      ]),
    ),
    ...drawing.nodes.map((node) => {
      const point = placed.nodes.get(node.id);
      const [x, y] = [point.x - size.width / 2, point.y - size.height / 2];
      const group = svg("g", {
        class: `node ${node.kind}`,
        transform: `translate(${x} ${y})`,
        "data-node": node.id,
      });
      nodes.append(group);
      return NODES[node.kind](group, node, size, read, id);
    }),
  ];
  const image = svg(
    "svg",
    {
      viewBox: `0 0 ${placed.width} ${placed.height}`,
      role: "img",
      "aria-labelledby": `drawing-${id}`,
      class: "system",
    },
    svg("title", { id: `drawing-${id}` }, what.title),
    patterns(id),
    lines,
    labels,
    nodes,
  );
  // Small systems are not blown up, large ones scroll rather than shrink beyond reading.
  const most = size.down ? 1 : drawing.nodes.length <= 4 ? 1.3 : 1.12;
  const scale = Math.max(0.72, Math.min(most, width / placed.width));
  image.style.width = `${placed.width * scale}px`;
  return {
    image,
    /** Shows an instant; without words only what is read at a glance moves. */
    show: (at, says = true) => {
      const hits = read.hits(at);
      for (const move of movers) move(at, hits, says);
    },
  };
}

/** A call: first attempts, retries beside them, and in words how many of each and how many stayed without an answer. */
function edgeLine({ edge, at, line, size, read, isLabelled }, [lines, labels]) {
  const base = svg("path", { class: "strand", d: path(line) });
  const again = svg("path", { class: "strand again" });
  again.style.display = "none";
  lines.append(base, again);
  // Off the middle, towards the caller: edges that meet at a node have their words where they are still apart.
  const middle = line[Math.floor(line.length * 0.42)];
  // Where it leans, words keep clear of its higher and of its lower side.
  const [before, after] = [0.32, 0.52].map(
    (part) => line[Math.floor(line.length * part)],
  );
  const lean = (after.y - before.y) / (after.x - before.x || 1);
  const clear = Math.min(14, 22 * Math.abs(lean));
  const label = (tone) => {
    const text = svg("text", {
      class: `edge-word ${tone}`,
      "text-anchor": size.down ? "start" : "middle",
      x: middle.x,
      y: middle.y,
    });
    if (isLabelled) labels.append(text);
    return {
      say: words(text),
      x: attribute(text, "x"),
      y: attribute(text, "y"),
      said: "",
    };
  };
  const said = [label(""), label("warm"), label("bad")];
  const set = {
    width: attribute(base, "stroke-width"),
    idle: marker(base, "idle"),
    cut: marker(base, "cut"),
    again: attribute(again, "stroke-width"),
    offset: attribute(again, "stroke-dashoffset"),
    display: style(again, "display"),
  };
  let aside = -1;
  const id = `${edge.from} -> ${edge.to}`;
  const wide = (n) =>
    n <= 0
      ? 0
      : Math.max(1.25, fine(WIDEST * Math.sqrt(Math.min(1, n / read.busiest))));
  return (instant, hits, says) => {
    const { first, again: retries, share } = read.edge(at, instant);
    const [a, b] = [wide(first), wide(retries)];
    set.width(Math.max(a, 1));
    set.idle(a === 0);
    set.cut(hits.has(id));
    set.display(b === 0 ? "none" : "");
    if (b > 0) {
      set.again(b);
      if (aside !== a + b) {
        aside = a + b;
        again.setAttribute("d", path(beside(line, aside / 2 + 1.5)));
      }
      set.offset(-Math.round(read.phase(instant) % 16));
    }
    if (!says || !isLabelled) return;
    const [text, more, none] = said;
    text.said = first > 0 ? read.rate(first) : "";
    more.said = retries > 0 ? `+ ${read.rate(retries)} again` : "";
    none.said = share >= 0.005 ? `✗ ${percent(share)}` : "";
    for (const word of said) word.say(word.said);
    if (size.down) {
      // In a drawing that runs down, words stand to the right of their line, where that has not been yet.
      const bends = line[line.length - 1].x < line[0].x - 1;
      said
        .filter((word) => word.said)
        .forEach((word, row) => {
          word.x(middle.x + a / 2 + 10);
          word.y(middle.y + (bends ? 16 : -8) + 15 * row);
        });
      return;
    }
    const below = middle.y + a / 2 + b + clear;
    text.y(middle.y - 8 - a / 2 - clear);
    more.y(below + 15);
    none.y(below + (retries > 0 ? 31 : 15));
  };
}

function patterns(id) {
  return svg(
    "defs",
    {},
    svg(
      "pattern",
      {
        id: `hatch-${id}`,
        width: 7,
        height: 7,
        patternUnits: "userSpaceOnUse",
        patternTransform: "rotate(45)",
      },
      svg("rect", { width: 7, height: 7, class: "hatch-ground" }),
      svg("line", { x1: 0, y1: 0, x2: 0, y2: 7, class: "hatch-line" }),
    ),
  );
}

function clientNode(group, node, size, read) {
  const { width, height } = size;
  const top = size.crowded ? 20 : 25;
  const gap = size.crowded ? 15 : 18;
  group.append(
    svg("rect", { class: "body", width, height, rx: height / 2 }),
    svg(
      "text",
      { class: "name", x: width / 2, y: top, "text-anchor": "middle" },
      shortened(node.name, size),
    ),
  );
  const came = svg("text", {
    class: "fact",
    x: width / 2,
    y: top + gap,
    "text-anchor": "middle",
  });
  const lost = svg("text", {
    class: "fact bad",
    x: width / 2,
    y: top + 2 * gap - 1,
    "text-anchor": "middle",
  });
  group.append(came, lost, svg("title", {}, node.name));
  const [sayCame, sayLost] = [words(came), words(lost)];
  return (at, _hits, says) => {
    if (!says) return;
    const now = read.client(node.id, at);
    sayCame(
      now.arrived > 0 ? `${read.rate(now.arrived)} come` : "nobody comes",
    );
    sayLost(now.lost > 0 ? `✗ ${percent(now.lost)} lost` : "");
  };
}

function serviceNode(group, node, size, read, id) {
  const { width, height } = size;
  const left = 20;
  const top = size.crowded ? 19 : 23;
  const gap = size.crowded ? 14 : 18;
  const fill = svg("path", { class: "fill" });
  const hatch = svg("rect", {
    class: "hatched",
    x: left,
    width: width - left,
    height,
    rx: 4,
    fill: `url(#hatch-${id})`,
  });
  const notch = svg("path", {
    class: "notch",
    d: `M${width - 16} -1 H${width + 1} V16 Z`,
  });
  const slot = (height - 2) / SLOTS;
  const slots = (from, to) =>
    Array.from({ length: to - from }, (_, at) => {
      const y = height - (from + at + 1) * slot;
      return `M2 ${y.toFixed(1)}h13v${(slot - 1.6).toFixed(1)}h-13z`;
    }).join("");
  const free = svg("path", { class: "slot", d: slots(0, SLOTS) });
  const taken = svg("path", { class: "slot taken" });
  const shapes = Array.from({ length: SLOTS + 1 }, (_, at) => slots(0, at));
  const busy = svg("text", { class: "fact", x: left + 10, y: top + gap });
  const waiting = svg("text", {
    class: "fact",
    x: left + 10,
    y: top + 2 * gap,
  });
  const few = node.replicas <= 5;
  const pips = few
    ? Array.from({ length: node.replicas }, (_, at) =>
        svg("circle", {
          class: "pip",
          cx: width - 11 - 10 * at,
          cy: top - 4,
          r: 3.2,
        }),
      )
    : [];
  const ready = svg("text", {
    class: "fact",
    x: width - 8,
    y: top,
    "text-anchor": "end",
  });
  const room = few ? 12 * node.replicas : 42;
  group.append(
    ...(node.room === 0 ? [] : [free, taken]),
    svg("rect", { class: "body", x: left, width: width - left, height, rx: 4 }),
    fill,
    hatch,
    svg("rect", {
      class: "frame",
      x: left,
      width: width - left,
      height,
      rx: 4,
    }),
    notch,
    svg(
      "text",
      { class: "name", x: left + 10, y: top },
      shortened(node.name, { ...size, width: width - left - room }),
    ),
    busy,
    waiting,
    ...pips,
    ready,
    svg("title", {}, node.name),
  );
  const set = {
    fill: attribute(fill, "d"),
    full: marker(fill, "full"),
    taken: attribute(taken, "d"),
    busy: words(busy),
    waiting: words(waiting),
    ready: words(ready),
    down: pips.map((pip) => marker(pip, "down")),
    gone: pips.map((pip) => marker(pip, "gone")),
    failed: marker(group, "failed"),
    degraded: marker(group, "degraded"),
  };
  return (at, hits, says) => {
    const now = read.service(node.id, at);
    const replicas = now.replicas ?? node.replicas;
    const share = now.utilisation ?? 0;
    set.fill(filling(left, width, height, fine(height * Math.min(1, share))));
    set.full(share >= 0.95);
    // A queue is measured against its room; where that is unlimited, against the longest line of the day.
    const part = now.queue / (node.room || read.longest);
    const filled =
      now.queue < 0.05
        ? 0
        : Math.max(1, Math.min(SLOTS, Math.round(part * SLOTS)));
    set.taken(shapes[filled]);
    const up = Math.round(now.ready);
    // A dot each, as long as there are as many as were drawn.
    const isCounted = !few || replicas !== node.replicas;
    set.down.forEach((mark, index) => mark(index >= up));
    for (const mark of set.gone) mark(isCounted);
    const hit = hits.get(node.id);
    const isFailed = hit === true || (replicas > 0 && up === 0);
    set.failed(isFailed);
    set.degraded(!isFailed && (hit === false || up < replicas));
    if (!says) return;
    set.ready(isCounted ? `${up} of ${replicas}` : "");
    set.busy(
      now.utilisation === null
        ? `${read.rate(now.arrived)} asked`
        : `${percent(Number(share.toFixed(3)))} busy`,
    );
    set.waiting(
      now.queue < 0.05 ? "" : `${waits(now.queue, size.crowded)} waiting`,
    );
  };
}

/** What fills a frame with round corners from the bottom, so high. */
function filling(left, right, height, high) {
  if (high === 0) return "";
  const r = Math.min(4, high);
  const top = height - high;
  // Only where it reaches the frame's upper corners is it round there too.
  const t = Math.max(0, 4 - top);
  return (
    `M${left} ${top + t}a${t} ${t} 0 0 1 ${t} ${-t}H${right - t}a${t} ${t} 0 0 1 ${t} ${t}` +
    `V${height - r}a${r} ${r} 0 0 1 ${-r} ${r}H${left + r}a${r} ${r} 0 0 1 ${-r} ${-r}Z`
  );
}

/** A pipe that lies between who sends and who handles: it fills with what is not done with. */
function topicNode(group, node, size, read, id) {
  const { width, height } = size;
  const top = size.crowded ? 19 : 23;
  const gap = size.crowded ? 14 : 18;
  const clip = `clip-${id}-${node.id.replace(/\W/g, "-")}`;
  const bend = 9;
  // Its ends are round, as those of a pipe are: the far one is seen whole.
  const round = `M${bend} 0 H${width - bend} A${bend} ${height / 2} 0 0 1 ${width - bend} ${height} H${bend} A${bend} ${height / 2} 0 0 1 ${bend} 0 Z`;
  const fill = svg("rect", { class: "fill", x: 0, width, height: 0 });
  const line = (at) =>
    svg("text", {
      class: "fact",
      x: width / 2 - bend / 2,
      y: top + at * gap,
      "text-anchor": "middle",
    });
  const [inside, oldest] = [line(1), line(2)];
  group.append(
    svg("defs", {}, svg("clipPath", { id: clip }, svg("path", { d: round }))),
    svg("path", { class: "body", d: round }),
    svg("g", { "clip-path": `url(#${clip})` }, fill),
    svg("path", { class: "frame", d: round }),
    svg("path", {
      class: "frame",
      d: `M${width - bend} 0 A${bend} ${height / 2} 0 0 0 ${width - bend} ${height}`,
    }),
    svg(
      "text",
      {
        class: "name",
        x: width / 2 - bend / 2,
        y: top,
        "text-anchor": "middle",
      },
      shortened(node.name, { ...size, width: width - 2 * bend }),
    ),
    inside,
    oldest,
    svg("title", {}, node.name),
  );
  const set = {
    y: attribute(fill, "y"),
    height: attribute(fill, "height"),
    full: marker(fill, "full"),
    inside: words(inside),
    oldest: words(oldest),
  };
  return (at, _hits, says) => {
    const now = read.topic(node.id, at);
    // Of its room, unless that is so large that nothing would be seen: then of the most of the day.
    const isTight = node.room !== null && node.room <= 4 * now.most;
    const room = isTight ? node.room : now.most;
    const full = fine(
      height * (room > 0 ? Math.min(1, now.backlog / room) : 0),
    );
    set.y(height - full);
    set.height(full);
    set.full(node.room !== null && now.backlog >= 0.95 * node.room);
    if (!says) return;
    set.inside(
      now.backlog < 0.05
        ? "empty"
        : `${waits(now.backlog, size.crowded)} to do`,
    );
    set.oldest(
      now.backlog < 0.05 || now.age < 1 ? "" : `oldest ${seconds(now.age)}`,
    );
  };
}

const NODES = { client: clientNode, service: serviceNode, topic: topicNode };

/** A mean of few is rather no number at all. */
function waits(queue, isCrowded) {
  if (queue < 0.95) return isCrowded ? "< 1" : "less than 1";
  return queue < 10 ? queue.toFixed(1) : plain(Math.round(queue));
}

function shortened(name, size) {
  const most = Math.floor((size.width - 16) / (size.crowded ? 6.8 : 7.4));
  return name.length <= most
    ? name
    : `${name.slice(0, Math.max(1, most - 1))}…`;
}

/** What the signs of the drawing mean, in one line. */
export function keyLine(hasTopics) {
  const item = (kind, text) =>
    el(
      "li",
      {},
      el("i", { class: `swatch ${kind}`, "aria-hidden": "true" }),
      text,
    );
  return el(
    "ul",
    { class: "key-line" },
    item("busy", "how busy"),
    item("waiting", "waiting in front"),
    hasTopics && item("topic", "messages to do"),
    item("first", "calls"),
    item("again", "asked again"),
    el("li", {}, "✗ without an answer"),
    item("failed", "failed"),
    item("degraded", "degraded"),
  );
}
