// What administrators manage, the history of sessions, one's own account and the language, in a real browser.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { png } from "./support/png";
import { Stage } from "./support/browser";
import { LOGIN, PASSWORD } from "./support/service";

const OSCARS_PASSWORD = "four words of his own";

const stage = new Stage();
const { agent: newAgent, open, picture, signIn } = stage;

before(() => stage.set());

after(() => stage.strike());

const goTo = (page: Page, place: string) => page.getByRole("navigation").getByRole("link", { name: place }).click();
const dialog = (page: Page) => page.getByRole("dialog");

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Sign-in name").waitFor();
}

async function signInAs(page: Page, login: string, password: string): Promise<void> {
  await page.getByLabel("Sign-in name").fill(login);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("an administrator adds an operator, who chooses an own password, works, and is disabled", async () => {
  await open(async (page) => {
    await signIn(page);
    await goTo(page, "Operators");
    await page.getByRole("button", { name: "Add operator" }).click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Oscar Example with a name that goes on and on");
    await dialog(page).getByLabel("Sign-in name").fill(LOGIN);
    await picture(page, "operator-add");
    await dialog(page).getByRole("button", { name: "Add operator" }).click();
    await dialog(page).getByText("Somebody has this sign-in name already").waitFor();
    await dialog(page).getByLabel("Sign-in name").fill("oscar");
    await dialog(page).getByRole("button", { name: "Add operator" }).click();
    const told = dialog(page).locator(".told code");
    const oneTime = await told.innerText();
    assert.match(oneTime, /^[a-z2-9]{5}(-[a-z2-9]{5}){3}$/);
    await picture(page, "operator-password");
    await dialog(page).getByRole("button", { name: "Done" }).click();
    const oscar = page.locator("li.account-row").filter({ hasText: "Oscar Example" });
    await oscar.getByText("One-time password, good until").waitFor();
    await picture(page, "operators");
    await signOut(page);

    await signInAs(page, "oscar", oneTime);
    await page.getByRole("heading", { name: "Choose your own password" }).waitFor();
    await picture(page, "first-password");
    const choose = async (again: string) => {
      await page.getByLabel("One-time password").fill(oneTime);
      await page.getByLabel("New password", { exact: true }).fill(OSCARS_PASSWORD);
      await page.getByLabel("New password once more").fill(again);
      await page.getByRole("button", { name: "Change password" }).click();
    };
    await choose("something else");
    await page.getByText("The two new passwords are not the same").waitFor();
    await choose(OSCARS_PASSWORD);
    await page.getByRole("heading", { name: "Invitations" }).waitFor();
    assert.deepEqual(await page.getByRole("navigation").getByRole("link").allInnerTexts(), ["Overview", "Sessions"]);
    await page.goto(`${stage.service.url}/#/operators`);
    await page.getByRole("heading", { name: "Invitations" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Invitations" }).waitFor();
    await signOut(page);

    await signIn(page);
    await goTo(page, "Operators");
    await oscar.getByText("Signed in just now").waitFor();
    await oscar.getByRole("button", { name: /^Edit/ }).click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Oscar Sample");
    await dialog(page).getByLabel("Administrator").check();
    await dialog(page).getByText("signs in again").waitFor();
    await dialog(page).getByRole("button", { name: "Save" }).click();
    const renamed = page.locator("li.account-row").filter({ hasText: "Oscar Sample" });
    await renamed.getByText("Administrator").waitFor();
    await renamed.getByRole("button", { name: "Disable Oscar Sample" }).click();
    await dialog(page).getByRole("button", { name: "Disable" }).click();
    await renamed.getByText("Disabled").waitFor();
    await renamed.getByRole("button", { name: "Enable Oscar Sample" }).click();
    await renamed.getByText("Signed in").waitFor();
    await renamed.getByRole("button", { name: "Reset the password of Oscar Sample" }).click();
    await dialog(page).getByRole("button", { name: "Reset password" }).click();
    await told.waitFor();
    assert.notEqual(await told.innerText(), oneTime);
  });
});

test("the organisation's look is set, previewed and refused where it is no picture", async () => {
  await open(async (page) => {
    await signIn(page);
    await goTo(page, "Organisation");
    await page.getByText("support.example").waitFor();
    await page.getByText("Approved by whoever runs this service.").waitFor();
    const file = join(tmpdir(), `logo-${process.pid}.png`);
    const choose = async (content: Buffer) => {
      await writeFile(file, content);
      await page.locator("input[type=file]").setInputFiles(file);
    };
    await choose(Buffer.from("<svg/>"));
    await page.getByText("This is not a PNG or JPEG picture").waitFor();
    await choose(png(900, 200));
    await page.locator(".logo-box img").waitFor();
    assert.equal(await page.locator(".logo-box img").evaluate((it: HTMLImageElement) => it.decode().then(() => it.naturalWidth)), 624);
    await page.getByLabel("Display text").fill("Help desk, ext. 7000");
    await page.getByRole("textbox", { name: "Accent colour" }).fill("blue");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Write the colour as #").waitFor();
    await page.getByRole("textbox", { name: "Accent colour" }).fill("#7A3FA0");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Computers show it within moments").first().waitFor();
    await page.locator(".notice").first().waitFor({ state: "detached", timeout: 20_000 });
    await picture(page, "organisation");
    await page.reload();
    await page.locator(".preview img").first().waitFor();
    assert.equal(await page.getByLabel("Display text").inputValue(), "Help desk, ext. 7000");
    assert.equal(await page.getByRole("textbox", { name: "Accent colour" }).inputValue(), "#7a3fa0");
    await page.getByRole("button", { name: "Remove logo" }).click();
    await page.getByText("No logo yet").waitFor();
  });
});

test("a group, a token that enrols, a narrower group and a revoked token", async () => {
  await open(async (page) => {
    await signIn(page);
    await goTo(page, "Enrolment");
    await page.getByRole("button", { name: "Add group" }).click();
    await dialog(page).getByLabel("Name").fill("Laboratory");
    await dialog(page).getByLabel("An operator accepts each new device").uncheck();
    await picture(page, "group-add");
    await dialog(page).getByRole("button", { name: "Add group" }).click();
    const group = page.locator("section.panel").filter({ hasText: "Laboratory" });
    await group.getByRole("button", { name: "New token for Laboratory" }).click();
    await dialog(page).getByLabel("What is it for?").fill("Spring rollout");
    await dialog(page).getByLabel("Number of computers").fill("20");
    await dialog(page).getByRole("button", { name: "Make token" }).click();
    const token = await dialog(page).locator(".told code").innerText();
    await picture(page, "token-told");
    await dialog(page).getByRole("button", { name: "Done" }).click();
    const agent = newAgent();
    await agent.enrol(token, "LAB-01", "Una Sample");
    await page.reload();
    await group.getByText("1 computer enrolled · 19 uses left").waitFor();
    await group.getByText("1 device", { exact: true }).waitFor();
    await picture(page, "enrolment");

    await group.getByRole("button", { name: "Edit the group Laboratory" }).click();
    await dialog(page).getByLabel("Use keyboard and mouse").uncheck();
    await dialog(page).getByText("lose at once what you take away").waitFor();
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await dialog(page).waitFor({ state: "detached" });
    const changed = await agent.event((it) => it.type === "device_changed");
    assert.ok(!JSON.stringify(changed).includes("control"));
    await group.getByRole("button", { name: "Revoke Spring rollout" }).click();
    await dialog(page).getByRole("button", { name: "Revoke" }).click();
    await group.getByText("Revoked").waitFor();
    await assert.rejects(newAgent().enrol(token, "LAB-02", "Udo Sample"), /enrolment_refused/);
  });
});

test("past sessions are found by words, permission, outcome and date", async () => {
  // The desktop opens by itself, and no computer is behind these agents.
  await open(async (page) => {
    await signIn(page);
    await page.goto(`${stage.service.url}/#/sessions`);
    await page.getByText("No sessions yet").waitFor();
    await page.goto(`${stage.service.url}/#/`);
    for (const [index, name] of ["Ursula, printer", "Udo, scanner", "Una, \u202eheadset <b>"].entries()) {
      const guest = newAgent();
      await page.getByLabel("Who is it for?").fill(name);
      await page.getByRole("button", { name: "Create invitation" }).click();
      const card = page.locator("li.card").filter({ hasText: name.slice(0, 4) });
      await guest.join((await card.locator(".digits").innerText()).replaceAll("-", ""));
      await card.getByRole("button", { name: "Ask to connect" }).click();
      if (index === 1) await dialog(page).getByLabel("Use keyboard and mouse").check();
      await page.getByRole("button", { name: "Send request" }).click();
      const request = await guest.request();
      const permissions = request.terms.permissions;
      const session = await guest.decide(request, { outcome: "approved", permissions, limit_secs: 3600 });
      assert.ok(session);
      // The page goes there by itself.
      await page.waitForURL(/#\/sessions\//);
      if (index < 2) await guest.end(session, index === 0 ? "user" : "locked");
      await page.goto(`${stage.service.url}/#/`);
    }
    await goTo(page, "Sessions");
    const rows = page.locator(".history li");
    await rows.nth(2).waitFor();
    await picture(page, "history");
    const found = async (...names: string[]) => {
      await page.waitForFunction((count) => document.querySelectorAll(".history li").length === count, names.length);
      for (const [at, name] of names.entries()) await rows.nth(at).getByText(name).waitFor();
    };
    await page.getByRole("searchbox", { name: "Search" }).fill("URSULA print");
    await found("Ursula, printer");
    await page.getByRole("button", { name: "Clear filters" }).click();
    await found("Una", "Udo", "Ursula");
    await page.getByLabel("Permission").selectOption("control");
    await found("Udo, scanner");
    await page.getByLabel("Permission").selectOption("");
    await page.getByLabel("How it ended").selectOption("user");
    await found("Ursula, printer");
    await page.getByLabel("How it ended").selectOption("");
    await page.getByRole("textbox", { name: "To" }).fill("2020-01-01");
    await page.getByText("No session matches").waitFor();
    await page.getByRole("button", { name: "Clear filters" }).click();
    await found("Una", "Udo", "Ursula");
    await rows.nth(1).getByRole("link").click();
    await page.getByText("The user's screen stayed locked for too long.").waitFor();
  }, { expected: /^Failed to load resource|^WebSocket connection to .* 409$|^Failed when connecting: .*session_ended/ });
});

test("the account page changes the password, and the menu closes as menus do", async () => {
  await open(async (page) => {
    await signIn(page);
    const menu = page.getByRole("button", { name: "Account of Olivia Example" });
    await menu.click();
    await picture(page, "account-menu");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Sign out" }).waitFor({ state: "detached" });
    assert.ok(await menu.evaluate((it) => it === document.activeElement));
    await menu.click();
    await page.getByRole("link", { name: "Your account" }).click();
    await page.getByRole("heading", { name: "Change password" }).waitFor();
    await picture(page, "account");
    await page.getByLabel("Present password").fill("wrong");
    await page.getByLabel("New password", { exact: true }).fill("another long password");
    await page.getByLabel("New password once more").fill("another long password");
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("The present password is wrong").waitFor();
    await page.getByLabel("Present password").fill(PASSWORD);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByText("Your password is changed").waitFor();
    await page.getByLabel("Present password").fill("another long password");
    await page.getByLabel("New password", { exact: true }).fill(PASSWORD);
    await page.getByLabel("New password once more").fill(PASSWORD);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.waitForFunction(() => document.querySelectorAll(".notice-good").length === 2);
  });
});

test("the page speaks the browser's language until another is chosen, and Arabic is mirrored", async () => {
  await open(
    async (page) => {
      await page.goto(stage.service.url);
      await page.getByRole("button", { name: "Anmelden" }).waitFor();
      assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ["de", "ltr"]);
      await page.getByRole("combobox").selectOption("ar");
      await page.waitForFunction(() => document.documentElement.dir === "rtl");
      await page.locator("input[name=login]").fill(LOGIN);
      await page.locator("input[name=password]").fill(PASSWORD);
      await page.locator("form button").click();
      await page.locator(".new-invitation input").fill("أحمد (Printer)");
      await page.locator(".new-invitation button").click();
      await page.locator(".card .digits").waitFor();
      // What is read first stands at the right.
      const [brand, account] = await Promise.all([".brand", ".account"].map((it) => page.locator(it).boundingBox()));
      assert.ok(brand && account && brand.x > account.x);
      await picture(page, "arabic-overview");
      for (const place of ["sessions", "operators", "enrolment", "organisation", "audit", "account"]) {
        await page.goto(`${stage.service.url}/#/${place}`);
        await page.locator(".page .panel").first().waitFor();
        await picture(page, `arabic-${place}`);
      }
      await page.goto(`${stage.service.url}/join`);
      await page.locator(".code-field").waitFor();
      await picture(page, "arabic-join");
    },
    { locale: "de-AT" },
  );
});

for (const language of ["de", "es", "fr", "it", "ko"]) {
  test(`nothing is cut off or too wide in ${language}`, async () => {
    await open(
      async (page) => {
        await page.goto(stage.service.url);
        await page.locator("input[name=login]").fill(LOGIN);
        await page.locator("input[name=password]").fill(PASSWORD);
        await page.locator("form button").click();
        await page.locator(".new-invitation").waitFor();
        for (const place of ["", "sessions", "operators", "enrolment", "organisation", "audit", "account"]) {
          await page.goto(`${stage.service.url}/#/${place}`);
          await page.locator(".panel").first().waitFor();
          await picture(page, `${language}-${place || "overview"}`);
        }
      },
      { locale: language },
    );
  });
}
