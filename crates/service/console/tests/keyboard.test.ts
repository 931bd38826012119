// The operator's main job without a pointer, and as a screen reader tells it: roles, names, where the focus is, and what is
// announced. Nothing here is found by how it looks.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Locator, Page } from "playwright-core";
import { Stage } from "./support/browser";
import { eventually } from "./support/files";
import { LOGIN, PASSWORD } from "./support/service";

const stage = new Stage();

before(() => stage.set());

after(() => stage.strike());

/** Keeps what live parts of the page say, from before its own scripts run. */
function listen(): void {
  const said: string[] = [];
  const live = '[role="status"], [role="alert"], [role="log"], [aria-live="polite"], [aria-live="assertive"]';
  Object.assign(window, { said });
  const observer = new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes) {
      const changed = [...addedNodes, ...(target instanceof Text ? [target] : [])];
      // A live part is read when it changes; what only comes with it is not.
      if (!(target instanceof Element ? target : target.parentElement)?.closest(live)) continue;
      said.push(...changed.map((it) => (it instanceof HTMLElement ? it.innerText : (it.textContent ?? ""))));
    }
  });
  observer.observe(document, { subtree: true, childList: true, characterData: true });
}

async function hears(page: Page, words: string): Promise<void> {
  const heard = (wanted: string) => (window as unknown as { said: string[] }).said.some((it) => it.includes(wanted));
  await page.waitForFunction(heard, words).catch(async () => {
    const said = await page.evaluate(() => (window as unknown as { said: string[] }).said);
    assert.fail(`“${words}” was not announced, but: ${said.join(" | ")}`);
  });
}

const hasFocus = (it: Locator) => it.evaluate((element) => element === document.activeElement);

/** Goes on with the Tab key until there. */
async function tabTo(page: Page, wanted: Locator, key = "Tab"): Promise<void> {
  await wanted.waitFor();
  for (let presses = 0; presses < 40; presses++) {
    if (await hasFocus(wanted)) return;
    await page.keyboard.press(key);
  }
  assert.fail(`${String(wanted)} cannot be reached with ${key}`);
}

/** Where the focus is, there is something: a keyboard user who lost it begins anew at the top of the page. */
async function keepsItsPlace(page: Page): Promise<void> {
  await page.waitForFunction(() => document.activeElement !== document.body);
}

test("sign in, invite, ask, talk and end: by keyboard alone, and announced", async () => {
  await stage.open(async (page) => {
    await page.addInitScript(listen);
    const press = (key: string) => page.keyboard.press(key);
    const button = (name: string | RegExp) => page.getByRole("button", { name, exact: true });
    await page.goto(stage.service.url);
    await page.getByRole("textbox", { name: "Sign-in name" }).waitFor();
    await page.keyboard.type(LOGIN);
    await press("Tab");
    await page.keyboard.type(PASSWORD);
    await press("Enter");
    await page.getByRole("main").getByRole("heading", { name: "Invitations" }).waitFor();
    await keepsItsPlace(page);

    await tabTo(page, page.getByRole("textbox", { name: /^Who is it for/ }));
    await page.keyboard.type("Ursula");
    await press("Enter");
    await tabTo(page, button("Copy code"));
    await press("Enter");
    const code = (await page.evaluate(() => navigator.clipboard.readText())).replaceAll("-", "");
    await hears(page, code.replace(/(...)(...)(...)/, "$1-$2-$3"));
    const agent = stage.agent();
    await agent.join(code);
    await hears(page, "A user joined: Ursula.");

    const ask = button("Ask to connect");
    await tabTo(page, ask);
    await press("Enter");
    const dialog = page.getByRole("dialog", { name: /Ursula/ });
    await dialog.waitFor();
    const outside = page.getByRole("textbox", { name: /^Who is it for/ });
    const inDialog = () => dialog.evaluate((it) => it.contains(document.activeElement) || document.activeElement === document.body);
    for (let presses = 0; presses < 15; presses++) {
      await press("Tab");
      // Between its last part and its first, the browser's own controls have their turn.
      assert.ok((await inDialog()) && !(await hasFocus(outside)), "the focus stays in the dialog");
    }
    await press("Escape");
    await dialog.waitFor({ state: "detached" });
    await eventually(async () => assert.ok(await hasFocus(ask), "the focus is where the dialog was opened"));

    await press("Enter");
    const view = dialog.getByRole("checkbox", { name: /^View the desktop/ });
    await tabTo(page, view);
    await press("Space");
    assert.ok(!(await view.isChecked()));
    await tabTo(page, dialog.getByRole("button", { name: "Send request" }));
    await press("Enter");
    const request = await agent.request();
    assert.deepEqual(request.terms.permissions, ["chat", "messages"]);
    await agent.shown(request);
    await hears(page, "On the user's screen");
    await keepsItsPlace(page);
    const permissions = ["chat", "messages"] as const;
    const session = await agent.decide(request, { outcome: "approved", permissions: [...permissions], limit_secs: 3600 });
    assert.ok(session);
    await hears(page, "Approved: everything you asked for is granted.");
    await page.getByRole("heading", { level: 1, name: "Ursula" }).waitFor();
    await keepsItsPlace(page);
    await page.waitForFunction(() => document.title.includes("Ursula"));

    const field = page.getByRole("textbox", { name: "Message" });
    await tabTo(page, field);
    await page.keyboard.type("Hello Ursula");
    await press("Enter");
    await agent.event((it) => it.type === "message");
    await hears(page, "Hello Ursula");
    await agent.say(session, "The printer blinks.");
    await hears(page, "The printer blinks.");
    assert.ok(await hasFocus(field), "what comes in does not take the focus away");

    await tabTo(page, button("End session"), "Shift+Tab");
    await press("Enter");
    await agent.event((it) => it.type === "session_ended");
    await hears(page, "The operator ended the session.");
    await keepsItsPlace(page);
    await tabTo(page, page.getByRole("link", { name: "Overview" }).last(), "Shift+Tab");
    await press("Enter");
    await page.getByRole("heading", { name: "Invitations" }).waitFor();
    await keepsItsPlace(page);
  });
});
