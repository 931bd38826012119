import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { text } from "../src/strings";
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
    ["EndReason", text.session.endReasons],
    ["InputMethod", text.request.givenBy],
    ["InvitationState", text.invitations.states],
    ["RejectReason", text.request.reasons],
    ["RequestState", text.request.states],
    ["RequestState", text.request.badges],
    ["UnansweredCause", text.request.causes],
  ];
  for (const [name, table] of tables) assert.deepEqual(Object.keys(table).sort(), values(name), name);
  assert.deepEqual([...PERMISSIONS].sort(), values("Permission"));
  assert.deepEqual([...ACTIONS].sort(), values("Action"));
});

test("every text is used", () => {
  const source = sources("src").join("\n");
  const used = (name: string) => new RegExp(`\\b${name.replaceAll(".", "\\.")}\\b`).test(source);
  for (const [group, texts] of Object.entries(text)) {
    if (typeof texts === "function" || typeof texts === "string") {
      assert.ok(used(`text.${group}`), `text.${group}`);
      continue;
    }
    for (const key of Object.keys(texts)) assert.ok(used(`text.${group}.${key}`), `text.${group}.${key}`);
  }
});

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((it) => {
    const inside = join(folder, it.name);
    if (it.isDirectory()) return sources(inside);
    return it.name !== "strings.ts" && /\.tsx?$/.test(it.name) ? [readFileSync(inside, "utf8")] : [];
  });
}
