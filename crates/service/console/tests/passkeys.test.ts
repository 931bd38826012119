// Passkeys in a real browser, with the authenticator that it has for tests.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { BrowserContext, CDPSession, Page } from "playwright-core";
import { Stage } from "./support/browser";
import { LOGIN, PASSWORD } from "./support/service";

const stage = new Stage();
const { open, picture, signIn } = stage;

before(async () => {
  await stage.set();
});

after(() => stage.strike());

const dialog = (page: Page) => page.getByRole("dialog");
const usePasskey = (page: Page) => page.getByRole("button", { name: "Use a passkey" });
const signedIn = (page: Page) => page.getByRole("button", { name: /^Account of/ }).waitFor();

async function signOut(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Account of/ }).click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByLabel("Sign-in name").waitFor();
}

interface Authenticator {
  readonly session: CDPSession;
  readonly authenticatorId: string;
}

/** A device that keeps passkeys and verifies its user. */
async function authenticator(context: BrowserContext, page: Page): Promise<Authenticator> {
  const session = await context.newCDPSession(page);
  await session.send("WebAuthn.enable");
  const { authenticatorId } = await session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport: "internal",
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { session, authenticatorId };
}

const verifies = ({ session, authenticatorId }: Authenticator, isUserVerified: boolean) =>
  session.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified });

async function typePassword(page: Page): Promise<void> {
  await page.getByLabel("Sign-in name").fill(LOGIN);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in" }).click();
}

test("at an address without a name the account page says why there are no passkeys", async () => {
  await open(async (page) => {
    await page.goto(stage.service.url);
    await page.getByLabel("Sign-in name").waitFor();
    assert.equal(await usePasskey(page).count(), 0);
    await signIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await page.getByText("Passkeys are not offered here").waitFor();
    assert.equal(await page.getByRole("button", { name: "Add a passkey" }).count(), 0);
  });
});

test("a passkey is added, signs in alone and beside the password, and is removed", async () => {
  await stage.service.takeName();
  await open(async (page, context) => {
    const device = await authenticator(context, page);
    await signIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await page.getByRole("button", { name: "Add a passkey" }).click();
    const name = dialog(page).getByLabel("Name of the passkey");
    await page.waitForFunction(() => document.activeElement?.getAttribute("name") === "passkey");
    await picture(page, "passkey-add");
    await name.fill("Olivia's laptop");
    await dialog(page).getByLabel("Present password").fill("wrong");
    await page.keyboard.press("Enter");
    await dialog(page).getByRole("alert").getByText("The present password is wrong").waitFor();
    await dialog(page).getByLabel("Present password").fill(PASSWORD);
    await verifies(device, false);
    await page.keyboard.press("Enter");
    await dialog(page).getByRole("alert").getByText("the prompt was closed or ran out of time").waitFor();
    await picture(page, "passkey-cancelled");
    await verifies(device, true);
    await dialog(page).getByRole("button", { name: "Next" }).click();
    await dialog(page).getByText("Keep these recovery codes").waitFor();
    const codes = await dialog(page).locator(".recovery-codes code").allInnerTexts();
    assert.equal(codes.length, 10);
    await dialog(page).getByRole("button", { name: "I have kept them" }).click();
    const row = page.locator(".passkeys li");
    await row.getByText("Olivia's laptop").waitFor();
    await row.getByText("not used yet").waitFor();
    await page.getByText("10 recovery codes are left.").waitFor();
    await picture(page, "passkeys");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await dialog(page).getByLabel("Present password").fill(PASSWORD);
    await dialog(page).getByRole("button", { name: "Next" }).click();
    await dialog(page).getByRole("alert").getByText("This device has a passkey for your account already").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await signOut(page);

    await picture(page, "sign-in-passkey");
    await usePasskey(page).click();
    await signedIn(page);
    await signOut(page);

    await typePassword(page);
    await page.getByRole("heading", { name: "Use your passkey" }).waitFor();
    assert.ok(await usePasskey(page).evaluate((it) => it === document.activeElement), "the passkey is at hand");
    await picture(page, "sign-in-passkey-or-code");
    await verifies(device, false);
    await page.keyboard.press("Enter");
    await page.getByRole("alert").getByText("the prompt was closed or ran out of time").waitFor();
    await verifies(device, true);
    await page.keyboard.press("Enter");
    await signedIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await row.getByText("last used").waitFor();
    await signOut(page);

    await typePassword(page);
    await page.getByLabel("Code", { exact: true }).fill(codes[0] ?? "");
    await page.getByRole("button", { name: "Sign in" }).click();
    await signedIn(page);
    await page.goto(`${stage.service.url}/#/account`);
    await page.getByRole("button", { name: "Remove Olivia's laptop" }).click();
    await dialog(page).getByText("It is your only second factor").waitFor();
    await picture(page, "passkey-remove");
    await dialog(page).getByLabel("Present password").fill(PASSWORD);
    await dialog(page).getByLabel("Recovery code").fill(codes[1] ?? "");
    await dialog(page).getByRole("button", { name: "Remove", exact: true }).click();
    await page.getByText("The passkey is removed.").waitFor();
    await row.waitFor({ state: "detached" });
    await signOut(page);
    await usePasskey(page).click();
    await page.getByRole("alert").getByText("The passkey was not accepted").waitFor();
    await typePassword(page);
    await signedIn(page);
  });
});

test("where a second factor is demanded, a passkey will do", async () => {
  await open(async (page, context) => {
    await authenticator(context, page);
    await signIn(page);
    await page.goto(`${stage.service.url}/#/organisation`);
    await page.getByLabel("Operators need a second factor").click();
    await page.getByRole("heading", { name: "Set up a second factor" }).waitFor();
    await page.getByRole("button", { name: "Use a passkey instead" }).click();
    await picture(page, "passkey-first");
    await page.getByLabel("Present password").fill(PASSWORD);
    await page.getByRole("button", { name: "Next" }).click();
    await page.getByRole("button", { name: "I have kept them" }).click();
    await page.getByLabel("Operators need a second factor").waitFor();
  });
});
