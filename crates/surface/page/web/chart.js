// One chart of the day: lines labelled at their end, faults as bands behind them, a promise as a line across, and the
// instant that the page shows. All charts of the day share their time axis and their cursor.

import uPlot from "uplot";
import { el } from "./dom.js";
import { isBand, kindOf, until } from "./marks.js";
import { onLayout } from "./paper.js";
import { colour, onColours } from "./theme.js";

/** Room for the axis on the left and for the labels at the lines' ends, px; less on a small screen. */
export function gutters(width) {
  return width < 560 ? { left: 50, right: 66 } : { left: 60, right: 92 };
}

/** @param {string} name @param {number} alpha */
export function faint(name, alpha) {
  const hex = colour(name);
  const digit = (at) => parseInt(hex.slice(at, at + 2), 16);
  return `rgba(${digit(1)}, ${digit(3)}, ${digit(5)}, ${alpha})`;
}

/** What happened, behind the curves: what lasts as a band, the rest as a line. */
export function markBands(u, marks, length) {
  const { ctx, bbox } = u;
  ctx.save();
  for (const mark of marks) {
    const kind = kindOf(mark).colour;
    const x = u.valToPos(Math.max(0, mark.from), "x", true);
    if (isBand(mark)) {
      const right = u.valToPos(until(mark, length), "x", true);
      ctx.fillStyle = faint(kind, 0.1);
      ctx.fillRect(x, bbox.top, Math.max(2, right - x), bbox.height);
    }
    ctx.strokeStyle = faint(kind, isBand(mark) ? 0.45 : 0.9);
    ctx.lineWidth = 2;
    ctx.setLineDash(isBand(mark) ? [] : [4, 4]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  }
  ctx.restore();
}

export const FONT = "12px system-ui, -apple-system, 'Segoe UI', sans-serif";
export const DASHES = { dashed: [6, 4], dotted: [2, 3] };

/**
 * @typedef {object} Line
 * @property {string} label stands at the line's end
 * @property {(number | null)[]} values infinite is never
 * @property {string} colour name of a colour
 * @property {"dashed" | "dotted"} [dash]
 * @property {boolean} [filled]
 */

/**
 * @param {object} what
 * @param {string} what.title
 * @param {string} what.note what the lines mean, in a few words
 * @param {Line[]} what.lines
 * @param {number[]} what.xs middle of each window, s
 * @param {number} what.length of the day, s
 * @param {number} what.height px
 * @param {(value: number) => string} what.format
 * @param {{ per: number }} [what.unit] of a rate: the values are so many times those per second
 * @param {boolean} [what.counted] the values are counts of a window, not rates
 * @param {number} [what.together] so many measured windows are one
 * @param {boolean} [what.log] a time: logarithmic, with a place for never
 * @param {object[]} what.marks
 * @param {{ value: number, label: string }[]} [what.limits]
 * @param {boolean} [what.axis] with the labels of the time axis
 * @param {ReturnType<import("./clock.js").clockOf>} what.clock
 * @param {ReturnType<import("./now.js").createNow>} what.now
 */
export function chart(what) {
  const { lines, xs, length, marks, clock, now, format } = what;
  const limits = what.limits ?? [];
  const finite = lines.flatMap((line) =>
    line.values.filter((value) => value !== null && Number.isFinite(value)),
  );
  const hasNever = lines.some((line) => line.values.includes(Infinity));
  const top = Math.max(0, ...finite, ...limits.map((limit) => limit.value));
  const scale = what.log
    ? logScale(finite, limits, top, hasNever)
    : linearScale(top);
  const data = [
    xs,
    ...lines.map((line) =>
      line.values.map((value) =>
        value === Infinity
          ? scale.never
          : value === null
            ? null
            : Math.max(value, scale.min),
      ),
    ),
  ];

  const readout = el("span", { class: "readout" });
  const holder = el("div", { class: "plot" });
  const figure = el(
    "figure",
    {
      class: "chart",
      "data-max": lines
        .map((line) => Math.max(0, ...line.values.filter(Number.isFinite)))
        .join(" "),
      "data-title": what.title,
      "data-per": what.unit?.per ?? 1,
      "data-counted": what.counted ? "" : null,
      "data-together": what.together ?? 1,
    },
    el(
      "figcaption",
      {},
      el("b", {}, what.title),
      el("span", { class: "note" }, ` ${what.note}`),
      readout,
    ),
    holder,
  );

  const said = (value) =>
    value === null || value === undefined
      ? "–"
      : value === Infinity
        ? "never"
        : format(value);
  const say = (index) => {
    const parts = lines.flatMap((line, at) => [
      at > 0 ? " · " : "",
      el(
        "span",
        { class: "key", style: `--key: var(--${line.colour})` },
        line.label,
      ),
      ` ${said(line.values[index])}`,
    ]);
    readout.replaceChildren(clock.moment(xs[index], true), "  ", ...parts);
  };
  const indexAt = (at) => {
    const step = xs.length > 1 ? xs[1] - xs[0] : length;
    return Math.min(xs.length - 1, Math.max(0, Math.floor(at / step)));
  };

  const line = el("div", { class: "now" });
  const bands = (u) => markBands(u, marks, length);
  const labels = (u) => {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    const right = bbox.left + bbox.width;
    const narrow = u.width < 560;
    ctx.save();
    for (const limit of limits) {
      const y = u.valToPos(limit.value, "y", true);
      ctx.strokeStyle = colour("kept");
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([8 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(right, y);
      ctx.stroke();
    }
    const ends = lines.map((one, at) => {
      const drawn = data[at + 1];
      let last = drawn.length - 1;
      while (last > 0 && drawn[last] === null) last -= 1;
      const value = drawn[last];
      return {
        // `turned away` is `away` where there is little room.
        text:
          narrow && one.label.length > 8
            ? one.label.split(" ").pop()
            : one.label,
        colour: one.colour,
        y: u.valToPos(value ?? scale.min, "y", true),
      };
    });
    for (const limit of limits)
      ends.push({
        text: narrow ? limit.label.split(" ")[0] : limit.label,
        colour: "kept",
        y: u.valToPos(limit.value, "y", true),
      });
    endLabels(u, ends);
    ctx.restore();
  };

  let u = null;
  const build = () => {
    const width = holder.clientWidth;
    if (width === 0) return;
    const { left, right } = gutters(width);
    const axis = {
      stroke: () => colour("quiet"),
      grid: { stroke: () => faint("line", 0.7), width: 1 },
      ticks: { show: false },
      font: FONT,
    };
    const options = {
      width,
      height: what.height + (what.axis ? 28 : 0),
      padding: [8, right, what.axis ? 0 : 6, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: "day" },
        points: { size: 7, width: 2 },
      },
      scales: {
        x: { time: false, range: [0, length] },
        y: {
          distr: what.log ? 3 : 1,
          log: 10,
          range: [scale.min, scale.max],
        },
      },
      axes: [
        {
          ...axis,
          size: what.axis ? 28 : 0,
          splits: () => clock.ticks(width - left - right),
          values: (_, all) =>
            all.map((at) => (what.axis ? clock.label(at) : "")),
        },
        {
          ...axis,
          size: left,
          gap: 6,
          splits: () => scale.splits,
          filter: (_, all) => all,
          values: (_, all) =>
            all.map((value) =>
              value === scale.never ? "never" : short(format(value)),
            ),
        },
      ],
      series: [
        {},
        ...lines.map((one) => ({
          stroke: () => colour(one.colour),
          fill: one.filled ? () => faint(one.colour, 0.14) : undefined,
          width: 1.75,
          dash: DASHES[one.dash],
          points: { show: true, size: 3, filter: lonely },
        })),
      ],
      hooks: {
        drawClear: [bands],
        draw: [labels, place],
        setCursor: [(chart) => say(chart.cursor.idx ?? indexAt(now.at))],
      },
    };
    u?.destroy();
    u = new uPlot(options, data, holder);
    u.over.append(line);
    u.over.addEventListener("click", (event) =>
      now.set(Math.min(length, Math.max(0, u.posToVal(event.offsetX, "x")))),
    );
    place();
  };
  const place = () => {
    if (u) line.style.left = `${u.valToPos(now.at, "x")}px`;
  };
  now.follow((at) => {
    place();
    if (u?.cursor.idx === null || u === null || u.cursor.left < 0)
      say(indexAt(at));
  });
  onLayout(build);
  onColours(() => u?.redraw(false));
  return { figure, build };
}

/** Where a value stands alone between two gaps a line would not show it. */
export function lonely(chart, at) {
  const column = chart.data[at];
  const alone = [];
  for (let index = 0; index < column.length; index += 1) {
    const isGap = (other) =>
      column[other] === null || column[other] === undefined;
    if (!isGap(index) && isGap(index - 1) && isGap(index + 1))
      alone.push(index);
  }
  return alone;
}

/**
 * Words at the lines' ends, beside the chart.
 * @param {uPlot} u
 * @param {{ text: string, colour: string, y: number }[]} ends
 */
export function endLabels(u, ends) {
  const { bbox } = u;
  const ratio = devicePixelRatio;
  const right = bbox.left + bbox.width;
  u.ctx.font = FONT.replace("12px", `${12 * ratio}px`);
  u.ctx.textBaseline = "middle";
  u.ctx.textAlign = "left";
  // Labels that would overlap move apart, in their order.
  ends.sort((a, b) => a.y - b.y);
  const gap = 14 * ratio;
  const lowest = bbox.top + bbox.height - gap / 2;
  for (let at = 0; at < ends.length; at += 1) {
    const above = at > 0 ? ends[at - 1].y + gap : bbox.top + 4 * ratio;
    ends[at].y = Math.max(ends[at].y, above);
  }
  for (let at = ends.length - 1; at >= 0; at -= 1) {
    const below = at + 1 < ends.length ? ends[at + 1].y - gap : lowest;
    ends[at].y = Math.min(ends[at].y, below);
  }
  for (const end of ends) {
    u.ctx.fillStyle = colour(end.colour);
    u.ctx.fillText(end.text, right + 8 * ratio, end.y);
  }
}

/** `10 s` for `10.0 s` and `1.5M` for `1,500,000`: an axis has round values, and its unit above it. */
export function short(text) {
  const large = /^[\d,]+$/.test(text) ? Number(text.replaceAll(",", "")) : 0;
  if (large >= 1e6) return `${large / 1e6}M`;
  if (large >= 1e4) return `${large / 1e3}k`;
  return text
    .replace(/(\.\d*?)0+(?=\D|$)/, "$1")
    .replace(/\.(?=\D|$)/, "")
    .replace(/([mhd])00[smh]$/, "$1")
    .replace(/\/(s|min|h)$/, "");
}

export function linearScale(top) {
  if (top === 0) return { min: 0, max: 1, splits: [0, 1], never: Infinity };
  const step = niceStep(top / 3);
  const max = Math.ceil((top * 1.02) / step) * step;
  const splits = [];
  for (let value = 0; value <= max * 1.0001; value += step)
    splits.push(Number(value.toPrecision(12)));
  return { min: 0, max, splits, never: Infinity };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  const first = [1, 2, 5, 10].find((digit) => digit * power >= rough * 0.999);
  return first * power;
}

/** Lengths of time that stand on an axis: a decimal scale up to a minute, then as clocks count. */
export const ROUND = [
  ...Array.from({ length: 8 }, (_, at) =>
    [1, 2, 5].map((digit) => Number(`${digit}e${at - 6}`)),
  )
    .flat()
    .filter((value) => value < 60),
  ...[1, 2, 5, 10, 20, 30].map((minutes) => 60 * minutes),
  ...[1, 2, 5, 10].map((hours) => 3600 * hours),
  ...[1, 2, 5, 10, 20, 50, 100].map((days) => 86400 * days),
];
/** The few of them that stand there if there are many. */
const ROUNDER = ROUND.filter((value) =>
  value < 60
    ? /^1(e|0*$)|^0\.0*1$/.test(String(value))
    : [60, 600, 3600, 36000, 86400, 864000, 8640000].includes(value),
);

/** Round lengths of time; what never came stands above all of them. */
export function logScale(finite, limits, top, hasNever) {
  const positive = [...finite, ...limits.map((limit) => limit.value)].filter(
    (value) => value > 0,
  );
  const low = positive.length > 0 ? Math.min(...positive) : 0.1;
  const high = top > 0 ? top : 1;
  const from = Math.max(
    0,
    ROUND.findLastIndex((value) => value <= low),
  );
  let to = ROUND.findIndex((value) => value >= high * 1.05);
  if (to < 0) to = ROUND.length - 1;
  to = Math.min(ROUND.length - 1, Math.max(to, from + 2));
  const [min, max] = [ROUND[from], ROUND[to]];
  const never = max * (max / min) ** 0.16;
  const within = (list) =>
    list.filter((value) => value >= min && value <= max * 1.01);
  const few = within(ROUNDER);
  // Two that would touch, such as 50 s and one minute, are one: the rounder.
  const splits =
    few.length >= 3
      ? few
      : within(ROUND).filter(
          (value, at, all) =>
            at + 1 === all.length || all[at + 1] / value > (max / min) ** 0.08,
        );
  return {
    min,
    max: hasNever ? never * (max / min) ** 0.04 : max,
    splits: hasNever ? [...splits, never] : splits,
    never,
  };
}
