// The flight simulator's page by itself, against a stand-in for the simulator: keys, words, focus, colours, widths, and
// what happens when a simulator refuses or is gone. What needs simulated numbers is in flight.mjs.
//
// Run by a test of the command line: node live.mjs PACKAGES CHROMIUM. Prints every failure; exit code 1 if there was one.

import { standIn, TOKEN } from "./stand-in.mjs";
import { tools } from "./tools.mjs";

const tool = await tools(...process.argv.slice(2));
const { check, open, until, eventually, text, everybodyCanUse } = tool;
const LARGE = { viewport: { width: 1440, height: 900 }, colorScheme: "light" };

/** A stand-in for the length of a test. */
async function during(name, options, test) {
  tool.about = name;
  const simulator = await standIn(options);
  simulator.home = `${simulator.address}#${TOKEN}`;
  try {
    await test(simulator);
  } catch (error) {
    check(false, error.stack);
  }
  simulator.close();
}
const asked = (simulator, name) =>
  simulator.asked.filter((one) => one.name === name).map((one) => one.body);
const last = (list) => list[list.length - 1];
/** Waits until the page shows the simulator's moment. */
const shows = (page, { state }) =>
  until(
    page,
    "the moment of the simulator",
    (t) => {
      const of = (n) => String(Math.floor(n)).padStart(2, "0");
      const at = 25_200 + t;
      const moment = [at / 3600, (at / 60) % 60, at % 60].map(of).join(":");
      return document.querySelector(".moment").textContent === moment;
    },
    state.t,
  );
const SILENT = '[data-lever="fault:pos-silent"]';
const OFFLINE = '[data-lever="set:offline"]';

await during("who lacks the token", {}, async (simulator) => {
  const without = await open(simulator.address, { isReady: false });
  await until(without, "words about the token", () =>
    document.querySelector(".notice")?.textContent.includes("lacks its token"),
  );
  await everybodyCanUse(without, "without a token");
  await without.close();
  const wrong = await open(`${simulator.address}#ffff`, {
    isReady: false,
    mayFail: ["401"],
  });
  await until(wrong, "words about a wrong token", () =>
    document.querySelector(".notice")?.textContent.includes("started anew"),
  );
  await wrong.close();
});

await during("keys", { paused: true }, async (simulator) => {
  const page = await open(simulator.home, LARGE);
  const before = await text(page, ".moment");
  await page.keyboard.press("Space");
  await until(
    page,
    "time goes on after Space",
    (was) => document.querySelector(".moment").textContent !== was,
    before,
  );
  await page.keyboard.press("Space");
  await until(
    page,
    "Space pauses",
    () => document.querySelector(".state").textContent === "paused",
  );
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Shift+ArrowRight");
  await eventually(
    () => `arrow keys asked for ${JSON.stringify(asked(simulator, "step"))}`,
    () =>
      asked(simulator, "step")
        .map((one) => one.seconds)
        .join() === "60,600",
  );
  await shows(page, simulator);
  const t = simulator.state.t;
  await page.keyboard.press("ArrowLeft");
  await eventually(
    () =>
      `one step back from ${t} asked for ${JSON.stringify(asked(simulator, "back"))}`,
    () => last(asked(simulator, "back"))?.to === t - 60,
  );
  await page.keyboard.press("?");
  check(await page.$("dialog[open] kbd"), "? does not show the keys");
  await everybodyCanUse(page, "the keys");
  await page.keyboard.press("Escape");
  check(!(await page.$("dialog[open]")), "Escape does not close the keys");
  // A lever that was clicked must not be what Space presses next.
  await page.click(SILENT);
  await eventually(
    "the lever is pulled",
    () => asked(simulator, "pull").length === 1,
  );
  await page.keyboard.press("Space");
  await eventually(
    "Space goes on after a click",
    () => last(asked(simulator, "pace")).paused === false,
  );
  check(
    asked(simulator, "pull").length === 1 &&
      asked(simulator, "release").length === 0,
    "Space after a click presses the lever again",
  );
  await page.close();
});

await during(
  "levers, by keyboard alone",
  { paused: true },
  async (simulator) => {
    const page = await open(simulator.home, LARGE);
    await until(page, "a hint at the lever to try", () =>
      document.querySelector(".row.hinted [data-lever='fault:pos-silent']"),
    );
    let steps = 0;
    const focused = () =>
      page.evaluate(() => document.activeElement.dataset.lever ?? "");
    while ((await focused()) !== "fault:pos-silent" && steps < 40) {
      await page.keyboard.press("Tab");
      steps += 1;
    }
    check(steps < 40, "Tab does not come to the first lever");
    const tip = await page.$eval(".tip", (node) => ({
      shown: getComputedStyle(node).visibility,
      text: node.textContent,
    }));
    check(
      tip.shown === "visible" && tip.text.includes("answers none"),
      "what a lever does is not shown on focus",
    );
    check(
      (
        await page.$eval(
          SILENT,
          (node) =>
            document.getElementById(node.getAttribute("aria-describedby"))
              .textContent,
        )
      ).includes("answers none"),
      "what a lever does is not its description",
    );
    await page.keyboard.press("Enter");
    await until(page, "the lever is on and counts down", () => {
      const one = document.querySelector('[data-lever="fault:pos-silent"]');
      return (
        one.getAttribute("aria-pressed") === "true" &&
        one.querySelector(".rest").textContent === "15m left"
      );
    });
    check(
      JSON.stringify(last(asked(simulator, "pull"))) ===
        '{"lever":"fault:pos-silent","lasts":900}',
      `pulled ${JSON.stringify(asked(simulator, "pull"))}`,
    );
    await until(page, "a screen reader hears it", () =>
      document
        .querySelector("#live > [role=status]")
        .textContent.includes("you POS server goes silent"),
    );
    await page.keyboard.press("Shift+ArrowRight");
    await until(page, "the countdown goes on", () =>
      document
        .querySelector('[data-lever="fault:pos-silent"] .rest')
        .textContent.startsWith("5m"),
    );
    await until(page, "an alert is shown", () =>
      document
        .querySelector(".chip.firing")
        ?.textContent.includes("cards-fail"),
    );
    check(
      (await focused()) === "fault:pos-silent",
      "the focus was taken away by frames",
    );
    await page.keyboard.press("Enter");
    await until(
      page,
      "pressed again it ends",
      () =>
        document
          .querySelector('[data-lever="fault:pos-silent"]')
          .getAttribute("aria-pressed") === "false",
    );
    check(asked(simulator, "release").length === 1, "it was not released");
    await page.close();
  },
);

await during(
  "how much and how long",
  { paused: true },
  async (simulator) => {
    const page = await open(simulator.home, { ...LARGE, mayFail: ["422"] });
    await page.click('[aria-label^="How much and how long: tills take"]');
    await page.fill('[aria-label^="tills take"]', "5");
    await page.selectOption("#lasts-1", "300");
    await page.click('[data-lever="fault:till-slow"]');
    await eventually(
      () => `pulled ${JSON.stringify(asked(simulator, "pull"))}`,
      () =>
        JSON.stringify(last(asked(simulator, "pull"))) ===
        '{"lever":"fault:till-slow","size":5,"lasts":300}',
    );
    await page.click(".any summary");
    await page.selectOption('[aria-label="Part"]', "pos");
    await page.selectOption('[aria-label="What happens to it"]', "slow");
    await page.fill("#any-size", "80");
    await page.click("text=Break it");
    await until(page, "the refusal, in the simulator's words", () =>
      document
        .querySelector("[role=alert]")
        ?.textContent.includes("what is slower than that is silent"),
    );
    await everybodyCanUse(page, "a refusal");
    await page.fill("#any-size", "8");
    await page.click("text=Break it");
    await until(page, "a fault without a lever is listed", () =>
      document.querySelector(".also")?.textContent.includes("pos: slow 8x"),
    );
    await page.click(".also >> text=end now");
    await until(
      page,
      "it ends",
      () => document.querySelector(".also").hidden === true,
    );
    // The drawing is another way to name a part.
    await page.selectOption('[aria-label="Part"]', "till");
    await page.click('[data-node="service pos"]');
    check(
      (await page.$eval('[aria-label="Part"]', (one) => one.value)) === "pos",
      "pointing at a part does not choose it",
    );
    await page.close();
  },
  ["422"],
);

await during("two arms", { paused: true }, async (simulator) => {
  const page = await open(simulator.home, LARGE);
  await page.click(SILENT);
  await page.keyboard.press("Shift+ArrowRight");
  await shows(page, simulator);
  await page.click(OFFLINE);
  await page.click(".lever.save.on >> text=compare without it");
  await until(
    page,
    "two drawings",
    () => document.querySelectorAll("svg.system").length === 2,
  );
  check(
    last(asked(simulator, "fork")).without !== undefined,
    "the fork does not say without what",
  );
  const frame = await page.evaluate(() => ({
    tiles: [...document.querySelectorAll(".now-tiles .tile")].every(
      (tile) => tile.querySelectorAll(".value").length === 2,
    ),
    titles: [...document.querySelectorAll(".arm h3")].map(
      (one) => one.textContent,
    ),
    lines: document.querySelector("#time .readout").textContent,
  }));
  check(frame.tiles, "the tiles do not show both arms");
  check(
    frame.titles[0].startsWith("A") && frame.titles[1].startsWith("Bwithout"),
    `the arms are called ${frame.titles}`,
  );
  check(
    frame.lines.includes("answered A") && frame.lines.includes("answered B"),
    "the curves do not show both arms",
  );
  await everybodyCanUse(page, "two arms");
  await page.check("#acts-on-1");
  await page.click('[data-lever="restart:pos"]');
  await eventually(
    "a lever acts on the arm that was chosen",
    () => last(asked(simulator, "pull")).arm === 1,
  );
  await until(page, "what is in one arm alone has its letter", () =>
    [...document.querySelectorAll(".entry")].some(
      (one) =>
        one.textContent.includes("restart") &&
        one.querySelector(".letter")?.textContent === "B",
    ),
  );
  await page.click("text=Keep B");
  await until(
    page,
    "one arm is left",
    () => document.querySelectorAll("svg.system").length === 1,
  );
  check(last(asked(simulator, "keep")).arm === 1, "the wrong arm was kept");
  await page.close();
});

await during("back", { paused: true }, async (simulator) => {
  const page = await open(simulator.home, LARGE);
  await page.keyboard.press("Shift+ArrowRight");
  await page.click(SILENT);
  await page.keyboard.press("Shift+ArrowRight");
  await eventually(
    "two steps of ten",
    () => asked(simulator, "step").length === 2,
  );
  await shows(page, simulator);
  const { t } = simulator.state;
  const drag = async (share) => {
    const box = await page.locator("#back").boundingBox();
    const x = await page.$eval("#back", (one) => Number(one.value) / 1000);
    const at = (part) => box.x + 8 + part * (box.width - 16);
    await page.mouse.move(at(x), box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.move(at(x * share), box.y + box.height / 2, { steps: 5 });
    const flag = await text(page, ".flag");
    await page.mouse.up();
    return flag;
  };
  const flag = await drag(0.5);
  check(/^back to \d\d:\d\d:\d\d$/.test(flag), `the handle says "${flag}"`);
  check(
    (await text(page, "dialog[open]")).includes("POS server goes silent"),
    "it does not say what would be forgotten",
  );
  await page.click("dialog >> text=Stay");
  await page.waitForTimeout(100);
  check(asked(simulator, "back").length === 0, "who stays goes back");
  await drag(0.5);
  await page.click("dialog >> text=Go back");
  await eventually("it goes back", () => asked(simulator, "back").length === 1);
  const to = last(asked(simulator, "back"))?.to;
  check(
    Math.abs(to - t / 2) < 0.02 * t,
    `dragged to the middle of ${t} s, it went to ${to}`,
  );
  await until(
    page,
    "the log forgets",
    () =>
      document.querySelectorAll(".entry").length === 0 &&
      !document.querySelector("#log .quiet-text").hidden,
  );
  await page.focus("#back");
  await page.keyboard.press("Home");
  await eventually(
    "Home goes to the beginning",
    () => last(asked(simulator, "back")).to === 0,
  );
  await page.close();
});

await during("saved", { paused: true }, async (simulator) => {
  const page = await open(simulator.home, LARGE);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.click(".tools >> text=Save");
  await page.waitForSelector("dialog[open]");
  const said = await text(page, "dialog");
  for (const words of ["supermarket.live-1.yaml", "worstday run", "7c1f09ab"])
    check(said.includes(words), `it does not say ${words}`);
  await page.click('[aria-label="Copy: The command"]');
  await until(page, "it was copied", () =>
    document.querySelector("dialog").textContent.includes("copied"),
  );
  check(
    (await page.evaluate(() => navigator.clipboard.readText())).startsWith(
      "worstday run",
    ),
    "the command is not in the clipboard",
  );
  await everybodyCanUse(page, "what was saved");
  await page.close();
});

await during("a lost connection", {}, async (simulator) => {
  const page = await open(simulator.home, {
    ...LARGE,
    mayFail: ["ERR_INCOMPLETE_CHUNKED", "ERR_CONNECTION"],
  });
  const watch = await open(simulator.home, LARGE);
  await until(page, "the number of watchers", () =>
    document.querySelector(".watchers").textContent.includes("2 are watching"),
  );
  await watch.close();
  simulator.isAway = true;
  simulator.cut();
  await until(page, "words about the lost connection", () =>
    document.querySelector(".notice").textContent.includes("tries again"),
  );
  simulator.isAway = false;
  await until(
    page,
    "it comes back by itself",
    () =>
      document.documentElement.dataset.connection === "open" &&
      document.querySelector(".notice").hidden,
  );
  const moment = await text(page, ".moment");
  await until(
    page,
    "time goes on after that",
    (was) => document.querySelector(".moment").textContent !== was,
    moment,
  );
  await page.close();
});

await during("calm", {}, async (simulator) => {
  const page = await open(simulator.home, {
    ...LARGE,
    reducedMotion: "reduce",
  });
  const touched = (span) =>
    page.evaluate(
      (span) =>
        new Promise((done) => {
          const batches = new Set();
          const watch = new MutationObserver(() =>
            batches.add(Math.round(performance.now() / 10)),
          );
          watch.observe(document.querySelector("#live"), {
            subtree: true,
            childList: true,
            attributes: true,
            characterData: true,
          });
          setTimeout(() => {
            watch.disconnect();
            done(batches.size);
          }, span);
        }),
      span,
    );
  const calm = await touched(3_000);
  check(
    calm >= 3 && calm <= 10,
    `who wants less motion saw ${calm} pictures in 3 s`,
  );
  await page.emulateMedia({ reducedMotion: "no-preference" });
  const quick = await touched(2_000);
  check(quick >= 20, `only ${quick} pictures in 2 s`);
  await page.keyboard.press("Space");
  await page.waitForTimeout(2_500);
  check(
    (await touched(1_000)) === 0,
    "the page is touched while time stands still",
  );
  await page.close();
});

for (const [width, height, colorScheme] of [
  [1440, 900, "light"],
  [1024, 768, "dark"],
  [390, 800, "light"],
  [390, 800, "dark"],
])
  await during(
    `${width} wide, ${colorScheme}`,
    { paused: true },
    async (simulator) => {
      const page = await open(simulator.home, {
        viewport: { width, height },
        colorScheme,
      });
      const fits = async (when) => {
        const wide = await page.evaluate(
          () => document.documentElement.scrollWidth,
        );
        check(wide <= width, `${when} it is ${wide} wide`);
      };
      await fits("at first");
      await page.click(SILENT);
      await page.keyboard.press("Shift+ArrowRight");
      await page.keyboard.press("Shift+ArrowRight");
      await eventually(
        "two steps of ten",
        () => asked(simulator, "step").length === 2,
      );
      await shows(page, simulator);
      await fits("while something is broken");
      await everybodyCanUse(page, "while something is broken");
      await page.click(".tools >> text=Fork");
      await page.waitForSelector(".arms[data-count='2']");
      await page.waitForTimeout(200);
      await fits("with two arms");
      await everybodyCanUse(page, "with two arms");
      const ground = () =>
        page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      const before = await ground();
      await page.click(".tools button:last-child");
      check((await ground()) !== before, "the button does not change colours");
      await page.close();
    },
  );

await during("fifty services", { large: true }, async (simulator) => {
  const page = await open(simulator.home, LARGE);
  await page.waitForTimeout(500);
  check(
    (await page.$$("svg.system .node.service")).length === 50,
    "not every service is drawn",
  );
  await everybodyCanUse(page, "fifty services");
  await page.close();
});

await tool.end();
