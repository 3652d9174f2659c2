// Bundles `web/` into `dist/`: a script and a style sheet for the report, for verdicts and for the flight simulator, which the Rust crate
// inlines, and the SHA-256 of the simulator's script, by which its policy names it. Run by `cargo xtask page`; with `--check` it writes nothing and fails if `dist/` is not what the sources give.
//
// Packages are looked for in the folder that NODE_PATH names, outside the repository.

import { createHash } from "node:crypto";
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
  entryPoints: {
    page: join(here, "web/main.js"),
    check: join(here, "web/check.js"),
    live: join(here, "web/live.js"),
  },
  nodePaths: [packages],
  bundle: true,
  minify: true,
  legalComments: "none",
  format: "iife",
  target: ["chrome115", "firefox115", "safari17"],
  charset: "utf8",
  write: false,
  outdir: join(here, "dist"),
});
const made = new Map();
for (const file of outputFiles) {
  const isScript = file.path.endsWith(".js");
  // Inside a script element only `</script` can end it.
  const text =
    (isScript ? await licences() : "") +
    file.text.replaceAll("</script", "<\\/script");
  made.set(file.path, text);
  if (file.path.endsWith("live.js"))
    made.set(
      file.path.replace(".js", ".sha256"),
      `${createHash("sha256").update(text).digest("base64")}\n`,
    );
}
for (const [path, text] of made) {
  if (process.argv.includes("--check")) {
    const kept = await readFile(path, "utf8").catch(() => "");
    if (kept !== text) {
      console.error(`${path} is not what the sources give: cargo xtask page`);
      process.exitCode = 1;
    }
  } else {
    await writeFile(path, text);
    console.log(`${path}: ${Math.ceil(text.length / 1000)} kB`);
  }
}
