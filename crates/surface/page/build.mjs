// Bundles `web/` into `dist/`: one script and one style sheet, which the Rust crate inlines. Run by `cargo xtask page`;
// with `--check` it writes nothing and fails if `dist/` is not what the sources give.
//
// Packages are looked for in the folder that NODE_PATH names, outside the repository.

import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";

const here = import.meta.dirname;
const packages = process.env.NODE_PATH ?? join(here, "node_modules");
const require = createRequire(join(packages, "package.json"));
const esbuild = require("esbuild");

/** What is inlined carries its licence along. */
async function licences() {
  const parts = [];
  for (const name of ["uplot", "@dagrejs/dagre"]) {
    const folder = join(packages, name);
    const { version, license } = JSON.parse(
      await readFile(join(folder, "package.json"), "utf8"),
    );
    if (license !== "MIT")
      throw new Error(
        `${name} is ${license}: the page may hold MIT and Apache-2.0`,
      );
    const text = await readFile(join(folder, "LICENSE"), "utf8");
    parts.push(`${name} ${version}\n\n${text.trim()}`);
  }
  return `/*!\nThis script contains:\n\n${parts.join("\n\n")}\n*/\n`;
}

const { outputFiles } = await esbuild.build({
  entryPoints: [join(here, "web/main.js")],
  nodePaths: [packages],
  bundle: true,
  minify: true,
  legalComments: "none",
  format: "iife",
  target: ["chrome115", "firefox115", "safari17"],
  charset: "utf8",
  write: false,
  outfile: join(here, "dist/page.js"),
});
let stale = false;
for (const file of outputFiles) {
  const isScript = file.path.endsWith(".js");
  // Inside a script element only `</script` can end it.
  const text =
    (isScript ? await licences() : "") +
    file.text.replaceAll("</script", "<\\/script");
  if (process.argv.includes("--check")) {
    const kept = await readFile(file.path, "utf8").catch(() => "");
    if (kept !== text) {
      console.error(
        `${file.path} is not what the sources give: cargo xtask page`,
      );
      stale = true;
    }
  } else {
    await writeFile(file.path, text);
    console.log(`${file.path}: ${Math.ceil(text.length / 1000)} kB`);
  }
}
process.exitCode = stale ? 1 : 0;
