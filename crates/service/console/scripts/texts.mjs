// The texts of src/strings.ts and src/strings/ and their translations in locales/*.po, as gettext sees them.

import { readdir, readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import gettext from "gettext-parser";
import ts from "typescript";

// npm runs everything in the console's own folder, and tests are bundled to another one.
const root = pathToFileURL(`${process.cwd()}/`);
export const folder = new URL("locales/", root);
const SOURCES = ["src/strings.ts", ...["values", "account", "manage", "join", "files"].map((it) => `src/strings/${it}.ts`)];

/** Every text: its context, its words, its plural, and the keys under which it stands. */
export async function extract() {
  const found = new Map();
  const visit = (source, node, path) => {
    const inside = ts.isPropertyAssignment(node) ? [...path, node.name.getText(source)] : path;
    if (ts.isCallExpression(node) && ["t", "within", "counted"].includes(node.expression.getText(source))) {
      const words = node.arguments.filter(ts.isStringLiteral).map((it) => it.text);
      const [context, id, plural] = {
        t: ["", words[0], undefined],
        within: [words[0], words[1], undefined],
        counted: ["", words[0], words[1]],
      }[node.expression.getText(source)];
      if (id === undefined) throw new Error(`${inside.join(".")} has no words that can be read here`);
      const key = `${context}\u0004${id}`;
      const known = found.get(key) ?? { context, id, plural, places: [] };
      if (known.plural !== plural) throw new Error(`“${id}” is counted in one place and not in another`);
      known.places.push(inside.join("."));
      found.set(key, known);
    }
    ts.forEachChild(node, (child) => visit(source, child, inside));
  };
  for (const path of SOURCES) {
    const source = ts.createSourceFile(path, await readFile(new URL(path, root), "utf8"), ts.ScriptTarget.ES2022, true);
    for (const statement of source.statements) {
      // Those of strings.ts are told apart by the keys of its one object.
      const declared = path === SOURCES[0] ? undefined : statement.declarationList?.declarations[0].name.getText(source);
      visit(source, statement, declared ? [declared] : []);
    }
  }
  return [...found.values()];
}

/** The catalogues by language. */
export async function catalogues() {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".po")).sort();
  const read = async (name) => [name.slice(0, -3), gettext.po.parse(await readFile(new URL(name, folder)))];
  return new Map(await Promise.all(names.map(read)));
}
