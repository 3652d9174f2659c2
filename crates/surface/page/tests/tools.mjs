// What tests of the flight simulator share: a browser that looks for nobody, pages that remember what they should not have
// done, and claims.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

/** @param {string} packages folder of the Node.js packages @param {string} executablePath */
export async function tools(packages, executablePath) {
  const require = createRequire(join(packages, "package.json"));
  const { chromium } = require("playwright-core");
  const axe = await readFile(require.resolve("axe-core/axe.min.js"), "utf8");
  // Without these a browser looks for its maker's hosts at every start.
  const browser = await chromium.launch({
    executablePath,
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
  const failures = [];
  const tool = {
    browser,
    about: "",
    /** @param {unknown} holds @param {string} what */
    check: (holds, what) => {
      if (!holds) failures.push(`${tool.about}: ${what}`);
    },
    /**
     * A page on an address of the simulator; `mayFail` are words of messages that a test provokes.
     * @param {string} address @param {object} [options]
     */
    async open(address, { mayFail = [], isReady = true, ...options } = {}) {
      const page = await browser.newPage(options);
      const about = tool.about;
      page.on("console", (message) => {
        const text = message.text();
        if (
          ["error", "warning"].includes(message.type()) &&
          !mayFail.some((words) => text.includes(words))
        )
          failures.push(`${about}: console: ${text}`);
      });
      page.on("pageerror", (error) =>
        failures.push(`${about}: ${error.stack}`),
      );
      const own = new URL(address).origin;
      page.on("request", (request) => {
        const url = new URL(request.url());
        if (url.protocol.startsWith("http") && url.origin !== own)
          failures.push(`${about}: asked another host: ${request.url()}`);
        if (request.url().includes("#") || url.search !== "")
          failures.push(`${about}: an address gives away: ${request.url()}`);
      });
      await page.goto(address);
      if (isReady)
        await page.waitForSelector("html[data-ready]", { timeout: 20_000 });
      return page;
    },
    /** What an accessibility checker finds serious. */
    async everybodyCanUse(page, when) {
      // Evaluated, not added as an element: the page's own policy would refuse that.
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() =>
        axe.run(document, { resultTypes: ["violations"] }),
      );
      for (const one of violations.filter(
        ({ impact }) => impact === "serious" || impact === "critical",
      ))
        failures.push(
          `${tool.about}: ${when}: ${one.id}: ${one.help}: ${one.nodes
            .map((node) => node.html.slice(0, 200))
            .slice(0, 3)
            .join(" | ")}`,
        );
    },
    /** Waits until something holds, and says what did not. */
    async until(page, what, holds, argument) {
      try {
        await page.waitForFunction(holds, argument, {
          timeout: 20_000,
          polling: 30,
        });
        return true;
      } catch {
        failures.push(`${tool.about}: waited in vain: ${what}`);
        return false;
      }
    },
    /** The same for what is not in a page; `what` may be a function, asked when it failed. */
    async eventually(what, holds) {
      for (let tries = 0; tries < 700; tries += 1) {
        if (holds()) return true;
        await new Promise((done) => setTimeout(done, 30));
      }
      failures.push(
        `${tool.about}: waited in vain: ${typeof what === "string" ? what : what()}`,
      );
      return false;
    },
    text: (page, selector) =>
      page.$eval(selector, (node) => node.textContent).catch(() => ""),
    /** Closes the browser and says what failed. */
    async end() {
      await browser.close();
      for (const failure of failures) console.error(failure);
      process.exitCode = failures.length > 0 ? 1 : 0;
    },
  };
  return tool;
}
