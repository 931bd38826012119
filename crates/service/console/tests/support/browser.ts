// The pages in a real browser, against the real service.

import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { ScriptedAgent, type System } from "./agent";
import { LOGIN, PASSWORD, Service } from "./service";

const PICTURES = "target/pictures";
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };

export interface Opened {
  /** The browser's language; English if left out. */
  readonly locale?: string;
  /** What the browser may say all the same. */
  readonly expected?: RegExp;
}

/** A service and a browser, for the tests of one file. */
export class Stage {
  service!: Service;
  private browser!: Browser;
  private readonly agents: ScriptedAgent[] = [];

  /** With what else `serve` is told. */
  async set(...options: string[]): Promise<void> {
    await mkdir(PICTURES, { recursive: true });
    this.service = await Service.start(...options);
    this.browser = await chromium.launch({
      executablePath: process.env.ONDEMAND_CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-dev-shm-usage"],
    });
  }

  async strike(): Promise<void> {
    await Promise.all(this.agents.map((it) => it.leave()));
    await this.browser?.close();
    await this.service?.remove();
  }

  /** A page that fails the test when the browser complains: a script error, or something the security policy forbids. */
  readonly open = async (
    work: (page: Page, context: BrowserContext) => Promise<void>,
    { locale = "en-GB", expected = /^Failed to load resource/ }: Opened = {},
  ): Promise<void> => {
    const permissions = ["clipboard-read", "clipboard-write"];
    const context = await this.browser.newContext({ viewport: WIDE, permissions, locale });
    const complaints: string[] = [];
    context.setDefaultTimeout(10_000);
    context.on("page", (opened) => {
      opened.on("pageerror", (error) => complaints.push(String(error)));
      opened.on("console", (message) => {
        // An answer like 401 is said here too, and is part of some tests.
        if (message.type() === "error" && !expected.test(message.text())) complaints.push(message.text());
      });
    });
    const page = await context.newPage();
    try {
      await work(page, context);
    } catch (error) {
      await page.screenshot({ path: `${PICTURES}/failed.png`, fullPage: true }).catch(() => {});
      throw error;
    } finally {
      await context.close();
    }
    assert.deepEqual(complaints, []);
  };

  /** Takes the same picture in light and dark, wide and narrow. */
  readonly picture = async (page: Page, name: string): Promise<void> => {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      for (const viewport of [WIDE, NARROW]) {
        await page.setViewportSize(viewport);
        await page.evaluate(() => scrollTo(0, 0));
        await assertUsable(page, name);
        const path = `${PICTURES}/${name}-${colorScheme}-${viewport.width}.png`;
        const fullPage = (await page.getByRole("dialog").count()) === 0;
        await page.screenshot({ path, fullPage, animations: "disabled" });
      }
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize(WIDE);
  };

  readonly signIn = async (page: Page): Promise<void> => {
    await page.goto(this.service.url);
    await page.getByLabel("Sign-in name").fill(LOGIN);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Invitations" }).waitFor();
  };

  /** An agent that leaves when the stage is struck. */
  readonly agent = (system?: System): ScriptedAgent => {
    const agent = new ScriptedAgent(this.service.url, system);
    this.agents.push(agent);
    return agent;
  };

  /** Creates an invitation, and tells its code. */
  readonly createInvitation = async (page: Page, label: string): Promise<string> => {
    await page.getByLabel("Who is it for?").fill(label);
    await page.getByRole("button", { name: "Create invitation" }).click();
    const code = await card(page, label).locator(".digits").innerText();
    assert.match(code, /^\d{3}-\d{3}-\d{3}$/);
    return code.replaceAll("-", "");
  };

  /** Creates an invitation and joins it. */
  readonly invite = async (page: Page, label: string, system?: System): Promise<ScriptedAgent> => {
    const agent = this.agent(system);
    await agent.join(await this.createInvitation(page, label));
    await card(page, label).getByText("The user has joined").waitFor();
    return agent;
  };
}

/** An invitation or a device in the overview. */
export const card = (page: Page, label: string) => page.locator("li.card").filter({ hasText: label });

/** Nothing reaches out of the window, what names a part names only that, and whatever can be pressed has a name and is large enough (WCAG 2.2, 2.5.8). */
async function assertUsable(page: Page, name: string): Promise<void> {
  const faults = await page.evaluate(() => {
    const found: string[] = [];
    const ids = [...document.querySelectorAll("[id]")].map((it) => it.id);
    for (const id of new Set(ids)) if (ids.filter((it) => it === id).length > 1) found.push(`there are several #${id}`);
    if (document.documentElement.scrollWidth > innerWidth) found.push("the page is wider than the window");
    for (const it of document.querySelectorAll<HTMLElement>("button, a[href], input, select, textarea, summary")) {
      if (it.closest(".hidden")) continue;
      const label = it.closest("label") ?? it.closest(".field")?.querySelector<HTMLElement>("label[for]");
      const named = it.getAttribute("aria-labelledby");
      const words =
        it.getAttribute("aria-label") ?? (named && document.getElementById(named)?.innerText) ?? label?.innerText ?? it.textContent ?? "";
      if (!words.trim()) found.push(`without a name: ${it.outerHTML}`);
      const { width, height } = (it.closest("label") ?? it).getBoundingClientRect();
      if (width > 0 && Math.min(width, height) < 24 && !it.matches(".skip")) found.push(`${words}: ${width} × ${height}`);
    }
    return found;
  });
  assert.deepEqual(faults, [], name);
}
