// The desktop viewer in a real browser, through the real service, with a scripted desktop at the other end of the tunnel.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Page } from "playwright-core";
import type { Permission } from "../src/types";
import type { ScriptedAgent, System } from "./support/agent";
import { card, Stage } from "./support/browser";
import type { Colour, Script, ScriptedDesktop, ScriptedMonitor } from "./support/desktop";
import type { Tunnel } from "./support/tunnel";

const RED: Colour = [200, 40, 40];
const GREEN: Colour = [30, 150, 70];
const BLUE: Colour = [40, 70, 200];
const LEFT: ScriptedMonitor = { id: 1, x: 0, y: 0, width: 800, height: 600, colour: RED };
const RIGHT: ScriptedMonitor = { id: 2, x: 800, y: 0, width: 800, height: 600, colour: GREEN };
const TWO: Script = { monitors: [LEFT, RIGHT] };
const ONE: Script = { monitors: [LEFT] };
const VIEW: Permission[] = ["view", "chat", "messages"];
const CONTROL: Permission[] = ["view", "control", "chat", "messages"];
/** A line that breaks, and noVNC's words about it. */
const BROKEN = { expected: /^Failed to load resource|^WebSocket connection|^Failed (when|while) / };

const stage = new Stage();
const { invite, open, picture, signIn } = stage;

before(() => stage.set());

after(() => stage.strike());

interface Running {
  readonly agent: ScriptedAgent;
  readonly session: string;
}

/** Signs in and brings a session about; ends on its page, where the desktop opens by itself. */
async function sessionWith(
  page: Page,
  label: string,
  permissions: Permission[],
  script: Script,
  system?: System,
): Promise<Running & { readonly tunnel: Tunnel }> {
  const running = await approved(page, label, permissions, system);
  return { ...running, tunnel: await running.agent.tunnel(running.session, script) };
}

async function approved(page: Page, label: string, permissions: Permission[], system?: System): Promise<Running> {
  await signIn(page);
  const agent = await invite(page, label, system);
  await card(page, label).getByRole("button", { name: "Ask to connect" }).click();
  const boxes = page.getByRole("dialog");
  if (permissions.includes("control")) await boxes.getByLabel("Use keyboard and mouse").check();
  if (permissions.includes("clipboard")) await boxes.getByLabel("Share the clipboard").check();
  assert.equal(await largeFiles(page), 0, "the viewer is not fetched before it is asked for");
  await page.getByRole("button", { name: "Send request" }).click();
  const request = await agent.request();
  const session = await agent.decide(request, { outcome: "approved", permissions, limit_secs: 3600 });
  assert.ok(session);
  await page.getByRole("heading", { level: 1, name: label }).waitFor();
  await page.getByRole("button", { name: "Dismiss" }).click();
  return { agent, session };
}

const viewer = (page: Page, label: string) => page.getByRole("region", { name: `Desktop of ${label}` });
/** The picture, while there is one to be seen. */
const canvas = (page: Page) => page.locator("canvas:visible");
const said = (page: Page, label: string) => viewer(page, label).getByRole("status");

/** How many files of the viewer's size the page has fetched. */
function largeFiles(page: Page): Promise<number> {
  return page.evaluate(() => {
    const fetched = performance.getEntriesByType("resource") as PerformanceResourceTiming[];
    return fetched.filter((it) => it.encodedBodySize > 150_000).length;
  });
}

/** The colour that a person sees at a place of the picture's room, from 0 to 1 in each direction. */
async function colourAt(page: Page, x: number, y: number): Promise<Colour> {
  const room = await page.locator(".stage-room").boundingBox();
  assert.ok(room);
  const clip = { x: room.x + x * room.width, y: room.y + y * room.height, width: 1, height: 1 };
  const png = (await page.screenshot({ clip })).toString("base64");
  const seen = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const drawn = document.createElement("canvas").getContext("2d");
    drawn?.drawImage(image, 0, 0);
    return [...(drawn?.getImageData(0, 0, 1, 1).data ?? [])].slice(0, 3);
  }, png);
  return seen as unknown as Colour;
}

/** Waits until the colour is seen there. */
async function seen(page: Page, x: number, y: number, colour: Colour): Promise<void> {
  const deadline = Date.now() + 5_000;
  let last: Colour;
  do {
    last = await colourAt(page, x, y);
    if (last.join() === colour.join()) return;
  } while (Date.now() < deadline);
  assert.deepEqual(last, colour);
}

test("the desktop is seen as large as wanted, one monitor or all, and nothing but looked at", async () => {
  await open(async (page) => {
    const { agent, tunnel } = await sessionWith(page, "Ursula", VIEW, TWO);
    const { desktop } = await tunnel.viewing();
    await viewer(page, "Ursula").getByText("Live", { exact: true }).waitFor();
    await seen(page, 0.25, 0.5, RED);
    await seen(page, 0.75, 0.5, GREEN);
    assert.equal(await largeFiles(page), 1);
    assert.equal(await said(page, "Ursula").innerText(), "The desktop is shown");
    await picture(page, "desktop-view");

    await page.getByRole("combobox", { name: "Monitor" }).selectOption({ label: "Monitor 2: 800 × 600" });
    for (const x of [0.2, 0.5, 0.8]) await seen(page, x, 0.5, GREEN);
    desktop.show([LEFT, { ...RIGHT, colour: BLUE }]);
    await seen(page, 0.5, 0.5, BLUE);
    await picture(page, "desktop-monitor");
    desktop.show([{ ...LEFT, width: 640, height: 480 }]);
    await page.getByRole("combobox", { name: "Monitor" }).waitFor({ state: "detached" });
    await seen(page, 0.5, 0.5, RED);

    await page.getByRole("button", { name: "100 %, original size" }).click();
    await page.waitForFunction(() => document.querySelector("canvas")?.getBoundingClientRect().width === 640);
    desktop.show([{ ...LEFT, width: 3000, height: 2000 }]);
    await page.waitForFunction(() => document.querySelector("canvas")?.getBoundingClientRect().width === 3000);
    await page.locator(".stage-room").focus();
    await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => (document.querySelector(".stage-room")?.scrollLeft ?? 0) > 0);
    await page.getByRole("button", { name: "Fit to the room there is" }).click();
    await page.waitForFunction(() => (document.querySelector("canvas")?.getBoundingClientRect().width ?? 0) < 1300);

    await page.getByRole("combobox", { name: "Quality" }).selectOption("Sharp");
    await page.waitForFunction(() => localStorage.getItem("ondemand-viewer")?.includes("sharp"));
    await until(() => desktop.quality === 9);

    await canvas(page).click();
    await page.keyboard.type("secret");
    await allSent(page, desktop);
    assert.deepEqual([desktop.keys, desktop.pointers], [[], []], "without control nothing is sent");
    assert.equal(await page.getByRole("button", { name: /Ctrl\+Alt\+Del|Keyboard/ }).count(), 0);

    await page.getByRole("button", { name: "Full screen" }).click();
    await page.waitForFunction(() => document.fullscreenElement?.classList.contains("viewer"));
    await viewer(page, "Ursula").getByRole("button", { name: "End session" }).waitFor();
    await page.screenshot({ path: "target/pictures/desktop-full-screen.png" });
    await page.getByRole("button", { name: "Full screen" }).click();
    await page.waitForFunction(() => document.fullscreenElement === null);

    await page.getByRole("button", { name: "Ask for control" }).click();
    const more = await agent.request();
    assert.deepEqual(more.terms.permissions, ["control"], "nothing but control is asked for");
    await viewer(page, "Ursula").getByRole("button", { name: "Show request" }).waitFor();
    await picture(page, "desktop-asking");
    await agent.decide(more, { outcome: "rejected", reason: "not_now" });
    await viewer(page, "Ursula").getByText("Declined").waitFor();
    await viewer(page, "Ursula").getByRole("button", { name: "Ask for control" }).waitFor();

    await page.getByRole("button", { name: "Close the viewer" }).click();
    await page.waitForFunction(() => document.activeElement?.textContent === "Open desktop");
    assert.equal(await canvas(page).count(), 0);
    await picture(page, "desktop-closed");
    await page.getByRole("button", { name: "Open desktop" }).click();
    await tunnel.viewing();
    await seen(page, 0.25, 0.5, RED);
    await page.waitForFunction(() => document.activeElement?.classList.contains("viewer"));
  });
});

test("with control, keys and pointer reach the user's computer, and the keyboard can always be taken back", async () => {
  await open(async (page) => {
    const { agent, session, tunnel } = await sessionWith(page, "Bernard", CONTROL, ONE);
    const { desktop } = await tunnel.viewing();
    await page.getByText("Click the picture, or reach it with Tab").waitFor();
    const box = await canvas(page).boundingBox();
    assert.ok(box);
    await canvas(page).click({ position: { x: box.width / 2, y: box.height / 4 } });
    await until(() => desktop.pointers.some(([x, y, buttons]) => Math.abs(x - 400) < 3 && Math.abs(y - 150) < 3 && buttons === 1));
    await page.getByText("Your keys go to the user's computer.").waitFor();
    await picture(page, "desktop-control");

    desktop.keys.length = 0;
    await page.keyboard.press("a");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Escape");
    await until(() => desktop.keys.length === 6);
    assert.deepEqual(desktop.keys.filter(([, down]) => down).map(([keysym]) => keysym), [0x61, 0xff09, 0xff1b]);

    for (const key of ["Control", "Alt", "Shift"]) await page.keyboard.down(key);
    await page.keyboard.up("Shift");
    await page.waitForFunction(() => document.activeElement?.textContent === "Keyboard");
    for (const key of ["Alt", "Control"]) await page.keyboard.up(key);
    const held = new Map(desktop.keys);
    await until(() => [...new Map(desktop.keys).values()].every((down) => !down));
    assert.ok(held.size >= 6, "the three went over too, and none of them stays down");
    await page.getByText("Click the picture, or reach it with Tab").waitFor();

    for (let presses = 0; presses < 8; presses++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.tagName === "CANVAS")) break;
    }
    assert.equal(await page.evaluate(() => document.activeElement?.getAttribute("aria-label")), "Desktop of Bernard");
    const described = await page.evaluate(() => document.getElementById(document.activeElement?.getAttribute("aria-describedby") ?? "")?.innerText);
    assert.match(described ?? "", /press Ctrl, Alt and Shift together/);

    desktop.keys.length = 0;
    await page.getByRole("button", { name: "Send Ctrl+Alt+Del" }).click();
    await until(() => desktop.keys.some(([keysym, down]) => keysym === 0xffff && !down));
    await page.getByRole("button", { name: "Keyboard" }).click();
    desktop.keys.length = 0;
    await canvas(page).click();
    await page.keyboard.press("a");
    await page.getByText("Only the mouse works").waitFor();
    await allSent(page, desktop);
    assert.deepEqual(desktop.keys, []);

    await agent.takeBack(session, VIEW);
    await page.getByText("You are only viewing.").waitFor();
    await allSent(page, desktop);
    const pointers = desktop.pointers.length;
    await canvas(page).click();
    await allSent(page, desktop);
    assert.equal(desktop.pointers.length, pointers);
  });
});

test("keys that Windows takes from the user alone are not sent, and the operator reads why", async () => {
  await open(async (page) => {
    const { tunnel } = await sessionWith(page, "Wilma", CONTROL, ONE, "windows");
    const { desktop } = await tunnel.viewing();
    await page.getByRole("button", { name: "Send Ctrl+Alt+Del" }).click();
    await page.getByText("Windows takes Ctrl+Alt+Del only from the user's own keyboard.").first().waitFor();
    await allSent(page, desktop);
    assert.deepEqual(desktop.keys, []);
  });
});

test("texts go to the user's clipboard and come from it at a press of either side, also where the desktop is only viewed", async () => {
  await open(async (page) => {
    const { agent, session, tunnel } = await sessionWith(page, "Clara", [...VIEW, "clipboard"], ONE);
    const { desktop } = await tunnel.viewing();
    const open = page.getByRole("button", { name: "Clipboard", exact: true });
    await open.click();
    const field = page.getByLabel("To the user's computer");
    const put = page.getByRole("button", { name: "Put into the user's clipboard" });
    assert.ok(await put.isDisabled());
    await field.fill("Grüße, 世界\nsecond line");
    await allSent(page, desktop);
    assert.equal(desktop.texts.length, 0, "nothing goes while it is written");
    await picture(page, "desktop-clipboard");
    await put.click();
    await until(() => desktop.texts.length === 1);
    assert.deepEqual(desktop.texts.map((it) => it.replaceAll("\r\n", "\n")), ["Grüße, 世界\nsecond line"]);
    await page.getByText("Sent to the user's computer.").waitFor();
    assert.equal(await field.inputValue(), "");

    await field.fill("ü".repeat(600_000));
    await page.getByText("This text is too long for a clipboard.").waitFor();
    assert.ok(await put.isDisabled());
    await open.click();
    await field.waitFor({ state: "hidden" });

    const place = await canvas(page).boundingBox();
    desktop.sendText("what the user \u001b[201~copied\u202e");
    await said(page, "Clara").filter({ hasText: "The user has sent a text" }).waitFor({ state: "attached" });
    assert.deepEqual(await canvas(page).boundingBox(), place, "the picture stays where it is");
    await page.getByRole("button", { name: "Clipboard: The user has sent a text from their clipboard." }).click();
    const theirs = page.getByLabel("From the user's computer");
    assert.equal(await theirs.inputValue(), "what the user [201~copied");
    await open.waitFor();
    await page.getByRole("button", { name: "Copy", exact: true }).waitFor();

    await agent.takeBack(session, VIEW);
    await open.waitFor({ state: "hidden" });
    await theirs.waitFor({ state: "hidden" });
    desktop.provideText("sent without the right to it");
    // Comes after it on the same line.
    desktop.show([{ ...LEFT, colour: BLUE }]);
    await seen(page, 0.5, 0.5, BLUE);
    const more = page.getByRole("button", { name: "Ask for more" });
    await more.click();
    await page.getByRole("dialog").getByLabel("Share the clipboard").check();
    await page.getByRole("button", { name: "Send request" }).click();
    await agent.decide(await agent.request(), { outcome: "approved", permissions: ["clipboard"], limit_secs: 3600 });
    await open.click();
    assert.equal(await theirs.inputValue(), "", "what came before the right to it is not kept");
    desktop.provideText("sent with it");
    await page.waitForFunction(() => [...document.querySelectorAll("textarea")].some((it) => it.value === "sent with it"));
  });
});

test("a broken line comes back by itself, and the user is asked nothing", async () => {
  await open(async (page) => {
    const { agent, session, tunnel: first } = await sessionWith(page, "Carla", VIEW, { ...ONE, hidden: true });
    const viewing = await first.viewing();
    await viewer(page, "Carla").getByText("Waiting for the first picture…").first().waitFor();
    await picture(page, "desktop-waiting");
    viewing.desktop.show([LEFT]);
    await seen(page, 0.5, 0.5, RED);

    first.cut();
    await canvas(page).waitFor({ state: "detached" });
    await viewer(page, "Carla").getByText("The user's computer does not answer").first().waitFor();
    await picture(page, "desktop-unreachable");
    const second = await agent.tunnel(session, { monitors: [{ ...LEFT, colour: BLUE }] });
    await second.viewing();
    await seen(page, 0.5, 0.5, BLUE);

    await agent.leave();
    await stage.service.pause();
    assert.equal(await second.closed, 1001);
    await viewer(page, "Carla").getByText("The connection broke. Reconnecting…").first().waitFor();
    await picture(page, "desktop-reconnecting");
    await stage.service.resume();
    agent.arrive();
    const third = await agent.tunnel(session, ONE);
    await third.viewing();
    await seen(page, 0.5, 0.5, RED);
    await assert.rejects(agent.event((it) => it.type === "request", 0), "no request came");
  }, BROKEN);
});

test("a line on which nothing comes any more is given up, and the picture's with it", async () => {
  await open(async (page) => {
    await page.clock.install();
    const { tunnel } = await sessionWith(page, "Ida", VIEW, ONE);
    await tunnel.viewing();
    await seen(page, 0.5, 0.5, RED);
    // The service lets hear of itself every 15 seconds.
    await page.clock.fastForward(41_000);
    await page.getByText("Connected again. Everything is up to date.").waitFor({ state: "attached" });
    await tunnel.viewing();
    await seen(page, 0.5, 0.5, RED);
  }, BROKEN);
});

test("while the session is suspended, and once viewing is taken back, there is no picture", async () => {
  await open(async (page) => {
    const { agent, session, tunnel } = await sessionWith(page, "Clara", VIEW, ONE);
    const viewing = await tunnel.viewing();
    await seen(page, 0.5, 0.5, RED);
    await agent.report(session, [], true);
    await canvas(page).waitFor({ state: "detached" });
    await until(() => viewing.gone);
    await viewer(page, "Clara").getByText("The picture is off while the session is suspended").first().waitFor();
    await picture(page, "desktop-suspended");
    await agent.report(session, []);
    await tunnel.viewing();
    await seen(page, 0.5, 0.5, RED);

    await agent.takeBack(session, ["chat", "messages"]);
    assert.equal(await tunnel.closed, 4001);
    await canvas(page).waitFor({ state: "detached" });
    await page.getByText("The user no longer shows you the desktop").first().waitFor();
    await picture(page, "desktop-taken-back");
    await page.getByRole("button", { name: "Ask to view again" }).click();
    const again = await agent.request();
    assert.deepEqual(again.terms.permissions, ["view"]);
    await agent.decide(again, { outcome: "approved", permissions: ["view"], limit_secs: 3600 });
    await (await agent.tunnel(session, ONE)).viewing();
    await seen(page, 0.5, 0.5, RED);
  }, BROKEN);
});

test("a desktop that cannot be shown says why, in the words of the user's computer", async () => {
  await open(async (page) => {
    const reason = "this screen cannot be captured: the desktop runs on Wayland";
    const { tunnel } = await sessionWith(page, "Dora", VIEW, { ...ONE, refusal: `unsupported_display: ${reason}` });
    await viewer(page, "Dora").getByText(reason, { exact: true }).waitFor();
    assert.equal(await said(page, "Dora").innerText(), `This desktop cannot be shown ${reason}`);
    await picture(page, "desktop-refused");
    tunnel.script = ONE;
    await page.getByRole("button", { name: "Try again" }).click();
    await seen(page, 0.5, 0.5, RED);
  }, BROKEN);
});

test("the end takes the picture away at once, on the session's page and in a window of its own", async () => {
  await open(async (page, context) => {
    const { agent, session, tunnel } = await sessionWith(page, "Emil", VIEW, TWO);
    await tunnel.viewing();
    await seen(page, 0.25, 0.5, RED);
    const [own] = await Promise.all([
      context.waitForEvent("page"),
      page.getByRole("link", { name: "Open in its own window" }).click(),
    ]);
    await page.getByRole("button", { name: "Open desktop" }).waitFor();
    await tunnel.viewing();
    await seen(own, 0.25, 0.5, RED);
    await own.waitForFunction(() => document.title.startsWith("Desktop of Emil"));
    await picture(own, "desktop-own-window");
    await agent.say(session, "Can you see the printer's window?");
    await own.getByText("The user writes: Can you see the printer's window?").first().waitFor();
    await picture(own, "desktop-own-window-message");
    await page.bringToFront();
    await page.getByRole("button", { name: "Open desktop" }).click();
    await tunnel.viewing();
    await seen(page, 0.25, 0.5, RED);

    await agent.end(session, "user");
    await Promise.all([page, own].map((it) => canvas(it).waitFor({ state: "detached" })));
    await page.getByText("The user ended the session.").first().waitFor();
    await own.getByText("The user ended the session.").first().waitFor();
    await picture(own, "desktop-ended");
    await own.getByRole("link", { name: "Go to the session" }).click();
    await own.getByRole("heading", { level: 1, name: "Emil" }).waitFor();
  }, BROKEN);
});

test("who asked to see the desktop is shown it as soon as the user has agreed, and keeps typing where they were", async () => {
  await open(async (page) => {
    const { agent, session } = await approved(page, "Gustav", ["chat", "messages"]);
    await page.getByText("You do not see the desktop: the user has not granted it.").waitFor();
    await picture(page, "desktop-not-granted");
    await page.getByRole("region", { name: "Desktop" }).getByRole("button", { name: "Ask for: View the desktop" }).click();
    const asked = await agent.request();
    await page.getByRole("textbox", { name: "Message" }).fill("I am waiting");
    const shown = page.waitForFunction(() => document.querySelector(".stage-room[data-shown]") && Date.now(), undefined, { polling: "raf" });
    const agreed = Date.now();
    await agent.decide(asked, { outcome: "approved", permissions: ["view"], limit_secs: 3600 });
    const tunnel = await agent.tunnel(session, ONE);
    const { desktop } = await tunnel.viewing();
    const took = Number(await (await shown).jsonValue()) - agreed;
    console.log(`# from the approval to the first picture: ${took} ms`);
    await seen(page, 0.5, 0.5, RED);
    assert.equal(await page.evaluate(() => document.activeElement?.tagName), "TEXTAREA");
    await page.keyboard.type("!");
    await allSent(page, desktop);
    assert.equal(desktop.keys.length, 0);

    await agent.report(session, ["viewing"], false, ["view"]);
    await page.getByRole("button", { name: "Close the viewer" }).click();
    await page.getByText("The user's computer cannot show its screen.").waitFor();
    await agent.report(session, ["viewing"]);
    await page.getByText("You see what the user sees.").waitFor();
  });
});

test("a computer that lets nobody else use its keyboard says so", async () => {
  await open(async (page) => {
    const { agent, session, tunnel } = await sessionWith(page, "Heidi", CONTROL, ONE);
    await tunnel.viewing();
    await seen(page, 0.5, 0.5, RED);
    await agent.report(session, ["viewing"], false, ["control"]);
    await viewer(page, "Heidi").getByText("The user's computer lets nobody else use its keyboard and mouse.").waitFor();
    assert.equal(await page.getByRole("button", { name: /Ctrl\+Alt\+Del|Keyboard/ }).count(), 0);
    await picture(page, "desktop-no-control");
  });
});

test("in Arabic everything is mirrored but the picture", async () => {
  await open(async (page) => {
    const { session, tunnel } = await sessionWith(page, "Farid", CONTROL, TWO);
    await page.evaluate(() => localStorage.setItem("ondemand-language", "ar"));
    await page.goto(`${stage.service.url}/#/sessions/${session}/desktop`);
    await page.reload();
    await tunnel.viewing();
    await seen(page, 0.25, 0.5, RED);
    await seen(page, 0.75, 0.5, GREEN);
    const [first, last] = [page.locator(".tools-title"), page.locator(".segments")];
    assert.ok(((await first.boundingBox())?.x ?? 0) > ((await last.boundingBox())?.x ?? 0), "the bar begins at the right");
    await picture(page, "desktop-ar");
    await page.locator(".segments button").nth(1).click();
    await page.waitForFunction(() => document.querySelector("canvas")?.getBoundingClientRect().width === 1600);
    await seen(page, 0.55, 0.5, RED);
  });
});

/** Waits until what the page has sent so far has arrived: what it sends now comes after it on the same line. */
async function allSent(page: Page, desktop: ScriptedDesktop): Promise<void> {
  const [wish, quality] = desktop.quality === 9 ? (["Fast", 2] as const) : (["Sharp", 9] as const);
  await page.getByRole("combobox", { name: "Quality" }).selectOption(wish);
  await until(() => desktop.quality === quality);
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `waited in vain for ${condition}`);
    await new Promise((resume) => setTimeout(resume, 20));
  }
}
