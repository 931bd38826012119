// Bundles each test and runs it with Node's test runner. With names: only the tests whose file name contains one.
// The browser test needs a built console, Chromium, and the service's program in ONDEMAND_SERVICE.

import { build } from "esbuild";
import { spawn } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const wanted = process.argv.slice(2);
const all = (await readdir(`${root}tests`)).filter((name) => name.endsWith(".test.ts"));
const tests = all.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));
if (tests.length === 0) throw new Error(`no test is called ${wanted.join(" or ")}`);

const outdir = `${root}target/tests`;
await rm(outdir, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: tests.map((name) => `tests/${name}`),
  outdir,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node18",
  sourcemap: "inline",
  logLevel: "warning",
});

const files = tests.map((name) => `target/tests/${name.replace(/\.ts$/, ".mjs")}`);
const run = spawn(process.execPath, ["--enable-source-maps", "--test", ...files], { cwd: root, stdio: "inherit" });
run.on("exit", (code) => process.exit(code ?? 1));
