import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import ts from "typescript";
import { catalogues, extract } from "../scripts/texts.mjs";
import { LANGUAGES } from "../src/language";
import { text } from "../src/strings";
import * as account from "../src/strings/account";
import * as files from "../src/strings/files";
import * as join from "../src/strings/join";
import * as manage from "../src/strings/manage";
import { ACTIONS, PERMISSIONS } from "../src/types";

interface Schema {
  readonly enum?: string[];
  readonly oneOf?: { readonly properties: Record<string, { readonly enum?: string[] }> }[];
}

const document = readFileSync("../../../docs/api/openapi.json", "utf8");
const { components } = JSON.parse(document) as { components: { schemas: Record<string, Schema> } };

function values(name: string): string[] {
  const schema = components.schemas[name];
  const found = schema?.enum ?? schema?.oneOf?.flatMap((it) => it.properties.state?.enum ?? []) ?? [];
  assert.notEqual(found.length, 0, `${name} has no values in the document`);
  return [...found].sort();
}

test("everything the service can say has words, and nothing else does", () => {
  const tables: [string, object][] = [
    ["Permission", text.permissions.names],
    ["Permission", text.permissions.meanings],
    ["Action", text.session.actionNames],
    ["AuditAction", manage.audit.actions],
    ["DomainBy", manage.organisation.domainBy],
    ["EndReason", text.session.endReasons],
    ["EndReason", text.history.outcomes],
    ["InputMethod", text.request.givenBy],
    ["InvitationState", text.invitations.states],
    ["ProblemCode", text.problems],
    ["RejectReason", text.request.reasons],
    ["RequestState", text.request.states],
    ["RequestState", text.request.badges],
    ["Role", text.roles],
    ["Role", manage.operators.roleMeanings],
    ["UnansweredCause", text.request.causes],
  ];
  for (const [name, table] of tables) assert.deepEqual(Object.keys(table).sort(), values(name), name);
  assert.deepEqual([...PERMISSIONS].sort(), values("Permission"));
  assert.deepEqual([...ACTIONS].sort(), values("Action"));
});

test("every text is used", () => {
  const source = [...sources("src").values()].join("\n");
  const used = (name: string) => new RegExp(`\\b${name.replaceAll(".", "\\.")}\\b`).test(source);
  for (const [group, texts] of Object.entries(text)) {
    if (typeof texts === "function" || typeof texts === "string") {
      assert.ok(used(`text.${group}`), `text.${group}`);
      continue;
    }
    // Looked up by code, as the test above says of every table.
    if (group === "problems" || group === "roles") continue;
    for (const key of Object.keys(texts)) assert.ok(used(`text.${group}.${key}`), `text.${group}.${key}`);
  }
  for (const tables of [account, files, join, manage]) {
    for (const [table, texts] of Object.entries<object>(tables)) {
      for (const key of Object.keys(texts)) assert.ok(used(`${table}.${key}`), `${table}.${key}`);
    }
  }
});

/** Attributes whose values people read. */
const READ = ["alt", "aria-label", "label", "placeholder", "title"];
const LETTERS = /\p{L}{2}/u;

test("no text stands outside the catalogue", () => {
  for (const [file, content] of sources("src")) {
    const source = ts.createSourceFile(file, content, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX);
    const visit = (node: ts.Node): void => {
      const attribute = ts.isJsxAttribute(node) && READ.includes(node.name.getText(source)) ? node.initializer : undefined;
      const literal = ts.isJsxExpression(node) && !ts.isJsxAttribute(node.parent) ? node.expression : attribute;
      const shown = ts.isJsxText(node) ? node : literal && ts.isStringLiteral(literal) ? literal : undefined;
      if (shown) assert.doesNotMatch(shown.text, LETTERS, file);
      ts.forEachChild(node, visit);
    };
    visit(source);
  }
});

const texts = await extract();
const known = await catalogues();

test("there is a catalogue for each language but English", () => {
  assert.deepEqual([...known.keys(), "en"].sort(), Object.keys(LANGUAGES).sort());
});

for (const [language, { headers, translations }] of known) {
  test(`every text is translated into ${language}, and nothing else`, () => {
    const listed = Object.entries(translations).flatMap(([context, entries]) =>
      Object.keys(entries).filter(Boolean).map((id) => `${context}|${id}`),
    );
    assert.deepEqual(listed.sort(), texts.map((it) => `${it.context}|${it.id}`).sort(), "run `npm run texts`");
    const forms = Number(/nplurals=(\d)/.exec(headers["Plural-Forms"] ?? "")?.[1]);
    for (const { context, id, plural } of texts) {
      const entry = translations[context]?.[id];
      assert.ok(entry);
      assert.equal(entry.msgstr.length, plural ? forms : 1, id);
      assert.equal(entry.comments?.flag, undefined, `${id}: a translator is not sure`);
      for (const form of entry.msgstr) {
        assert.notEqual(form.trim(), "", `${id} is not translated`);
        // One and two are often words of their own.
        const may = plural ? [...placeholders(id), "{count}"] : placeholders(id);
        const must = plural ? may.filter((it) => it !== "{count}") : may;
        const has = placeholders(form);
        assert.deepEqual(has.filter((it) => !may.includes(it)), [], `${id}: ${form}`);
        assert.deepEqual(must.filter((it) => !has.includes(it)), [], `${id}: ${form}`);
        assert.equal(form.endsWith("…"), id.endsWith("…"), `${id}: ${form}`);
      }
    }
  });
}

function placeholders(words: string): string[] {
  return (words.match(/\{\w+\}/g) ?? []).sort();
}

function sources(folder: string): Map<string, string> {
  const inside = readdirSync(folder, { withFileTypes: true }).flatMap((it): [string, string][] => {
    const place = path.join(folder, it.name);
    if (it.isDirectory()) return ["generated", "strings"].includes(it.name) ? [] : [...sources(place)];
    return it.name !== "strings.ts" && /\.tsx?$/.test(it.name) ? [[place, readFileSync(place, "utf8")]] : [];
  });
  return new Map(inside);
}
