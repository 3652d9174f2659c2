// Curves that grow: one chart of the time line, of one arm or of both in the same frame.

import uPlot from "uplot";
import {
  DASHES,
  endLabels,
  faint,
  FONT,
  gutters,
  linearScale,
  logScale,
  lonely,
  markBands,
  short,
} from "../chart.js";
import { el } from "../dom.js";
import { onLayout } from "../paper.js";
import { colour, onColours } from "../theme.js";
import { style, words } from "../touch.js";

/**
 * @typedef {object} Curve
 * @property {string} label
 * @property {string} colour
 * @property {"dashed" | "dotted"} [dash]
 * @property {boolean} [filled]
 */

/**
 * @param {object} what
 * @param {string} what.title
 * @param {number} what.height px
 * @param {boolean} [what.log] a time: logarithmic, with a place for never
 * @param {boolean} [what.axis] with the labels of the time axis
 */
export function curves(what) {
  const note = el("span", { class: "note" });
  const readout = el("span", { class: "readout" });
  const holder = el("div", { class: "plot" });
  const now = el("div", { class: "now" });
  const figure = el(
    "figure",
    { class: "chart", "data-title": what.title },
    el("figcaption", {}, el("b", {}, what.title), note, readout),
    holder,
  );
  const sayNote = words(note);
  const sayReadout = words(readout);
  const place = style(now, "transform");

  /** What is drawn: the curves, their values, and the axis. */
  let drawn = null;
  let scale = linearScale(0);
  let u = null;
  let shape = "";

  const bands = (u) => markBands(u, drawn.marks, drawn.span);

  const labels = (u) => {
    const { ctx, bbox } = u;
    const ratio = devicePixelRatio;
    const ends = [];
    ctx.save();
    for (const limit of drawn.limits) {
      const y = u.valToPos(limit.value, "y", true);
      ctx.strokeStyle = colour("kept");
      ctx.lineWidth = 1.5 * ratio;
      ctx.setLineDash([8 * ratio, 4 * ratio]);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
      ends.push({ text: limit.label, colour: "kept", y });
    }
    drawn.curves.forEach((one, at) => {
      const column = u.data[at + 1];
      const last = column.findLast((value) => value !== null) ?? scale.min;
      ends.push({
        text: one.label,
        colour: one.colour,
        y: u.valToPos(last, "y", true),
      });
    });
    endLabels(u, ends);
    ctx.restore();
  };

  function options(width) {
    const { left, right } = gutters(width);
    const axis = {
      stroke: () => colour("quiet"),
      grid: { stroke: () => faint("line", 0.7), width: 1 },
      ticks: { show: false },
      font: FONT,
    };
    return {
      width,
      height: what.height + (what.axis ? 28 : 0),
      padding: [10, right, what.axis ? 0 : 6, 0],
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        sync: { key: "live" },
        points: { size: 7, width: 2 },
      },
      scales: {
        x: { time: false, range: () => [0, drawn.span] },
        y: {
          distr: what.log ? 3 : 1,
          log: 10,
          range: () => [scale.min, scale.max],
        },
      },
      axes: [
        {
          ...axis,
          size: what.axis ? 28 : 0,
          splits: () => drawn.clock.ticks(width - left - right),
          values: (_, all) =>
            all.map((at) => (what.axis ? drawn.clock.label(at) : "")),
        },
        {
          ...axis,
          size: left,
          gap: 6,
          splits: () => scale.splits,
          filter: (_, all) => all,
          values: (_, all) =>
            all.map((value) =>
              value === scale.never ? "never" : short(drawn.format(value)),
            ),
        },
      ],
      series: [
        {},
        ...drawn.curves.map((one) => ({
          stroke: () => colour(one.colour),
          fill: one.filled ? () => faint(one.colour, 0.14) : undefined,
          width: 1.75,
          dash: DASHES[one.dash],
          points: { show: true, size: 3, filter: lonely },
        })),
      ],
      hooks: { drawClear: [bands], draw: [labels], setCursor: [() => say()] },
    };
  }

  const said = (value) =>
    value === null || value === undefined
      ? "–"
      : value === Infinity
        ? "never"
        : drawn.format(value);
  function say() {
    if (!drawn || drawn.xs.length === 0) return;
    const at = u?.cursor.idx ?? drawn.xs.length - 1;
    const parts = drawn.curves.map(
      (one, index) => `${one.label} ${said(drawn.values[index][at])}`,
    );
    sayReadout(
      `${drawn.clock.moment(drawn.xs[at], true)}  ${parts.join(" · ")}`,
    );
  }

  function data() {
    const finite = drawn.values.flatMap((list) =>
      list.filter((value) => value !== null && Number.isFinite(value)),
    );
    const hasNever = drawn.values.some((list) => list.includes(Infinity));
    const top = Math.max(
      0,
      ...drawn.limits.map((limit) => limit.value),
      finite.reduce((a, b) => Math.max(a, b), 0),
    );
    scale = what.log
      ? logScale(finite, drawn.limits, top, hasNever)
      : linearScale(top);
    scale.splits = apart(scale, what.log ? what.height - 14 : Infinity);
    return [
      drawn.xs,
      ...drawn.values.map((list) =>
        list.map((value) =>
          value === Infinity
            ? scale.never
            : value === null
              ? null
              : Math.max(value, scale.min),
        ),
      ),
    ];
  }

  function build() {
    const width = holder.clientWidth;
    if (width === 0 || drawn === null) return;
    u?.destroy();
    u = new uPlot(options(width), data(), holder);
    u.over.append(now);
    moveTo(drawn.t);
  }

  function moveTo(t) {
    if (!u || !drawn) return;
    drawn.t = t;
    const x = (t / drawn.span) * (u.bbox.width / devicePixelRatio);
    place(`translateX(${Math.round(2 * x) / 2}px)`);
  }

  onLayout(build);
  onColours(() => u?.redraw(false));
  return {
    figure,
    /**
     * @param {object} next
     * @param {Curve[]} next.curves
     * @param {number[]} next.xs s from where the axis begins
     * @param {(number | null)[][]} next.values one list for each curve; infinite is never
     * @param {number} next.span of the axis, s
     * @param {ReturnType<import("../clock.js").clockOf>} next.clock of the axis
     * @param {object[]} next.marks
     * @param {{ value: number, label: string }[]} next.limits
     * @param {(value: number) => string} next.format
     * @param {string} next.note
     */
    draw: (next) => {
      drawn = { t: 0, ...drawn, ...next };
      sayNote(` ${next.note}`);
      // Where there is little room it is cut.
      note.title = next.note;
      const wanted = JSON.stringify(next.curves);
      if (wanted !== shape || u === null) {
        shape = wanted;
        build();
      } else u.setData(data());
      say();
    },
    moveTo,
  };
}

/** Labels of a logarithmic axis that are not on top of each other; the ends stay. */
function apart({ splits, min, max }, height) {
  if (!Number.isFinite(height)) return splits;
  const y = (value) => (Math.log(value / min) / Math.log(max / min)) * height;
  let last = -Infinity;
  const highest = y(splits[splits.length - 1]);
  return splits.filter((value, at) => {
    const isLast = at === splits.length - 1;
    if (!isLast && (y(value) - last < 14 || highest - y(value) < 14))
      return false;
    last = y(value);
    return true;
  });
}
