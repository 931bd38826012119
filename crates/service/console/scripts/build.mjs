// Builds dist/: index.html, join.html and assets/ with a hash of the content in each name, so that the service may let
// browsers keep them for ever.

import { build, transform } from "esbuild";
import { readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

await rm(`${root}dist`, { recursive: true, force: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: ["src/console.tsx", "src/join.tsx", "src/styles/console.css", "src/styles/join.css", "src/icon.svg"],
  outdir: "dist/assets",
  outbase: "src",
  entryNames: "[name]-[hash]",
  chunkNames: "shared-[hash]",
  loader: { ".svg": "copy" },
  bundle: true,
  splitting: true,
  minify: true,
  // Escaped, Arabic and Korean would be twice as long.
  charset: "utf8",
  format: "esm",
  target: ["es2022"],
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [{ name: "styles", setup: (it) => it.onLoad({ filter: /\/src\/files\/.*\.css$/ }, stylesAsText) }],
  // A notice of noVNC's licence travels with it.
  legalComments: "inline",
  metafile: true,
  logLevel: "warning",
});

const built = new Map();
let total = 0;
// A browser loads one catalogue at most.
let catalogue = 0;
// Only loaded when a desktop is opened.
let viewer = 0;
// Only loaded when files are opened.
let files = 0;
// Only loaded by administrators.
let management = 0;
for (const [path, { entryPoint, inputs, bytes }] of Object.entries(metafile.outputs)) {
  if (Object.keys(inputs).every((it) => it.includes("/locales/"))) catalogue = Math.max(catalogue, bytes);
  else if (Object.keys(inputs).some((it) => it.includes("/@novnc/"))) viewer += bytes;
  else if (Object.keys(inputs).some((it) => it.startsWith("src/files/file-browser"))) files += bytes;
  else if (Object.keys(inputs).some((it) => it.startsWith("src/manage/management"))) management += bytes;
  else total += bytes;
  const source = entryPoint ?? (Object.keys(inputs).length === 1 ? Object.keys(inputs)[0] : undefined);
  if (source) built.set(source, path.replace(/^dist/, ""));
}

for (const page of ["index.html", "join.html"]) {
  const template = await readFile(`${root}src/${page}`, "utf8");
  const html = template.replaceAll(/\{\{(.+?)\}\}/g, (_, source) => {
    const path = built.get(source);
    if (!path) throw new Error(`src/${page} names ${source}, which was not built`);
    return path;
  });
  total += html.length;
  await writeFile(`${root}dist/${page}`, html);
}

const parts = [
  { name: "pages", bytes: total, limit: 172_000 },
  { name: "a catalogue", bytes: catalogue, limit: 120_000 },
  { name: "the viewer", bytes: viewer, limit: 220_000 },
  { name: "the file browser", bytes: files, limit: 60_000 },
  { name: "management", bytes: management, limit: 40_000 },
];
console.log(`dist: ${parts.map(({ name, bytes, limit }) => `${name} ${kilo(bytes)} of ${kilo(limit)} kB`).join(", ")}`);
if (parts.some(({ bytes, limit }) => bytes > limit)) throw new Error("the console has grown over its limit");

/** Styles of what is fetched later come with its code. */
async function stylesAsText({ path }) {
  const { code } = await transform(await readFile(path, "utf8"), { loader: "css", minify: true });
  return { contents: code, loader: "text" };
}

function kilo(bytes) {
  return (bytes / 1000).toFixed(1);
}
