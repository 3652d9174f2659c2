// Opens pages of `check` in headless Chromium and looks whether they keep what they promise: verdicts and figures are the
// JSON's, the worst day plays on the drawn system, the map can be walked, nothing is fetched, nothing fails, everybody can use
// it, and it prints on one sheet.
//
// Run by a test of the command line, which makes the pages: node verdicts.mjs PACKAGES CHROMIUM FOLDER NAME... Prints one
// line per page, and every failure; exit code 1 if there was one. Pictures are put beside the pages where the
// environment names PICTURES.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const [packages, chromiumPath, folder, ...names] = process.argv.slice(2);
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

const text = (page, selector) =>
  page.$eval(selector, (node) => node.innerText).catch(() => "");
const texts = (page, selector) =>
  page.$$eval(selector, (all) => all.map((node) => node.innerText));

/** How a verdict is told: the word beside its sign. */
const WORDS = {
  kept: "✓ kept",
  "kept-on-disturbed-days": "~ kept on disturbed days",
  broken: "✗ broken",
  "cant-tell": "? can’t tell",
};

async function saysTheVerdicts(page, report) {
  const claims = report.promises.flatMap((promise) =>
    promise.survives.map((claim) => ({ promise, claim })),
  );
  const rows = await page.$$eval(".claim", (all) =>
    all.map((node) => ({
      verdict: node.dataset.verdict,
      text: node.innerText,
      bars: node.querySelectorAll(".rate svg").length,
      cases: node.querySelectorAll(".case").length,
    })),
  );
  check(rows.length === claims.length, `${rows.length} verdicts are shown`);
  for (const { promise, claim } of claims) {
    const row = rows.find((one) =>
      one.text.includes(`${promise.name} survives ${claim.day}`),
    );
    check(row, `${promise.name} survives ${claim.day} is not there`);
    if (!row) continue;
    check(
      row.verdict === claim.verdict &&
        row.text.startsWith(WORDS[claim.verdict]),
      `${claim.day} is told as ${row.text.slice(0, 30)}`,
    );
    check(
      row.bars === (claim.rate ? 1 : 0),
      `${claim.day} has ${row.bars} bars`,
    );
    check(
      row.cases === Math.min(4, claim.cases.length),
      `${claim.day} shows ${row.cases} cases`,
    );
    for (const one of claim.cases.slice(0, 4))
      check(
        row.text.includes(`${one.broken} of ${one.trials} broke it`),
        `${claim.day} does not say ${one.broken} of ${one.trials}`,
      );
  }
  // The bar of a rate ends left of its limit if it is kept, and right of it if it is broken.
  const bars = await page.$$eval(".claim .rate svg", (all) =>
    all.map((node) => {
      const range = node.querySelector(".interval rect");
      const from = Number(range.getAttribute("x"));
      return {
        verdict: node.closest(".claim").dataset.verdict,
        from,
        to: from + Number(range.getAttribute("width")),
        limit: Number(node.querySelector(".limit").getAttribute("x1")),
      };
    }),
  );
  for (const bar of bars) {
    if (bar.verdict === "kept")
      check(bar.to <= bar.limit + 0.5, "a kept promise's bar is beyond it");
    if (bar.verdict === "broken")
      check(bar.from >= bar.limit - 0.5, "a broken promise's bar is below it");
  }
}

async function tellsTheDay(page, report) {
  const claims = report.promises.flatMap((promise) => promise.survives);
  const worst = claims.find((claim) => claim["worst-day"])?.["worst-day"];
  check(Boolean(worst) === Boolean(await page.$("#worst")), "the worst day");
  if (!worst) return;
  const told = await text(page, "#worst");
  for (const words of [worst.id ?? "", worst.date, worst.seed, worst.kind])
    check(told.includes(words), `the worst day does not say ${words}`);
  if (worst.id)
    check(
      told.includes(`--scenario ${worst.id}`),
      "it does not say how to live the day again",
    );
  for (const row of worst.weakenings)
    check(
      told.includes(row.what) &&
        told.includes(`${row.broken} of ${row.trials}`),
      `the table does not say ${row.what}`,
    );
  for (const line of worst.happens)
    check(told.includes(line), `it does not say ${line}`);
  // It plays: the slider moves charts and drawing.
  const state = () =>
    page.evaluate(() => ({
      drawing: document.querySelector("svg.system").outerHTML,
      now: document.querySelector("#day .now").style.left,
    }));
  await page.focus("#scrubber");
  await page.keyboard.press("Home");
  const first = await state();
  await page.keyboard.press("End");
  const last = await state();
  check(first.now !== last.now, "the charts do not follow the slider");
  check(first.drawing !== last.drawing, "the drawing does not follow it");
  await page.keyboard.press("Home");
  await page.click("button.play");
  await page.waitForTimeout(1_200);
  check((await state()).now !== first.now, "the day does not play");
  await page.click("button.play");
}

async function drawsTheCurves(page, report) {
  for (const promise of report.promises) {
    const factor = promise["break-point"];
    if (!factor) continue;
    const chosen = await page.$$("#carries .choice label");
    for (const label of chosen)
      if ((await label.innerText()) === promise.name) await label.click();
    const points = await page.$$eval(
      "#carries .curve-of:first-of-type .dot",
      (all) => all.length,
    );
    check(
      points === factor.tested.length,
      `${points} of ${factor.tested.length} factors are drawn`,
    );
    const words = await text(page, "#carries svg.brink-chart");
    check(
      (await page.$$("#carries .today-word")).length > 0,
      `today's peak is not marked in ${words}`,
    );
  }
}

async function drawsTheMap(page, report) {
  const tried = (report.map?.cells ?? []).filter((cell) => cell.days > 0);
  const loads = new Set(tried.map((cell) => cell.load));
  const sizes = new Set(tried.map((cell) => cell.size ?? 0));
  const isDrawn = loads.size > 1 && sizes.size > 1;
  check(isDrawn === Boolean(await page.$("#map")), "the map");
  if (!isDrawn) return;
  const cells = await page.$$eval("td.cell", (all) =>
    all.map((node) => ({
      region: node.classList[1],
      days: Number(node.dataset.days),
      broken: Number(node.dataset.broken),
      down: Number(node.dataset.down),
      sure: node.classList.contains("sure"),
    })),
  );
  check(cells.length === loads.size * sizes.size, `${cells.length} cells`);
  const sum = (list, of) => list.reduce((all, one) => all + of(one), 0);
  for (const key of ["days", "broken", "down"])
    check(
      sum(cells, (one) => one[key]) === sum(tried, (one) => one[key]),
      `the cells' ${key} are not those of the JSON`,
    );
  for (const region of ["stable", "vulnerable", "collapsed"]) {
    const of = (list) =>
      list.filter((one) => one.region === region && one.sure).length;
    check(of(cells) === of(tried), `${of(cells)} cells are ${region}`);
  }
  await page.focus('td.cell[tabindex="0"]');
  const before = await text(page, ".cell-words");
  await page.keyboard.press("ArrowUp");
  check(
    before.length > 20 && (await text(page, ".cell-words")) !== before,
    "an arrow key does not say another cell",
  );
}

async function hasItsSmallPrint(page, report) {
  const told = await text(page, "#certificate");
  for (const words of [
    report.model,
    report.searched["first-day"],
    "independently",
    ...report.searched.kinds.map((kind) => kind.name),
    ...report.searched["of-unknown-rate"],
  ])
    check(told.includes(words), `the certificate does not say ${words}`);
}

async function everybodyCanUse(page, theme) {
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

/** Nothing of the machinery stands on the sheet for who decides. */
const JARGON = /\bp\d\d\b|seed|interval|confidence|percentile|utilisation/i;

async function printsOnOneSheet(page, report) {
  const paper = await page.pdf({
    preferCSSPageSize: true,
    printBackground: true,
  });
  const sheets = paper.toString("latin1").match(/\/Type\s*\/Page\b/g) ?? [];
  check(sheets.length === 1, `it prints on ${sheets.length} sheets`);
  await page.emulateMedia({ media: "print" });
  const shown = await page.$$eval("main > *", (all) =>
    all
      .filter((node) => getComputedStyle(node).display !== "none")
      .map((node) => node.className),
  );
  check(shown.join() === "sheet", `print shows ${shown.join()}`);
  const told = await text(page, ".sheet");
  const names = report.promises.map((promise) => promise.name).join("|");
  const plain = told.replace(new RegExp(names, "g"), "");
  check(!JARGON.test(plain), `it prints ${plain.match(JARGON)}`);
  for (const promise of report.promises)
    check(told.includes(promise.name), `print leaves ${promise.name} out`);
  await page.emulateMedia({ media: "screen" });
}

async function whole(name) {
  about = name;
  const report = JSON.parse(
    await readFile(join(folder, `${name}.json`), "utf8"),
  );
  const html = await readFile(join(folder, `${name}.html`));
  check(html.length <= LARGEST, `${html.length} bytes`);
  const page = await open(name, {
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
  });
  await saysTheVerdicts(page, report);
  await tellsTheDay(page, report);
  await drawsTheCurves(page, report);
  await drawsTheMap(page, report);
  await hasItsSmallPrint(page, report);
  await everybodyCanUse(page, "light");
  await printsOnOneSheet(page, report);
  const order = await texts(page, "h1, h2");
  await picture(page, `${name}-light`);
  await page.close();

  const dark = await open(name, {
    viewport: { width: 1024, height: 900 },
    colorScheme: "dark",
  });
  await everybodyCanUse(dark, "dark");
  const ground = () =>
    dark.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const before = await ground();
  await picture(dark, `${name}-dark`);
  await dark.click(".tools button:last-child");
  check((await ground()) !== before, "the button does not change the theme");
  await dark.close();

  const small = await open(name, {
    viewport: { width: 360, height: 780 },
    reducedMotion: "reduce",
  });
  const wide = await small.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 360, `at 360 pixels it is ${wide} wide`);
  await picture(small, `${name}-small`);
  await small.close();
  console.log(
    `${name}: ${Math.ceil(html.length / 1000)} kB, ${order.length} headings`,
  );
}

async function picture(page, name) {
  if (!process.env.PICTURES) return;
  const path = join(process.env.PICTURES, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
}

for (const name of names) await whole(name);
await browser.close();

for (const failure of failures) console.error(failure);
process.exitCode = failures.length > 0 ? 1 : 0;
