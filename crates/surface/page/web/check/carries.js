// How much more is carried: the share of days that break a promise, against demand.

import { choice, el, folded, rich, section, svg, table } from "../dom.js";
import { onLayout } from "../paper.js";
import { rateUnit, significant } from "../quantity.js";

const HEIGHT = 220;
const TOP = 34;
const FOOT = 40;

/** Round factors for an axis. */
function ticksOf(low, high, most) {
  const span = high - low;
  const step =
    [0.02, 0.05, 0.1, 0.2, 0.25, 0.5, 1, 2, 5].find(
      (one) => span / one <= most,
    ) ?? span / most;
  const all = [];
  for (
    let at = Math.ceil(low / step - 1e-9) * step;
    at <= high + 1e-9;
    at += step
  )
    all.push(Number(at.toPrecision(6)));
  return all;
}

/** The share that breaks at each factor that was tested, with its interval. */
function curve(brink) {
  const holder = el("div", { class: "brink" });
  const { points } = brink;
  const isHidden = brink.kind === "hidden-capacity";
  const build = () => {
    const width = holder.clientWidth;
    if (width === 0) return;
    const narrow = width < 560;
    const [left, right] = [46, narrow ? 12 : 24];
    const factors = [
      1,
      brink.low || points[0]?.factor,
      brink.high,
      ...points.map((point) => point.factor),
    ].filter((value) => value > 0);
    const [least, most] = [Math.min(...factors), Math.max(...factors)];
    const room = Math.max(0.05, (most - least) * 0.06);
    const [low, high] = [Math.max(0, least - room), most + room];
    const x = (factor) =>
      left + ((factor - low) / (high - low)) * (width - left - right);
    const y = (share) => TOP + (1 - share) * (HEIGHT - TOP - FOOT);
    const ticks = ticksOf(low, high, Math.max(3, (width - left) / 80)).filter(
      (factor) => x(factor) > left + 14 && x(factor) < width - 22,
    );
    const unit = rateUnit(brink.perSecond ?? 1);
    const ground = y(0);
    const band =
      points.length > 1 &&
      svg("path", {
        class: "band",
        d: `M${points.map((p) => `${x(p.factor)} ${y(p.high)}`).join("L")}L${[
          ...points,
        ]
          .reverse()
          .map((p) => `${x(p.factor)} ${y(p.low)}`)
          .join("L")}Z`,
      });
    const line =
      points.length > 1 &&
      svg("path", {
        class: "line",
        d: `M${points.map((p) => `${x(p.factor)} ${y(p.share)}`).join("L")}`,
      });
    const edge = brink.high === null ? width - right : x(brink.high);
    const from = Math.max(left, x(Math.max(low, brink.low)));
    const label = isHidden ? "heals up to here" : "break point";
    const middle = brink.factor === null ? edge : x(brink.factor);
    const image = svg(
      "svg",
      {
        class: "brink-chart",
        width,
        height: HEIGHT,
        viewBox: `0 0 ${width} ${HEIGHT}`,
        role: "img",
        "aria-label": `Share of days that break ${brink.promise} against demand; ${brink.words}. The numbers are in the table below.`,
      },
      svg("rect", {
        class: "where",
        x: from,
        y: TOP,
        width: Math.max(2, edge - from),
        height: ground - TOP,
      }),
      ...[0, 0.5, 1].flatMap((share) => [
        svg("line", {
          class: "grid",
          x1: left,
          x2: width - right,
          y1: y(share),
          y2: y(share),
        }),
        svg(
          "text",
          {
            class: "quiet-word",
            x: left - 6,
            y: y(share) + 4,
            "text-anchor": "end",
          },
          `${100 * share} %`,
        ),
      ]),
      ...ticks
        .flatMap((factor) => [
          svg(
            "text",
            {
              class: "quiet-word",
              x: x(factor),
              y: ground + 16,
              "text-anchor": "middle",
            },
            `${factor}x`,
          ),
          brink.perSecond !== null &&
            svg(
              "text",
              {
                class: "quiet-word",
                x: x(factor),
                y: ground + 32,
                "text-anchor": "middle",
              },
              unit.of(factor * brink.perSecond),
            ),
        ])
        .filter(Boolean),
      svg("line", {
        class: "risk",
        x1: left,
        x2: width - right,
        y1: y(brink.atRisk),
        y2: y(brink.atRisk),
      }),
      svg(
        "text",
        {
          class: "risk-word",
          x: width - right,
          y: y(brink.atRisk) - 5,
          "text-anchor": "end",
        },
        `${brink.atRiskWords} may break`,
      ),
      svg("line", {
        class: "today",
        x1: x(1),
        x2: x(1),
        y1: TOP - 6,
        y2: ground,
      }),
      svg(
        "text",
        {
          class: "today-word",
          x: x(1),
          y: 11,
          "text-anchor":
            x(1) > width - 60 ? "end" : x(1) < left + 40 ? "start" : "middle",
        },
        "today’s peak",
      ),
      band,
      line,
      ...points.flatMap((p) => [
        svg("line", {
          class: "whisker",
          x1: x(p.factor),
          x2: x(p.factor),
          y1: y(p.high),
          y2: y(p.low),
        }),
        svg("circle", {
          class: "dot",
          cx: x(p.factor),
          cy: y(p.share),
          r: 3.5,
        }),
      ]),
      brink.factor !== null &&
        svg("path", {
          class: "here",
          d: `M${middle} ${TOP + 8}l6 -8h-12Z`,
        }),
      svg(
        "text",
        {
          class: "where-word",
          x: (from + edge) / 2,
          y: 27,
          "text-anchor":
            (from + edge) / 2 > width - 60
              ? "end"
              : (from + edge) / 2 < 70
                ? "start"
                : "middle",
        },
        label,
      ),
    );
    holder.replaceChildren(image);
  };
  onLayout(build);
  return { node: holder, build };
}

function numbers(brink) {
  return folded("The numbers behind the curve", () =>
    table(
      `Factors of demand tried for ${brink.promise}`,
      ["demand", "visits", "days", "of these", "share, 95 %"],
      brink.points.map((point) => [
        `${significant(point.factor)}x`,
        brink.perSecond === null
          ? "–"
          : rateUnit(brink.perSecond).of(point.factor * brink.perSecond),
        String(point.days),
        String(point.broken),
        point.words,
      ]),
      "numbers",
    ),
  );
}

/** The same with one thing striking at the busiest moment. */
function withFaults(brink) {
  return table(
    `Break point of ${brink.promise} with one thing that strikes`,
    ["and at the busiest moment strikes", "break point"],
    brink.with.map(([name, words]) => [el("code", {}, name), words]),
    "versus",
  );
}

/** One kind of curve, of the promise that is chosen. */
function chosen(title, said, brinks) {
  const holder = el("div", {});
  let built = null;
  const show = (name) => {
    const brink = brinks.find((one) => one.promise === name);
    built = curve(brink);
    holder.replaceChildren(
      el(
        "p",
        { class: "carried" },
        el("b", {}, brink.words),
        el("span", { class: "quiet-text" }, ` ${said(brink)}`),
      ),
      ...brink.again.map((text) => el("p", {}, text)),
      built.node,
      ...(brink.with.length > 0 ? [withFaults(brink)] : []),
      numbers(brink),
    );
    if (holder.isConnected) built.build();
  };
  show(brinks[0].promise);
  const node = el(
    "div",
    { class: "curve-of" },
    el("h3", {}, title),
    brinks.length > 1 &&
      choice(
        title,
        brinks.map((one) => ({
          value: one.promise,
          text: `\`${one.promise}\``,
        })),
        brinks[0].promise,
        show,
      ),
    holder,
  );
  return { node, build: () => built?.build() };
}

export function carriesSection(island) {
  const of = (kind) => island.brinks.filter((one) => one.kind === kind);
  const parts = [
    of("break-point").length > 0 &&
      chosen(
        "Break point",
        (brink) =>
          `on ${brink.on}; at most ${brink.atRiskWords} of normal days may break ${brink.promise}`,
        of("break-point"),
      ),
    of("hidden-capacity").length > 0 &&
      chosen("Hidden capacity", (brink) => brink.on, of("hidden-capacity")),
  ].filter(Boolean);
  if (parts.length === 0) return null;
  const node = section(
    "carries",
    "How much more it carries",
    el(
      "span",
      {},
      ...rich(
        "The share of fresh days that break a promise, at factors of today’s demand; whiskers are intervals of 95 %, the shaded stretch is where the edge lies, and the dashed line is the share that may break.",
      ),
    ),
    ...parts.map((part) => part.node),
  );
  return {
    nodes: [node],
    build: () => {
      for (const part of parts) part.build();
    },
  };
}
