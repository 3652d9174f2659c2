// The picture of the flight simulator for the documentation: the demo's morning, the server silent, tills that sell offline,
// and beside it the same moment without. Run by `cargo xtask pictures`:
// node picture-live.mjs PACKAGES CHROMIUM WORSTDAY FOLDER PICTURE.

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { simulator } from "./tests/simulator.mjs";
import { tools } from "./tests/tools.mjs";

const [packages, chromium, worstday, folder, picture] = process.argv.slice(2);
const tool = await tools(packages, chromium);
const server = await simulator(worstday, folder, [
  "demo",
  "--live",
  "--port",
  "0",
]);
const page = await tool.open(server.address, {
  viewport: { width: 1440, height: 900 },
  colorScheme: "light",
  reducedMotion: "no-preference",
});
/** Minutes go by, with the keyboard. */
async function pass(steps) {
  for (let step = 0; step < steps; step += 1) {
    const before = await page.textContent(".moment");
    await page.keyboard.press("Shift+ArrowRight");
    // It has come to the end of the step when it stands still somewhere else.
    for (let last = before, now = before; now === before || now !== last;) {
      await page.waitForTimeout(300);
      [last, now] = [now, await page.textContent(".moment")];
    }
  }
}
await page.keyboard.press("Space");
await page.waitForFunction(
  () => document.querySelector(".state").textContent === "paused",
);
await page.click("text=I know");
// How far it came until now is a matter of the machine.
await page.focus("#back");
await page.keyboard.press("Home");
await page.waitForTimeout(500);
await pass(2);
await page.click('[data-lever="fault:pos-silent"]');
await pass(1);
await page.click('[data-lever="set:offline"]');
await pass(1);
await page.mouse.move(0, 0);
await page.waitForTimeout(500);
await mkdir(dirname(picture), { recursive: true });
await page.screenshot({ path: picture });
await tool.end();
await server.end();
