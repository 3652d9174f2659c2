// Opens pages in headless Chromium and looks whether they keep what the report promises: the charts show the JSON's
// numbers, the slider moves the drawing, nothing is fetched, nothing fails, everybody can use it, and it prints.
//
// Run by a test of the command line, which makes the pages: node browser.mjs PACKAGES CHROMIUM FOLDER. Prints one line
// per page, and every failure; exit code 1 if there was one.

import { readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, chromiumPath, folder] = process.argv.slice(2);
const require = createRequire(join(packages, "package.json"));
const { chromium } = require("playwright-core");
const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");

const LARGEST = 2 * 1024 * 1024;
const failures = [];
let about = "";
function check(holds, what) {
  if (!holds) failures.push(`${about}: ${what}`);
}

// Without these a browser looks for its maker's hosts at every start.
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

/** A page that remembers what it should not have done. */
async function open(name, options) {
  const page = await browser.newPage(options);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()))
      failures.push(`${name}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => failures.push(`${name}: ${error.stack}`));
  page.on("request", (request) => {
    if (!/^(file|data|blob):/.test(request.url()))
      failures.push(`${name}: asked the network for ${request.url()}`);
  });
  await page.goto(`file://${join(folder, `${name}.html`)}`);
  await page.waitForSelector("html[data-ready]", { timeout: 20_000 });
  return page;
}

/** What each chart draws: title, the largest value of each line (rates per second), how many windows are one. */
function maxima(page) {
  return page.$$eval("#day figure.chart", (figures) =>
    figures.map((figure) => ({
      title: figure.dataset.title,
      together: Number(figure.dataset.together),
      isCounted: figure.dataset.counted !== undefined,
      most: figure.dataset.max
        .split(" ")
        .map((value) => Number(value) / Number(figure.dataset.per)),
    })),
  );
}

function near(a, b) {
  return Math.abs(a - b) <= 6e-4 * Math.max(Math.abs(a), Math.abs(b));
}

/** Neighbouring values, so many at a time. */
function chunks(list, together) {
  return Array.from({ length: Math.ceil(list.length / together) }, (_, at) =>
    list.slice(at * together, (at + 1) * together),
  );
}

/**
 * The same maxima from the JSON of the same run, `together` windows being one. Counts are added up. Of merged percentiles
 * the JSON holds only bounds: one of many windows together is never above the largest of them, nor below the smallest.
 */
async function expected(name, together) {
  const report = JSON.parse(
    await readFile(join(folder, `${name}.json`), "utf8"),
  );
  const { series } = report.histories[0];
  const lost = (client) =>
    client.failed
      .concat(client.shed, client.abandoned)
      .reduce((a, b) => a + b, 0);
  // The page opens with the client that lost most; of two that lost as many, with the smaller.
  const came = (client) => client.arrived.reduce((a, b) => a + b, 0);
  const client = [...series.clients].sort(
    (a, b) =>
      lost(b) - lost(a) ||
      (lost(a) > 0 ? came(a) - came(b) : came(b) - came(a)),
  )[0];
  const wide = series.window * together;
  const length = (at) => Math.min(wide, report.day.length - at * wide);
  const most = (list) =>
    Math.max(0, ...list.filter((x) => typeof x === "number"));
  const sums = (list) =>
    chunks(list, together).map((part) => part.reduce((a, b) => a + b, 0));
  const rate = (list) => most(sums(list).map((n, at) => n / length(at)));
  const finite = (list) => list.filter((x) => typeof x === "number");
  /** Between what the largest of the merged may be at least and at most. */
  const bounds = (list) => {
    const parts = chunks(list, together);
    const never = (part) => part.includes("never");
    return [
      Math.max(
        0,
        ...parts
          .filter((part) => !never(part) && finite(part).length > 0)
          .map((part) => Math.min(...finite(part))),
      ),
      // Beside windows in which too many were lost a merged percentile may lie anywhere among all that were measured.
      parts.some((part) => never(part) && finite(part).length > 0)
        ? Infinity
        : most(list),
    ];
  };
  const ended = client.answered.map(
    (n, at) => n + client.failed[at] + client.shed[at] + client.abandoned[at],
  );
  const gone = [client.failed, client.shed, client.abandoned].filter(
    (list) => most(list) > 0,
  );
  const exact = (number) => [number, number];
  return {
    /** The busiest window as drawn, and as it would be one measured window shorter. */
    busiest: [together, together - 1].map((n) =>
      n < 1
        ? 0
        : Math.max(
            ...chunks(ended, n).map((part) => part.reduce((a, b) => a + b, 0)),
          ),
    ),
    windows: Math.ceil(series.count / together),
    charts: {
      "How long it took": ["sent-p50", "sent-p95", "sent-p99"].map((key) =>
        together === 1 ? exact(most(client[key])) : bounds(client[key]),
      ),
      "Who came and who was answered": [
        exact(rate(client.arrived)),
        exact(rate(client.answered)),
      ],
      "Who got nothing": (gone.length > 0 ? gone.map(rate) : [0]).map(exact),
    },
    /** Where a chart counts rather than rates. */
    counted: {
      "Who got nothing": gone.map((list) => exact(most(sums(list)))),
    },
  };
}

/** A busy window holds this many visits, unless the day would lose its shape. */
const MANY = 20;
const FEWEST = 24;

async function showsTheNumbers(name, page) {
  const drawn = await maxima(page);
  const together = drawn[0]?.together ?? 1;
  check(
    drawn.every((chart) => chart.together === together || chart.together === 1),
    "the charts have different windows",
  );
  const { charts, counted, busiest, windows } = await expected(name, together);
  check(
    together === 1 || (busiest[1] < MANY && windows >= FEWEST),
    `${together} windows are one: the busiest holds ${busiest[0]}, of ${windows}`,
  );
  check(
    busiest[0] >= MANY || windows < 2 * FEWEST,
    `the busiest of ${windows} windows holds ${busiest[0]} visits`,
  );
  for (const [title, numbers] of Object.entries(charts)) {
    const found = drawn.find((chart) => chart.title === title);
    check(found, `there is no chart "${title}"`);
    if (found)
      (found.isCounted ? counted[title] : numbers).forEach(
        ([low, high], at) => {
          const value = found.most[at];
          check(
            near(low, value) ||
              near(high, value) ||
              (low < value && value < high),
            `"${title}" reaches ${value} where the JSON has ${low} to ${high}`,
          );
        },
      );
  }
}

async function sliderMoves(page) {
  const state = () =>
    page.evaluate(() => ({
      drawing: document.querySelector("svg.system").outerHTML,
      now: document.querySelector("#day .now").style.left,
      text: document.querySelector("#scrubber").getAttribute("aria-valuetext"),
    }));
  await page.focus("#scrubber");
  await page.keyboard.press("Home");
  const first = await state();
  await page.keyboard.press("End");
  const last = await state();
  check(first.now !== last.now, "the charts' line does not follow the slider");
  check(
    first.drawing !== last.drawing,
    "the drawing does not follow the slider",
  );
  check(
    first.text !== last.text && last.text?.length > 8,
    "the slider does not say where it is",
  );
  await page.keyboard.press("ArrowLeft");
  check(
    (await state()).now !== last.now,
    "an arrow key does not move the slider",
  );
  await page.keyboard.press("Home");
  await page.click("button.play");
  await page.waitForTimeout(1_500);
  check((await state()).now !== first.now, "the day does not play");
  await page.click("button.play");
}

async function everybodyCanUse(name, page, theme) {
  // The checker is evaluated, not added as an element: the page's own policy would refuse that.
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    axe.run(document, { resultTypes: ["violations"] }),
  );
  for (const one of violations.filter(
    ({ impact }) => impact === "serious" || impact === "critical",
  ))
    check(
      false,
      `${theme}: ${one.id}: ${one.help}: ${one.nodes
        .map((node) => node.html.slice(0, 160))
        .slice(0, 3)
        .join(" | ")}`,
    );
}

async function whole(name, { numbers = true } = {}) {
  about = name;
  const { size } = await stat(join(folder, `${name}.html`));
  check(size <= LARGEST, `${size} bytes are more than ${LARGEST}`);
  const page = await open(name, {
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
  });
  if (numbers) await showsTheNumbers(name, page);
  await everybodyCanUse(name, page, "light");
  await sliderMoves(page);
  const sections = await page.$$eval("h1, h2", (all) =>
    all.map((one) => one.textContent),
  );
  check(sections.length >= 5, `only ${sections.join(", ")}`);
  const paper = await page.pdf({
    preferCSSPageSize: true,
    printBackground: true,
  });
  check(paper.length > 20_000, `its print is ${paper.length} bytes`);
  await page.close();

  const dark = await open(name, {
    viewport: { width: 1024, height: 900 },
    colorScheme: "dark",
  });
  await everybodyCanUse(name, dark, "dark");
  const ground = () =>
    dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await ground();
  await dark.click(".masthead button");
  check((await ground()) !== before, "the button does not change the theme");
  await dark.close();

  const small = await open(name, {
    viewport: { width: 390, height: 800 },
    reducedMotion: "reduce",
  });
  const wide = await small.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 390, `at 390 pixels it is ${wide} wide`);
  await small.close();
  console.log(
    `${name}: ${Math.ceil(size / 1000)} kB, ${sections.length} headings`,
  );
}

/** A topic stands in the drawing and below it, and the list says who did what, why, and until when. */
async function topicsAndPeople() {
  about = "together";
  const report = JSON.parse(
    await readFile(join(folder, "together.json"), "utf8"),
  );
  const page = await open("together", {
    viewport: { width: 1440, height: 900 },
  });
  check(
    (await page.$$("svg.system .node.topic")).length === report.topics.length,
    "not every topic is in the drawing",
  );
  const row = await page.$eval(".service.topic", (one) => one.textContent);
  const [topic] = report.topics;
  for (const words of [topic.name, `${topic["backlog-max"]} at most`])
    check(row.includes(words), `the topic's row does not say ${words}`);
  const list = await page.$eval("table.happened", (one) => one.textContent);
  const { happened } = report.histories[0];
  check(
    happened.some((one) => one.what === "override"),
    "nobody did anything",
  );
  for (const { name, detail } of happened)
    for (const words of [name, detail])
      check(list.includes(words), `what happened does not say ${words}`);
  const words = await page.$$eval(".marks .word", (all) =>
    all.map((one) => {
      const { left, right, top, bottom } = one.getBoundingClientRect();
      return { text: one.textContent, left, right, top, bottom };
    }),
  );
  check(words.length === happened.length, "a mark has no word");
  for (const [at, a] of words.entries())
    for (const b of words.slice(at + 1))
      check(
        a.right <= b.left ||
          b.right <= a.left ||
          a.bottom <= b.top ||
          b.bottom <= a.top,
        `"${a.text}" lies on "${b.text}"`,
      );
  await page.close();
}

await whole("storm-1");
await whole("variant", { numbers: false });
await whole("quiet");
await whole("fifty", { numbers: false });
await whole("week");
await whole("supermarket");
await whole("together", { numbers: false });
await topicsAndPeople();

about = "two seeds";
const pictures = [];
for (const name of ["storm-1", "storm-2"]) {
  const page = await open(name, { viewport: { width: 1440, height: 900 } });
  pictures.push(
    await page.$$eval("#day canvas", (all) =>
      all.map((one) => one.toDataURL()),
    ),
  );
  await page.close();
}
check(pictures[0].length > 2, "there are no charts");
check(
  pictures[0].some((picture, at) => picture !== pictures[1][at]),
  "the charts are the same for two seeds",
);
await browser.close();

for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
