// The README's picture: the top of a page as it opens. Run by `cargo xtask pictures`:
// node picture.mjs PACKAGES CHROMIUM PAGE PICTURE.

import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

const [packages, chromiumPath, html, picture] = process.argv.slice(2);
const { chromium } = createRequire(join(packages, "package.json"))("playwright-core");
const browser = await chromium.launch({
  executablePath: chromiumPath,
  args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1120, height: 1240 }, colorScheme: "light" });
await page.goto(`file://${html}`);
await page.waitForSelector("html[data-ready]");
// The slider stands at the window's foot; in a picture it would hide what is behind it.
await page.addStyleTag({ content: ".scrubber { position: static !important }" }).catch(() => {});
await mkdir(dirname(picture), { recursive: true });
await page.screenshot({ path: picture });
await browser.close();
