// The file browser's tests: a session with a real folder at the other end of the tunnel, and what is found on the page.

import assert from "node:assert/strict";
import type { Locator, Page } from "playwright-core";
import type { Permission } from "../../src/types";
import type { ScriptedAgent } from "./agent";
import { card, Stage } from "./browser";
import { Folder } from "./folder";
import type { Tunnel } from "./tunnel";

export const READ: Permission[] = ["files_read", "chat", "messages"];
export const WRITE: Permission[] = ["files_read", "files_write", "chat", "messages"];

export interface Running {
  readonly agent: ScriptedAgent;
  readonly session: string;
  readonly tunnel: Tunnel;
  readonly folder: Folder;
}

/** A stage on which folders are shared. */
export class FileStage extends Stage {
  private readonly folders: Folder[] = [];

  /** Signs in and brings a session about; ends on its page. */
  readonly sessionWith = async (page: Page, label: string, permissions: Permission[]): Promise<Running> => {
    await this.signIn(page);
    const agent = await this.invite(page, label);
    await card(page, label).getByRole("button", { name: "Ask to connect" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("View the desktop").uncheck();
    await dialog.getByLabel("View and copy files").check();
    await dialog.getByLabel("Edit and place files").check();
    await page.getByRole("button", { name: "Send request" }).click();
    const session = await agent.decide(await agent.request(), { outcome: "approved", permissions, limit_secs: 3600 });
    assert.ok(session);
    await page.getByRole("heading", { level: 1, name: label }).waitFor();
    await page.getByRole("button", { name: "Dismiss" }).click();
    const folder = await Folder.share(session);
    this.folders.push(folder);
    return { agent, session, folder, tunnel: await reach(agent, session, folder) };
  };

  override async strike(): Promise<void> {
    await Promise.all(this.folders.map((it) => it.remove()));
    await super.strike();
  }
}

export async function reach(agent: ScriptedAgent, session: string, folder: Folder): Promise<Tunnel> {
  const tunnel = await agent.tunnel(session, { monitors: [] });
  tunnel.folder = folder;
  return tunnel;
}

export const browser = (page: Page) => page.getByRole("region", { name: "Files" });
export const row = (page: Page, name: string) => browser(page).getByRole("row").filter({ hasText: name });
export const tool = (page: Page, name: string) => browser(page).getByRole("button", { name, exact: true });
export const transfer = (page: Page, name: string) => page.getByRole("region", { name: "Transfers" }).getByRole("listitem").filter({ hasText: name });
export const openFiles = (page: Page) => page.getByRole("button", { name: "Open files" }).click();

/** The names in the list, as they are shown. */
export function names(page: Page): Promise<string[]> {
  return browser(page).locator("tbody .file-words").allInnerTexts();
}

export async function listed(page: Page, expected: string[]): Promise<void> {
  await eventually(async () => assert.deepEqual(await names(page), expected));
}

/** Tries until it holds. */
export async function eventually(check: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}

export async function choose(page: Page, files: readonly { readonly name: string; readonly content: Buffer | string }[]): Promise<void> {
  const chooser = page.waitForEvent("filechooser");
  await tool(page, "Upload").click();
  await (await chooser).setFiles(
    files.map(({ name, content }) => ({ name, mimeType: "application/octet-stream", buffer: Buffer.from(content) })),
  );
}

/** Drops files, and what is a folder, on an element. */
export async function drop(on: Locator, files: readonly string[], folder?: string): Promise<void> {
  const data = await on.page().evaluateHandle(
    ([named, dir]) => {
      const transfer = new DataTransfer();
      for (const name of named) transfer.items.add(new File([`content of ${name}`], name));
      if (dir === undefined) return transfer;
      // Only a person can drop a folder; this is what the page gets to see of one.
      const items = [...transfer.items].map((it) => ({ kind: it.kind, webkitGetAsEntry: () => ({ isDirectory: false, name: "" }) }));
      items.push({ kind: "file", webkitGetAsEntry: () => ({ isDirectory: true, name: dir }) });
      Object.defineProperty(transfer, "items", { value: items });
      return transfer;
    },
    [files, folder] as const,
  );
  await on.dispatchEvent("dragenter", { dataTransfer: data });
  await on.dispatchEvent("dragover", { dataTransfer: data });
  await on.dispatchEvent("drop", { dataTransfer: data });
}
