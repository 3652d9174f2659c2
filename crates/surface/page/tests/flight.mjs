// The flight simulator end to end: the tool's own server, a browser, and somebody who kills the server of the tills, sees the
// alert before the first customer leaves, sells offline, looks how it would have been without, and replays what was saved.
//
// Run by a test of the command line: node flight.mjs PACKAGES CHROMIUM WORSTDAY FOLDER. Everything happens while time is
// paused and is moved by steps, so that it is the same flight on any machine. Prints every failure; exit code 1 if any.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { listen, simulator } from "./simulator.mjs";
import { tools } from "./tools.mjs";

const [packages, chromium, worstday, folder] = process.argv.slice(2);
const tool = await tools(packages, chromium);
const { check, open, until, everybodyCanUse } = tool;
const LARGE = { viewport: { width: 1440, height: 900 }, colorScheme: "light" };
const SILENT = "fault:pos-silent";
const OFFLINE = "set:offline";

/** Waits until what is heard holds. */
async function heardThat(what, holds) {
  for (let tries = 0; tries < 1_000; tries += 1) {
    if (holds()) return true;
    await new Promise((done) => setTimeout(done, 20));
  }
  check(false, `waited in vain: ${what}`);
  return false;
}

tool.about = "flight";
const server = await simulator(worstday, folder, [
  "demo",
  "--live",
  "--port",
  "0",
]);
try {
  await fly();
} catch (error) {
  check(false, error.stack);
}
await tool.end();
await server.end();

async function fly() {
  const heard = await listen(server.address);
  const page = await open(server.address, LARGE);
  const second = await open(server.address, {
    ...LARGE,
    colorScheme: "dark",
  });
  await until(page, "the number of those who watch", () =>
    /[23] are watching/.test(document.querySelector(".watchers").textContent),
  );
  await page.keyboard.press("Space");
  await heardThat("it pauses", () => heard.frame?.paused);
  // Back to where it began: how far it came until then is a matter of the machine.
  await page.focus("#back");
  await page.keyboard.press("Home");
  await heardThat("it goes back to the beginning", () => heard.frame.t === 0);

  const { bucket } = heard.hello;
  const clock = () => heard.frame.t;
  /** Goes on with the keyboard, in single steps or in tens, and waits until it has. */
  async function go(steps) {
    for (let rest = steps; rest > 0;) {
      const one = rest >= 10 ? 10 : 1;
      const to = clock() + one * bucket;
      await page.keyboard.press(one === 10 ? "Shift+ArrowRight" : "ArrowRight");
      if (!(await heardThat(`a step to ${to} s`, () => clock() >= to - 1e-6)))
        return;
      rest -= one;
    }
  }
  const stepsTo = (t) => Math.max(0, Math.ceil((t - clock()) / bucket - 1e-9));
  const entries = (kind, arm = 0) =>
    heard.arms[arm].log.filter((entry) => entry.kind === kind);

  // A quarter of an hour of an ordinary morning.
  await go(stepsTo(clock() + 900));
  check(
    entries("left").length === 0,
    "somebody is lost on an ordinary morning",
  );
  const ordinary = clock();

  // The server goes silent, for an hour, by keyboard.
  await page
    .locator(".row", { has: page.locator(`[data-lever="${SILENT}"]`) })
    .locator(".more")
    .press("Enter");
  await page.selectOption("#lasts-0", "3600");
  await page.focus(`[data-lever="${SILENT}"]`);
  await page.keyboard.press("Enter");
  await heardThat(
    "the fault begins",
    () => heard.frame.arms[0].done.length > 0,
  );
  await go(1);
  const fault = entries("fault")[0];
  check(fault?.who === "you", "the log does not say who broke it");
  check(
    Math.abs(heard.frame.arms[0].done[0].until - fault.t - 3600) < 0.01,
    "it does not last as long as was asked for",
  );
  await until(page, "the drawing shows what failed", () =>
    document.querySelector('[data-node="service pos"].failed'),
  );
  await until(second, "who watches sees it too", () =>
    document.querySelector('[data-node="service pos"].failed'),
  );

  // The alert comes before anybody leaves, and until then the page says how long ago it was.
  let isWarned = false;
  for (let steps = 0; steps < 60 && entries("left").length === 0; steps += 1) {
    await go(1);
    if (isWarned || entries("alert").length === 0) continue;
    isWarned = await until(page, "the time since the alert", () =>
      /^Nobody is lost yet, .+ after the alert$/.test(
        document.querySelector(".first-left").textContent,
      ),
    );
    check(await page.$(".chip.firing"), "no alert is seen while one fires");
  }
  const [alert, left] = [entries("alert")[0], entries("left")[0]];
  check(alert && left, "there was no alert, or nobody left");
  check(
    fault.t < alert.t && alert.t < left.t,
    `fault at ${fault.t} s, alert at ${alert.t} s, the first left at ${left.t} s`,
  );
  check(
    Math.abs(left.warned - (left.t - alert.t)) < 1,
    `warned ${left.warned} s before, where ${left.t - alert.t} lie between`,
  );
  await until(
    page,
    "the log on the page, the latest first: left, alert, fault",
    () => {
      const rows = [...document.querySelectorAll(".entry")].map(
        (one) => one.dataset.kind,
      );
      const [left, alert, fault] = ["left", "alert", "fault"].map((kind) =>
        rows.indexOf(kind),
      );
      return 0 <= left && left < alert && alert < fault;
    },
  );
  await until(page, "the first who left, and the warning", () =>
    document
      .querySelector(".first-left")
      .textContent.includes("after the alert"),
  );

  // Sell offline, and look at the same moment without.
  await page.click(`[data-lever="${OFFLINE}"]`);
  await heardThat("the override is in force", () =>
    heard.frame.arms[0].done.some((row) => row.lever === OFFLINE),
  );
  const pulled = clock();
  await go(1);
  await page.click(".lever.save.on >> text=compare without it");
  await heardThat("there are two arms", () => heard.arms.length === 2);
  await until(
    page,
    "two drawings",
    () => document.querySelectorAll("svg.system").length === 2,
  );
  await go(stepsTo(pulled + 900));
  const answered = (arm) =>
    heard.arms[arm].points
      .filter(({ t }) => t > pulled)
      .reduce(
        (sum, { clients }) => sum + clients.reduce((a, [, n]) => a + n, 0),
        0,
      );
  check(
    answered(0) > 2 * answered(1) && answered(0) > 20,
    `${answered(0)} were answered with offline mode, ${answered(1)} without`,
  );
  const said = heard.frame.arms[0].tiles.map((tile, at) => [
    tile.value,
    heard.frame.arms[1].tiles[at].value,
  ]);
  await until(
    page,
    `tiles that show ${JSON.stringify(said)}`,
    (said) =>
      said ===
      JSON.stringify(
        [...document.querySelectorAll(".now-tiles .tile")].map((tile) =>
          [...tile.querySelectorAll(".value > span:nth-of-type(2)")].map(
            (one) => one.textContent,
          ),
        ),
      ),
    JSON.stringify(said),
  );
  await everybodyCanUse(page, "light, with two arms");
  await everybodyCanUse(second, "dark, with two arms");
  const small = await open(server.address, {
    viewport: { width: 390, height: 800 },
  });
  const wide = await small.evaluate(() => document.documentElement.scrollWidth);
  check(wide <= 390, `at 390 pixels it is ${wide} wide`);
  await small.close();
  await page.click("text=Keep A");
  await heardThat("one arm is left", () => heard.arms.length === 1);
  await go(5);

  // Saved, and replayed to the same digest.
  const digest = heard.frame.arms[0].digest;
  await page.click(".tools >> text=Save");
  await page.waitForSelector("dialog[open]");
  const saved = await page.$$eval("dialog pre", (all) =>
    all.map((one) => one.textContent),
  );
  check(saved[1] === digest, `saved with ${saved[1]}, it runs at ${digest}`);
  check(
    saved[2].includes("pos-silent") && saved[2].includes("offline"),
    `the scenario does not say what was done: ${saved[2]}`,
  );
  await page.click("dialog >> text=Close");
  const words = saved[0].trim().split(/\s+/).slice(1);
  const replay = await promisify(execFile)(
    worstday,
    [...words, "--format", "json"],
    { cwd: folder, maxBuffer: 1 << 28 },
  ).catch((error) => error);
  let again = null;
  try {
    again = JSON.parse(replay.stdout).histories[0].digest;
  } catch {
    check(false, `${saved[0]}: ${replay.stderr ?? replay}`);
  }
  check(again === digest, `replayed it has ${again}, not ${digest}`);

  // Back to the ordinary morning: what was done is forgotten.
  await page.focus("#back");
  await page.keyboard.press("Home");
  await page.click("dialog >> text=Go back");
  await heardThat("it goes back", () => clock() < ordinary);
  await until(
    page,
    "the log forgets",
    () => document.querySelectorAll(".entry").length === 0,
  );
  check(
    heard.arms[0].log.every((entry) => entry.t <= clock()),
    "the log holds what has not happened yet",
  );
  heard.stop();
}
