// The system as a drawing. A service fills from the bottom with utilisation, its queue stands in front of it, an edge is as
// wide as its rate, retries run beside it as a second, dashed strand; what failed is hatched, what is degraded has a notch.
// It moves only when time moves.

import {
  clientValues,
  largest,
  lengthOf,
  parts as partsOf,
  values,
  windowAt,
} from "./columns.js";
import { choice, el, folded, section, svg, table } from "./dom.js";
import { beside, layout, path } from "./layout.js";
import { onLayout } from "./paper.js";
import { percent, plain, rateUnit, seconds, significant } from "./quantity.js";

const SLOTS = 10;
const WIDEST = 11;

/** Looks up everything that the drawing shows of one run at an instant. */
function reader(run, length) {
  const { day, drawing } = run;
  const parts = partsOf(day, day.together);
  const services = new Map(
    day.services.map((row) => [
      `service ${row.name}`,
      {
        utilisation:
          row.utilisation === null ? null : values(row.utilisation, parts),
        queue: values(row.queue, parts),
        ready: values(row.ready, parts),
        arrived: values(row.arrived, parts),
        lost: values(row.lost, parts),
      },
    ]),
  );
  const clients = new Map(
    day.clients.map((row) => [
      `client ${row.name}`,
      {
        together: row.together,
        arrived: clientValues(day, row, row.arrived),
        answered: clientValues(day, row, row.answered),
        lost: [row.failed, row.shed, row.abandoned]
          .map((column) => clientValues(day, row, column))
          .reduce((a, b) => a.map((n, at) => n + b[at])),
      },
    ]),
  );
  const calls = new Map(
    day.calls.map((row) => [
      row.name,
      {
        attempts: values(row.attempts, parts),
        retries: values(row.retries, parts),
        ended: values(row.ended, parts),
        unanswered: values(row.unanswered, parts),
      },
    ]),
  );
  const topics = new Map(
    day.topics.map((row) => [
      `topic ${row.name}`,
      {
        sent: values(row.sent, parts),
        lost: values(row.lost, parts),
        backlog: values(row.backlog, parts),
        age: values(row.age, parts),
      },
    ]),
  );
  const edges = drawing.edges.map((edge) => {
    const rows = edge.calls.map((name) => calls.get(name)).filter(Boolean);
    const sum = (key) =>
      Array.from({ length: parts }, (_, at) =>
        rows.reduce((total, row) => total + row[key][at], 0),
      );
    return {
      attempts: sum("attempts"),
      retries: sum("retries"),
      ended: sum("ended"),
      unanswered: sum("unanswered"),
    };
  });
  const long = (part) => lengthOf(day, part, length, day.together);
  const busiest = Math.max(
    1e-9,
    ...edges.map((edge) =>
      largest(edge.attempts.map((n, part) => n / long(part))),
    ),
  );
  const longest = Math.max(
    1,
    ...[...services.values()].map((service) => largest(service.queue)),
  );
  return {
    busiest,
    longest,
    /** One unit for all rates of the drawing: they are there to be compared. */
    rate: rateUnit(busiest).of,
    active: (at) =>
      day.marks.filter(
        (mark) => mark.from <= at && at < (mark.until ?? Infinity),
      ),
    service: (id, at) => {
      const part = windowAt(day, at, day.together);
      const row = services.get(id);
      return {
        utilisation: row.utilisation ? row.utilisation[part] : null,
        queue: row.queue[part],
        ready: row.ready[part],
        arrived: row.arrived[part] / long(part),
        lost: row.lost[part] / long(part),
      };
    },
    client: (id, at) => {
      const row = clients.get(id);
      const window = windowAt(day, at, row.together);
      const lasts = lengthOf(day, window, length, row.together);
      const ended = row.answered[window] + row.lost[window];
      return {
        arrived: row.arrived[window] / lasts,
        lost: ended > 0 ? row.lost[window] / ended : 0,
        ended,
      };
    },
    topic: (id, at) => {
      const part = windowAt(day, at, day.together);
      const row = topics.get(id);
      return {
        backlog: row.backlog[part],
        // The fullest that it gets: where there is no bound, a measure of its own.
        most: largest(row.backlog),
        age: row.age[part],
        sent: row.sent[part] / long(part),
        lost: row.lost[part] / long(part),
      };
    },
    edge: (index, at) => {
      const part = windowAt(day, at, day.together);
      const { attempts, retries, ended, unanswered } = edges[index];
      return {
        first: (attempts[part] - retries[part]) / long(part),
        again: retries[part] / long(part),
        unanswered: unanswered[part] / long(part),
        share: ended[part] > 0 ? unanswered[part] / ended[part] : 0,
      };
    },
  };
}

/** A few words on the state of a run, for the slider's spoken value. */
export function teller(run, length) {
  const read = reader(run, length);
  return (at) => {
    const said = run.drawing.nodes
      .filter((node) => node.kind === "service")
      .map((node) => ({ node, now: read.service(node.id, at) }))
      .sort(
        (a, b) =>
          b.now.queue - a.now.queue ||
          (b.now.utilisation ?? 0) - (a.now.utilisation ?? 0),
      )
      .slice(0, 2)
      .map(({ node, now }) => {
        const busy =
          now.utilisation === null ? "" : `${percent(now.utilisation)} busy, `;
        return `${node.name} ${busy}${plain(Math.round(now.queue))} waiting`;
      });
    const active = read.active(at).map((mark) => mark.name);
    return [...active, ...said].join("; ");
  };
}

function shape(run, context, width) {
  const crowded = run.drawing.nodes.length > 16;
  const down = width < 560 && run.drawing.nodes.length <= 12;
  const size = {
    width: crowded ? 132 : 164,
    height: crowded ? 52 : 68,
    down,
    crowded,
  };
  return { size, placed: layout(run.drawing, size) };
}

/** The drawing of one run, and what moves it. */
function picture(run, context, width) {
  const { size, placed } = shape(run, context, width);
  const read = reader(run, context.length);
  const movers = [];
  const strands = svg("g", {});
  const words = svg("g", { class: "edge-words" });
  const labelled = run.drawing.edges.length <= 24;

  run.drawing.edges.forEach((edge, at) => {
    const line = placed.edges[at];
    const base = svg("path", { class: "strand", d: path(line) });
    const again = svg("path", { class: "strand again" });
    // Off the middle, towards the caller: edges that meet at a node have their words where they are still apart.
    const middle = line[Math.floor(line.length * 0.42)];
    const anchor = size.down ? "start" : "middle";
    const text = svg("text", {
      "text-anchor": anchor,
      class: "edge-word",
      x: middle.x,
      y: middle.y - 8,
    });
    const more = svg("text", {
      class: "edge-word warm",
      x: middle.x,
      "text-anchor": anchor,
    });
    const none = svg("text", {
      class: "edge-word bad",
      x: middle.x,
      "text-anchor": anchor,
    });
    strands.append(base, again);
    if (labelled) words.append(text, more, none);
    const id = `${edge.from} -> ${edge.to}`;
    movers.push((instant, hits) => {
      const { first, again: retries, share } = read.edge(at, instant);
      const wide = (n) =>
        n <= 0 ? 0 : Math.max(1.2, WIDEST * Math.sqrt(n / read.busiest));
      const [a, b] = [wide(first), wide(retries)];
      base.setAttribute("stroke-width", String(Math.max(a, 1)));
      base.classList.toggle("idle", a === 0);
      base.classList.toggle("cut", hits.has(id));
      again.setAttribute("stroke-width", String(b));
      if (b > 0) {
        again.setAttribute("d", path(beside(line, (a + b) / 2 + 1.5)));
        again.setAttribute(
          "stroke-dashoffset",
          String(-((instant / context.length) * 4000) % 16),
        );
      }
      again.toggleAttribute("hidden", b === 0);
      again.style.display = b === 0 ? "none" : "";
      text.textContent = first > 0 ? read.rate(first) : "";
      more.textContent = retries > 0 ? `+ ${read.rate(retries)} again` : "";
      none.textContent = share >= 0.005 ? `✗ ${percent(share)}` : "";
      if (size.down) return besideTheLine(middle, a, [text, more, none]);
      more.setAttribute("y", String(middle.y + 15 + a / 2 + b));
      none.setAttribute(
        "y",
        String(middle.y + (retries > 0 ? 31 : 15) + a / 2 + b),
      );
      text.setAttribute("y", String(middle.y - 8 - a / 2));
    });
  });

  const nodes = svg("g", {});
  for (const node of run.drawing.nodes) {
    const point = placed.nodes.get(node.id);
    const [x, y] = [point.x - size.width / 2, point.y - size.height / 2];
    const group = svg("g", {
      class: `node ${node.kind}`,
      transform: `translate(${x} ${y})`,
    });
    nodes.append(group);
    movers.push(NODES[node.kind](group, node, size, read));
  }
  const title = `drawing-${run.role}`;
  const image = svg(
    "svg",
    {
      viewBox: `0 0 ${placed.width} ${placed.height}`,
      role: "img",
      "aria-labelledby": title,
      class: "system",
    },
    svg(
      "title",
      { id: title },
      `The system ${run.title.replaceAll("`", "")}; its numbers at this instant are in the table below`,
    ),
    patterns(),
    strands,
    words,
    nodes,
  );
  // Small systems are not blown up, large ones scroll rather than shrink beyond reading.
  const most = run.drawing.nodes.length <= 4 ? 1.3 : 1.12;
  const scale = Math.max(0.72, Math.min(most, width / placed.width));
  image.style.width = `${placed.width * scale}px`;
  return {
    image,
    show: (at) => {
      const hits = new Map();
      for (const mark of read.active(at))
        for (const hit of mark.hits) hits.set(hit, hits.get(hit) || mark.fails);
      for (const move of movers) move(at, hits);
    },
  };
}

function patterns() {
  return svg(
    "defs",
    {},
    svg(
      "pattern",
      {
        id: "hatch",
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
  return (at) => {
    const now = read.client(node.id, at);
    came.textContent =
      now.arrived > 0 ? `${read.rate(now.arrived)} come` : "nobody comes";
    lost.textContent = now.lost > 0 ? `✗ ${percent(now.lost)} lost` : "";
  };
}

function serviceNode(group, node, size, read) {
  const { width, height } = size;
  const left = 20;
  const top = size.crowded ? 19 : 23;
  const gap = size.crowded ? 14 : 18;
  const clip = `clip-${node.id.replace(/\W/g, "-")}`;
  const fill = svg("rect", {
    class: "fill",
    x: left,
    width: width - left,
    height: 0,
  });
  const hatch = svg("rect", {
    class: "hatched",
    x: left,
    width: width - left,
    height,
    rx: 4,
    fill: "url(#hatch)",
  });
  const notch = svg("path", {
    class: "notch",
    d: `M${width - 16} -1 H${width + 1} V16 Z`,
  });
  const slot = (height - 2) / SLOTS;
  const slots = Array.from({ length: SLOTS }, (_, at) =>
    svg("rect", {
      class: "slot",
      x: 2,
      y: height - (at + 1) * slot,
      width: 13,
      height: slot - 1.6,
      rx: 1,
    }),
  );
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
    svg(
      "defs",
      {},
      svg(
        "clipPath",
        { id: clip },
        svg("rect", { x: left, width: width - left, height, rx: 4 }),
      ),
    ),
    ...slots,
    svg("rect", { class: "body", x: left, width: width - left, height, rx: 4 }),
    svg("g", { "clip-path": `url(#${clip})` }, fill),
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
    ...(few ? pips : [ready]),
    svg("title", {}, node.name),
  );
  return (at, hits) => {
    const now = read.service(node.id, at);
    const share = now.utilisation ?? 0;
    fill.setAttribute("y", String(height * (1 - share)));
    fill.setAttribute("height", String(height * share));
    fill.classList.toggle("full", share >= 0.95);
    busy.textContent =
      now.utilisation === null
        ? `${read.rate(now.arrived)} asked`
        : `${percent(Number(share.toFixed(3)))} busy`;
    // A queue is measured against its room; where that is unlimited, against the longest line of the day.
    const part = now.queue / (node.room ?? read.longest);
    const filled =
      now.queue < 0.05
        ? 0
        : Math.max(1, Math.min(SLOTS, Math.round(part * SLOTS)));
    slots.forEach((element, index) => {
      element.classList.toggle("taken", index < filled);
      element.classList.toggle("none", node.room === 0);
    });
    waiting.textContent = now.queue < 0.05 ? "" : `${waits(now.queue)} waiting`;
    const up = Math.round(now.ready);
    pips.forEach((pip, index) => pip.classList.toggle("down", index >= up));
    if (!few) ready.textContent = `${up} of ${node.replicas}`;
    const hit = hits.get(node.id);
    group.classList.toggle(
      "failed",
      hit === true || (node.replicas > 0 && up === 0),
    );
    group.classList.toggle(
      "degraded",
      hit === false || (up > 0 && up < node.replicas),
    );
  };
}

/** A pipe that lies between who sends and who handles: it fills with what is not done with. */
function topicNode(group, node, size, read) {
  const { width, height } = size;
  const top = size.crowded ? 19 : 23;
  const gap = size.crowded ? 14 : 18;
  const clip = `clip-${node.id.replace(/\W/g, "-")}`;
  const bend = 9;
  // Its ends are round, as those of a pipe are: the far one is seen whole.
  const round = `M${bend} 0 H${width - bend} A${bend} ${height / 2} 0 0 1 ${width - bend} ${height} H${bend} A${bend} ${height / 2} 0 0 1 ${bend} 0 Z`;
  const fill = svg("rect", { class: "fill", x: 0, width, height: 0 });
  const words = (at) =>
    svg("text", {
      class: "fact",
      x: width / 2 - bend / 2,
      y: top + at * gap,
      "text-anchor": "middle",
    });
  const [inside, oldest] = [words(1), words(2)];
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
  return (at) => {
    const now = read.topic(node.id, at);
    // Of its room, unless that is so large that nothing would be seen: then of the most of the day.
    const isTight = node.room !== null && node.room <= 4 * now.most;
    const room = isTight ? node.room : now.most;
    const share = room > 0 ? Math.min(1, now.backlog / room) : 0;
    fill.setAttribute("y", String(height * (1 - share)));
    fill.setAttribute("height", String(height * share));
    fill.classList.toggle(
      "full",
      node.room !== null && now.backlog >= 0.95 * node.room,
    );
    inside.textContent =
      now.backlog < 0.05 ? "empty" : `${waits(now.backlog)} to do`;
    oldest.textContent =
      now.backlog < 0.05 || now.age < 1 ? "" : `oldest ${seconds(now.age)}`;
  };
}

const NODES = { client: clientNode, service: serviceNode, topic: topicNode };

/** A mean of few is rather no number at all. */
function waits(queue) {
  if (queue < 0.95) return "less than 1";
  return queue < 10 ? queue.toFixed(1) : plain(Math.round(queue));
}

function shortened(name, size) {
  const most = Math.floor((size.width - 16) / (size.crowded ? 6.8 : 7.4));
  return name.length <= most
    ? name
    : `${name.slice(0, Math.max(1, most - 1))}…`;
}

/** The same as a table, at the instant that is shown. */
function numbers(run, context) {
  const read = reader(run, context.length);
  return folded("The drawing as a table, at this instant", () => {
    const holder = el("div", {});
    context.now.follow((at) => {
      if (!holder.closest("details")?.open && holder.isConnected) return;
      holder.replaceChildren(
        table(
          `The system at ${context.clock.moment(at, true)}`,
          ["service", "busy", "waiting", "ready", "asked", "lost"],
          run.drawing.nodes
            .filter((node) => node.kind === "service")
            .map((node) => {
              const now = read.service(node.id, at);
              return [
                node.name,
                now.utilisation === null ? "–" : percent(now.utilisation),
                significant(now.queue),
                `${significant(now.ready)} of ${node.replicas}`,
                read.rate(now.arrived),
                read.rate(now.lost),
              ];
            }),
          "numbers",
        ),
        topicsNow(run, read, at, context),
        table(
          `The calls at ${context.clock.moment(at, true)}`,
          ["from", "to", "first attempts", "retries", "unanswered"],
          run.drawing.edges.map((edge, index) => {
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
        ),
      );
    });
    return holder;
  });
}

/** The topics at an instant, if there are any. */
function topicsNow(run, read, at, context) {
  const nodes = run.drawing.nodes.filter((node) => node.kind === "topic");
  if (nodes.length === 0) return "";
  return table(
    `The topics at ${context.clock.moment(at, true)}`,
    ["topic", "not done with", "oldest", "sent", "lost"],
    nodes.map((node) => {
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
}

/** In a drawing that runs down, words stand to the right of their line. */
function besideTheLine(middle, wide, words) {
  words
    .filter((word) => word.textContent)
    .forEach((word, at) => {
      word.setAttribute("x", String(middle.x + wide / 2 + 10));
      word.setAttribute("y", String(middle.y - 8 + 15 * at));
    });
}

/** What the signs of the drawing mean, in one line. */
function key(hasTopics) {
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

/**
 * @param {object[]} runs
 * @param {object} context
 */
export function drawingSection(runs, context) {
  const holder = el("div", {
    class: "stage",
    tabindex: "0",
    role: "region",
    "aria-label": "The system, drawn",
  });
  const behind = el("div", { class: "behind" });
  const instant = el("span", { class: "instant" });
  context.now.follow((at) => {
    instant.textContent = `At ${context.clock.moment(at, true)}`;
  });
  let shown = runs[0];
  let show = () => {};
  const build = () => {
    if (holder.clientWidth === 0) return;
    // The stage has 12 px of its own on each side.
    const drawn = picture(shown, context, holder.clientWidth - 24);
    holder.replaceChildren(drawn.image);
    show = drawn.show;
    show(context.now.at);
  };
  const turn = (role) => {
    shown = runs.find((run) => run.role === role);
    behind.replaceChildren(numbers(shown, context));
    build();
  };
  behind.append(numbers(shown, context));
  context.now.follow((at) => show(at));
  onLayout(build);
  const node = section(
    "system",
    "The system",
    "From those who ask, on the left, to what they depend on. It shows the moment that the slider is at.",
    runs.length > 1 &&
      choice(
        "Which run is drawn",
        runs.map((run) => ({ value: run.role, text: run.title })),
        shown.role,
        turn,
      ),
    key(runs.some((run) => run.day.topics.length > 0)),
    instant,
    holder,
    behind,
  );
  return { node, build };
}
