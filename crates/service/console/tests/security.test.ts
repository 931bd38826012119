// The second factor, the audit log and the organisation's domain, in a real browser.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import { code, nextCode } from "./support/authenticator";
import { Stage } from "./support/browser";
import { NameServer } from "./support/dns";
import { LOGIN, PASSWORD } from "./support/service";

const stage = new Stage();
const { open, picture, signIn } = stage;
let names: NameServer;

before(async () => {
  names = await NameServer.start();
  await stage.set("--dns-server", names.address);
});

after(async () => {
  await stage.strike();
  names.stop();
});

const dialog = (page: Page) => page.getByRole("dialog");
const keyOf = (page: Page) => page.locator(".qr-key").innerText();
const codesOf = (page: Page) => page.locator(".recovery-codes code").allInnerTexts();

/** Signing in leads back to where the page was. */
const signedIn = (page: Page) => page.getByRole("button", { name: /^Account of/ }).waitFor();

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Sign-in name").waitFor();
}

/** So that each test begins with a password alone. */
const withoutSecondFactor = () => stage.service.cli("operator", "update", "--login", LOGIN, "--reset-second-factor");

/** With nothing but the keyboard, as somebody does who hears the page. */
async function typePassword(page: Page): Promise<void> {
  await page.getByLabel("Sign-in name").waitFor();
  await page.keyboard.type(LOGIN);
  await page.keyboard.press("Tab");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
}

test("a second factor is set up, asked for at sign-in, and taken away again", async () => {
  await open(async (page) => {
    await signIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await page.getByRole("button", { name: "Set up" }).click();
    await page.locator(".panel input[name=password]").fill("wrong");
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByText("The present password is wrong").waitFor();
    await page.locator(".panel input[name=password]").fill(PASSWORD);
    await page.getByRole("button", { name: "Next" }).click();
    const key = await keyOf(page);
    const drawn = page.getByRole("img", { name: "QR code for an authenticator app" });
    assert.ok(await drawn.evaluate((it: HTMLImageElement) => it.decode().then(() => it.naturalWidth > 100)));
    await picture(page, "second-factor-set-up");
    await page.getByLabel("Code", { exact: true }).fill("000000");
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("The code is wrong or was used before").waitFor();
    await page.getByLabel("Code", { exact: true }).fill(code(key));
    await page.getByRole("button", { name: "Turn on" }).click();
    await page.getByText("Keep these recovery codes").waitFor();
    const codes = await codesOf(page);
    assert.equal(codes.length, 10);
    await picture(page, "second-factor-codes");
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByText("10 recovery codes are left.").waitFor();
    await picture(page, "second-factor-on");
    await signOut(page);

    await typePassword(page);
    await page.getByRole("heading", { name: "Enter your code" }).waitFor();
    const field = page.getByLabel("Code", { exact: true });
    assert.ok(await field.evaluate((it) => it === document.activeElement), "the focus is where the code goes");
    assert.equal(await field.getAttribute("autocomplete"), "one-time-code");
    await picture(page, "sign-in-code");
    await page.keyboard.type("123456");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("The code is wrong or was used before").waitFor();
    await page.keyboard.press("Control+A");
    await page.keyboard.type(nextCode(key));
    await page.keyboard.press("Enter");
    await signedIn(page);
    await signOut(page);

    await typePassword(page);
    await page.getByRole("button", { name: "Back" }).click();
    await typePassword(page);
    await page.getByRole("heading", { name: "Enter your code" }).waitFor();
    await page.keyboard.type(codes[0]?.replaceAll("-", " ") ?? "");
    await page.keyboard.press("Enter");
    await signedIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await page.getByText("9 recovery codes are left.").waitFor();
    await page.getByRole("button", { name: "New recovery codes" }).click();
    const prove = async (submit: string, recovery: string) => {
      await dialog(page).getByLabel("Present password").fill(PASSWORD);
      await dialog(page).getByLabel("Code", { exact: true }).fill(recovery);
      await dialog(page).getByRole("button", { name: submit }).click();
    };
    await prove("New recovery codes", codes[1] ?? "");
    await dialog(page).getByText("Keep these recovery codes").waitFor();
    const fresh = await codesOf(page);
    await dialog(page).getByRole("button", { name: "I have kept them" }).click();
    await page.getByRole("button", { name: "Remove", exact: true }).click();
    await prove("Remove", codes[2] ?? "");
    await dialog(page).getByText("The code is wrong or was used before").waitFor();
    await picture(page, "second-factor-remove");
    await prove("Remove", fresh[0] ?? "");
    await page.getByText("Signing in takes the password alone").waitFor();
    await page.getByRole("button", { name: "Set up" }).waitFor();
  });
});

test("where it is demanded, setting one up comes first, and an administrator can take a lost one away", async () => {
  await withoutSecondFactor();
  await open(async (page) => {
    await signIn(page);
    await page.goto(`${stage.service.url}/#/operators`);
    await page.getByRole("button", { name: "Add operator" }).click();
    await dialog(page).getByLabel("Name", { exact: true }).fill("Oscar Example");
    await dialog(page).getByLabel("Sign-in name").fill("oscar");
    await dialog(page).getByRole("button", { name: "Add operator" }).click();
    const oneTime = await dialog(page).locator(".told code").innerText();
    await dialog(page).getByRole("button", { name: "Done" }).click();

    await page.goto(`${stage.service.url}/#/organisation`);
    await page.getByLabel("Operators need a second factor").click();
    await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await picture(page, "second-factor-first");
    const setUp = async (password: string) => {
      await page.locator("input[name=password]").fill(password);
      await page.getByRole("button", { name: "Next" }).click();
      const key = await keyOf(page);
      await page.getByLabel("Code", { exact: true }).fill(code(key));
      await page.getByRole("button", { name: "Turn on" }).click();
      await page.getByRole("button", { name: "I have kept them" }).click();
      return key;
    };
    const olivias = await setUp(PASSWORD);
    await page.getByLabel("Operators need a second factor").waitFor();
    assert.ok(await page.getByLabel("Operators need a second factor").isChecked());
    await signOut(page);

    const oscars = "four words of his own";
    await page.getByLabel("Sign-in name").fill("oscar");
    await page.getByLabel("Password").fill(oneTime);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByLabel("One-time password").fill(oneTime);
    await page.getByLabel("New password", { exact: true }).fill(oscars);
    await page.getByLabel("New password once more").fill(oscars);
    await page.getByRole("button", { name: "Change password" }).click();
    await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await setUp(oscars);
    await signedIn(page);
    await signOut(page);

    await typePassword(page);
    await page.getByRole("heading", { name: "Enter your code" }).waitFor();
    await page.keyboard.type(nextCode(olivias));
    await page.keyboard.press("Enter");
    await signedIn(page);
    await page.goto(`${stage.service.url}/#/operators`);
    const row = page.locator("li.account-row").filter({ hasText: "Oscar Example" });
    await row.getByText("second factor").waitFor();
    await row.getByRole("button", { name: /^Edit/ }).click();
    await picture(page, "operator-edit");
    await dialog(page).getByRole("button", { name: "Take the second factor away" }).click();
    await dialog(page).waitFor({ state: "detached" });
    await row.getByText("second factor").waitFor({ state: "detached" });
    await page.goto(`${stage.service.url}/#/organisation`);
    await page.getByLabel("Operators need a second factor").click();
    await page.getByText("A second factor is no longer needed.").waitFor();
    assert.ok(!(await page.getByLabel("Operators need a second factor").isChecked()));
  });
});

test("the audit log says what was done, and is searched", async () => {
  await withoutSecondFactor();
  await open(async (page) => {
    await signIn(page);
    await page.getByLabel("Who is it for?").fill("Ursula, \u202eprinter <b>");
    await page.getByRole("button", { name: "Create invitation" }).click();
    await page.locator(".card .digits").waitFor();
    await page.getByRole("navigation").getByRole("link", { name: "Audit log" }).click();
    const rows = page.locator(".audit li");
    await rows.first().getByText("Made an invitation").waitFor();
    await rows.first().getByText("Ursula").waitFor();
    await rows.filter({ hasText: "Took a second factor away" }).first().getByText("The service").waitFor();
    await picture(page, "audit");
    const found = (count: number) =>
      page.waitForFunction((wanted) => document.querySelectorAll(".audit li").length === wanted, count);
    await page.getByRole("searchbox", { name: "Search" }).fill("URSULA olivia");
    await found(1);
    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByLabel("What was done").selectOption("organisation_added");
    await found(1);
    await rows.first().getByText("Example Support").waitFor();
    await page.getByRole("textbox", { name: "To" }).fill("2020-01-01");
    await page.getByText("No entry matches").waitFor();
  });
});

test("a domain is proven by a record in its DNS", async () => {
  await open(async (page) => {
    await signIn(page);
    await page.goto(`${stage.service.url}/#/organisation`);
    await page.getByText("Approved by whoever runs this service.").waitFor();
    await page.getByRole("button", { name: "Prove a domain" }).click();
    await dialog(page).getByLabel("Domain").fill("not a domain");
    await dialog(page).getByRole("button", { name: "Next" }).click();
    await dialog(page).getByRole("alert").getByText("The service did not accept what was entered").waitFor();
    await dialog(page).getByLabel("Domain").fill("help.example");
    await dialog(page).getByRole("button", { name: "Next" }).click();
    const record = dialog(page).locator(".dns code");
    const [name, value] = [await record.first().innerText(), await record.last().innerText()];
    await dialog(page).getByRole("button", { name: "Look for the record" }).click();
    await dialog(page).getByText("The record was not found").waitFor({ timeout: 20_000 });
    await picture(page, "domain-record");
    names.texts.set(name, value);
    await dialog(page).getByRole("button", { name: "Look for the record" }).click();
    await dialog(page).waitFor({ state: "detached" });
    await page.getByText("Proven by a record in its DNS.").waitFor();
    await page.getByText("help.example", { exact: true }).waitFor();
  });
});
