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

/** What each chart draws: title and the largest value of each line. */
function maxima(page) {
  return page.$$eval("#day figure.chart", (figures) =>
    figures.map((figure) => ({
      title: figure.dataset.title,
      most: figure.dataset.max.split(" ").map(Number),
    })),
  );
}

function near(a, b) {
  return Math.abs(a - b) <= 6e-4 * Math.max(Math.abs(a), Math.abs(b));
}

/** The same maxima from the JSON of the same run. */
async function expected(name) {
  const report = JSON.parse(
    await readFile(join(folder, `${name}.json`), "utf8"),
  );
  const { series } = report.histories[0];
  const lost = (client) =>
    client.failed
      .concat(client.shed, client.abandoned)
      .reduce((a, b) => a + b, 0);
  const client = [...series.clients].sort((a, b) => lost(b) - lost(a))[0];
  const length = (at) =>
    Math.min(series.window, report.day.length - at * series.window);
  const most = (list) =>
    Math.max(0, ...list.filter((x) => typeof x === "number"));
  const rate = (list) => most(list.map((n, at) => n / length(at)));
  const gone = [client.failed, client.shed, client.abandoned].filter(
    (list) => most(list) > 0,
  );
  return {
    "How long it took": ["sent-p50", "sent-p95", "sent-p99"].map((key) =>
      most(client[key]),
    ),
    "Who came and who was answered": [
      rate(client.arrived),
      rate(client.answered),
    ],
    "Who got nothing": gone.length > 0 ? gone.map(rate) : [0],
  };
}

async function showsTheNumbers(name, page) {
  const wanted = await expected(name);
  const drawn = await maxima(page);
  for (const [title, numbers] of Object.entries(wanted)) {
    const found = drawn.find((chart) => chart.title === title);
    check(found, `there is no chart "${title}"`);
    if (found)
      numbers.forEach((number, at) =>
        check(
          near(number, found.most[at]),
          `"${title}" reaches ${found.most[at]} where the JSON has ${number}`,
        ),
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

await whole("storm-1");
await whole("variant", { numbers: false });
await whole("quiet");
await whole("fifty", { numbers: false });
await whole("week");

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
