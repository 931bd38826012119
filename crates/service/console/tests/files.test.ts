// The file browser in a real browser, through the real service, with a real folder at the other end of the tunnel.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Route } from "playwright-core";
import { browser, choose, eventually, FileStage, listed, names, openFiles, reach, READ, row, tool, transfer, WRITE } from "./support/files";

const stage = new FileStage();
const { open, picture, sessionWith } = stage;

before(() => stage.set());

after(() => stage.strike());

test("the folder is looked through by mouse and keyboard, and nothing can be changed that was not granted", async () => {
  await open(async (page) => {
    const { folder, agent, session } = await sessionWith(page, "Ursula", READ);
    await picture(page, "files-closed");
    await writeFile(join(folder.path, "letter 10.txt"), "ten");
    await writeFile(join(folder.path, "letter 9.txt"), "nine and more");
    await mkdir(join(folder.path, "Photos/Summer"), { recursive: true });
    for (let number = 1; number <= 14; number++) await writeFile(join(folder.path, `Photos/picture ${number}.png`), "x".repeat(number));
    await utimes(join(folder.path, "letter 9.txt"), 1_700_000_000, 1_700_000_000);
    await openFiles(page);
    await listed(page, ["Photos", "letter 9.txt", "letter 10.txt"]);
    await browser(page).getByText("3 items", { exact: true }).waitFor();
    await browser(page).getByText("Read only").waitFor();
    assert.equal(await tool(page, "Upload").count() + (await tool(page, "New folder").count()), 0);
    await tool(page, "Size").click();
    await listed(page, ["Photos", "letter 10.txt", "letter 9.txt"]);
    await tool(page, "Modified").click();
    await listed(page, ["Photos", "letter 9.txt", "letter 10.txt"]);
    await tool(page, "Modified").click();
    await listed(page, ["Photos", "letter 10.txt", "letter 9.txt"]);
    assert.equal(await page.getByRole("columnheader", { name: "Modified" }).getAttribute("aria-sort"), "descending");
    await tool(page, "Name").click();

    await row(page, "letter 9.txt").click();
    await browser(page).getByText("1 selected").waitFor();
    assert.equal(await tool(page, "Delete").count() + (await tool(page, "Rename").count()), 0);
    await picture(page, "files-read-only");

    await row(page, "Photos").dblclick();
    await browser(page).getByText("15 items").waitFor();
    // The keyboard is in the list.
    await page.waitForFunction(() => document.activeElement?.querySelector(".file-words")?.textContent === "Summer");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await page.keyboard.press("Shift+ArrowDown");
    await browser(page).getByText("3 selected").waitFor();
    await page.keyboard.press("Home");
    await page.keyboard.press("Enter");
    await browser(page).getByText("This folder is empty").waitFor();
    await browser(page).getByRole("navigation", { name: "Where you are" }).getByRole("button", { name: "Photos" }).click();
    await browser(page).getByLabel("Search in this folder").fill("PICTURE 1");
    await listed(page, ["picture 1.png", "picture 10.png", "picture 11.png", "picture 12.png", "picture 13.png", "picture 14.png"]);
    await browser(page).getByLabel("Search in this folder").fill("nothing has this name");
    await browser(page).getByText("Nothing matches").waitFor();
    await browser(page).getByLabel("Search in this folder").fill("");
    await row(page, "picture 2.png").click();
    await page.keyboard.press("Backspace");
    await listed(page, ["Photos", "letter 9.txt", "letter 10.txt"]);

    await page.getByRole("button", { name: "Ask for: Edit and place files" }).first().click();
    const more = await agent.request();
    await page.waitForFunction(() => document.activeElement?.classList.contains("ask-for"), undefined, { timeout: 5_000 });
    assert.deepEqual(more.terms.permissions, ["files_write"]);
    await agent.decide(more, { outcome: "approved", permissions: ["files_write"], limit_secs: 3600 });
    await tool(page, "Upload").waitFor();
    assert.ok(session);
  });
});

test("names from the user's computer are shown for what they are, and nothing in them acts", async () => {
  await open(async (page) => {
    const { folder } = await sessionWith(page, "Bernard", WRITE);
    const hostile = [
      "<img src=x onerror=alert(1)>.txt",
      "invoice\u202efdp.exe",
      "no\u200bwidth\ufeff.txt",
      "%2e%2e%2fescaped?a=b#c.txt",
      "שלום (copy) عربي.txt",
      `${"long ".repeat(49)}.pdf`,
      "&amp;<b>bold.txt",
    ];
    for (const name of hostile) await writeFile(join(folder.path, name), `content of ${name}`);
    await openFiles(page);
    await browser(page).getByText("7 items").waitFor();
    const shown = await names(page);
    assert.ok(shown.includes("<img src=x onerror=alert(1)>.txt"));
    assert.ok(shown.includes("invoice\ufffdfdp.exe"), "what would reverse the line is seen");
    assert.ok(shown.includes("no\ufffdwidth\ufffd.txt"));
    assert.ok(shown.some((it) => it.endsWith(".pdf")), "the end says what kind of file it is");
    assert.doesNotMatch(await browser(page).innerHTML(), /[\u202a-\u202e\u200b]/);
    assert.equal(await browser(page).locator("img, b").count(), 0);
    await picture(page, "files-hostile");
    for (const name of ["invoice\ufffdfdp.exe", "%2e%2e%2fescaped?a=b#c.txt", "<img src=x onerror=alert(1)>.txt"]) {
      await row(page, name).click();
      const [download] = await Promise.all([page.waitForEvent("download"), tool(page, "Download").click()]);
      assert.match(await readFile(await download.path(), "utf8"), /^content of /);
      assert.doesNotMatch(download.suggestedFilename(), /[\u202e<>?/]/);
    }
  });
});

test("a file is saved by the browser as it is, and never shown", async () => {
  await open(async (page) => {
    const { folder, session } = await sessionWith(page, "Carla", READ);
    const large = randomBytes(3_000_000);
    await writeFile(join(folder.path, "large.bin"), large);
    await writeFile(join(folder.path, "page.html"), "<script>document.title = 'taken over'</script>");
    await mkdir(join(folder.path, "Letters"));
    await openFiles(page);
    await row(page, "large.bin").click();
    const [download] = await Promise.all([page.waitForEvent("download"), row(page, "large.bin").dblclick()]);
    assert.equal(download.suggestedFilename(), "large.bin");
    assert.ok(large.equals(await readFile(await download.path())));
    await transfer(page, "large.bin").getByText("Your browser saves it").waitFor();

    const address = `${stage.service.url}/operator/v1/sessions/${session}/files/page.html`;
    const headers = await page.evaluate(async (it) => Object.fromEntries((await fetch(it)).headers), address);
    assert.equal(headers["content-disposition"], "attachment");
    assert.equal(headers["content-type"], "application/octet-stream");
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.match(headers["content-security-policy"] ?? "", /^sandbox; default-src 'none'/);
    const [saved] = await Promise.all([page.waitForEvent("download"), page.goto(address).catch(() => undefined)]);
    assert.equal(saved.suggestedFilename(), "page.html");
    assert.notEqual(await page.title(), "taken over");

    await page.getByLabel("Select everything").check();
    const both = [page.waitForEvent("download", (it) => it.suggestedFilename() === "large.bin"), page.waitForEvent("download", (it) => it.suggestedFilename() === "page.html")];
    await tool(page, "Download").click();
    await Promise.all(both);
    await page.getByText("Folders cannot be downloaded. Open them and download the files: Letters").waitFor();
  });
});

test("a list made to hold up the page is read as far as it can be shown", async () => {
  await open(async (page) => {
    await sessionWith(page, "Jonas", READ);
    const answer = (body: string) => (route: Route) =>
      route.request().method() === "PROPFIND"
        ? route.fulfill({ status: 207, contentType: "application/xml", body: `<multistatus xmlns="DAV:">${body}</multistatus>` })
        : route.continue();
    const place = (address: string) => new URL(address).pathname.replace(/\/?$/, "/");
    let body = "";
    await page.route("**/files/**", (route) => answer(body.replaceAll("HERE", place(route.request().url())))(route));
    const entry = (name: string | number) => `<response><href>HERE${name}</href></response>`;
    body = Array.from({ length: 21_000 }, (_, at) => entry(at)).join("");
    await openFiles(page);
    await browser(page).getByText("There is more in this folder than can be listed here.").waitFor();
    await browser(page).getByText(/^20.?000 items$/).waitFor();
    // A search from each of them through all that is nested in it takes minutes.
    const depth = 2_000;
    body = `${entry("plain.txt")}${"<response>".repeat(depth)}${"<x/>".repeat(300_000)}${"</response>".repeat(depth)}`;
    await tool(page, "Refresh").click();
    await listed(page, ["plain.txt"]);
  });
});

test("folders are made, and things are renamed, copied, moved and put into the trash", async () => {
  await open(async (page) => {
    const { folder } = await sessionWith(page, "Farid", WRITE);
    await writeFile(join(folder.path, "draft.txt"), "draft");
    await writeFile(join(folder.path, "old.txt"), "old");
    await openFiles(page);
    await listed(page, ["draft.txt", "old.txt"]);
    await tool(page, "New folder").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("../up");
    await dialog.getByRole("button", { name: "Make folder" }).click();
    await dialog.getByText("Names that begin with a dot").waitFor();
    await dialog.getByLabel("Name").fill("old.txt");
    await dialog.getByRole("button", { name: "Make folder" }).click();
    await dialog.getByText("There is something of this name already.").waitFor();
    await dialog.getByLabel("Name").fill("Letters 50 % für é");
    await dialog.getByRole("button", { name: "Make folder" }).click();
    await listed(page, ["Letters 50 % für é", "draft.txt", "old.txt"]);

    await row(page, "draft.txt").click();
    await page.keyboard.press("F2");
    await dialog.getByLabel("Name").fill("final.txt");
    await page.keyboard.press("Enter");
    await listed(page, ["Letters 50 % für é", "final.txt", "old.txt"]);
    await page.waitForFunction(() => document.activeElement?.textContent?.includes("final.txt"));

    await row(page, "final.txt").click();
    await tool(page, "Copy").click();
    await browser(page).getByText("1 item to copy.").waitFor();
    await picture(page, "files-carried");
    await tool(page, "Copy here").click();
    await page.waitForFunction(() => document.activeElement?.matches("tbody tr"));
    await listed(page, ["Letters 50 % für é", "final (2).txt", "final.txt", "old.txt"]);
    await row(page, "final (2).txt").click();
    await row(page, "final.txt").click({ modifiers: ["Control"] });
    await page.keyboard.press("Control+x");
    await browser(page).getByText("2 items to move.").waitFor();
    await row(page, "Letters").dblclick();
    await browser(page).getByText("This folder is empty").waitFor();
    await tool(page, "Move here").click();
    await listed(page, ["final (2).txt", "final.txt"]);
    assert.deepEqual(await folder.names(), ["Letters 50 % für é", "old.txt"]);

    await row(page, "final.txt").click();
    await page.keyboard.press("Delete");
    const asked = page.getByRole("dialog", { name: "Delete 1 item?" });
    await asked.getByText("It goes to the trash of the user's computer.").waitFor();
    await picture(page, "files-delete");
    const deleted: string[] = [];
    page.on("request", (it) => it.method() === "DELETE" && deleted.push(it.url()));
    await asked.getByRole("button", { name: "Cancel" }).click();
    // Comes after what else the page would ask.
    await Promise.all([page.waitForRequest((it) => it.method() === "PROPFIND"), tool(page, "Refresh").click()]);
    assert.deepEqual(deleted, []);
    await tool(page, "Delete").click();
    await asked.getByRole("button", { name: "Move to trash" }).click();
    await listed(page, ["final (2).txt"]);
    assert.deepEqual(await folder.trash(), ["final.txt"]);
    await page.waitForFunction(() => document.activeElement?.textContent?.includes("final (2).txt"));

    await row(page, "final (2).txt").click();
    await page.keyboard.press("Control+c");
    await tool(page, "Shared folder").click();
    await writeFile(join(folder.path, "final (2).txt"), "placed meanwhile");
    await tool(page, "Copy here").click();
    await browser(page).getByText("final (2).txt: There is something of this name already").waitFor();
    assert.equal(await readFile(join(folder.path, "final (2).txt"), "utf8"), "placed meanwhile");
  });
});

test("text is edited as it is, and who was faster is not overwritten", async () => {
  await open(async (page) => {
    const { agent, folder, session } = await sessionWith(page, "Greta", WRITE);
    const path = join(folder.path, "settings.ini");
    await writeFile(path, "\ufeff[printer]\r\nname=old\r\n");
    await writeFile(join(folder.path, "photo.jpg"), Buffer.from([0xff, 0xd8, 0xff, 0, 1, 2]));
    await writeFile(join(folder.path, "latin.txt"), Buffer.from([0x66, 0xfc, 0x72]));
    await writeFile(join(folder.path, "huge.log"), "x".repeat(600_000));
    await openFiles(page);
    const edit = async (name: string) => {
      await row(page, name).click();
      await tool(page, "Edit text").click();
    };
    const dialog = page.getByRole("dialog");
    const close = () => dialog.getByRole("button", { name: "Close" }).last().click();
    for (const [name, words] of [["photo.jpg", "This is not a text file."], ["latin.txt", "not text in UTF-8"], ["huge.log", "too large to be opened here"]] as const) {
      await edit(name);
      await dialog.getByText(words).waitFor();
      await close();
    }

    await edit("settings.ini");
    const field = dialog.getByLabel("Content of the file");
    assert.equal(await field.inputValue(), "[printer]\nname=old\n");
    await field.fill("[printer]\nname=new\n");
    await picture(page, "files-editor");
    await page.keyboard.press("Control+s");
    await dialog.getByText("Saved", { exact: true }).waitFor();
    assert.equal(await readFile(path, "utf8"), "\ufeff[printer]\r\nname=new\r\n", "mark and line ends stay");

    await writeFile(path, "the user's own words\n");
    await field.fill("[printer]\nname=newer\n");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.getByText("The file was changed on the user's computer after you opened it.").waitFor();
    await picture(page, "files-conflict");
    assert.equal(await readFile(path, "utf8"), "the user's own words\n");
    await dialog.getByRole("button", { name: "Save mine as a copy" }).click();
    await dialog.getByText("Saved", { exact: true }).waitFor();
    assert.equal(await readFile(join(folder.path, "settings (2).ini"), "utf8"), "\ufeff[printer]\r\nname=newer\r\n");
    await field.fill("never kept");
    await page.keyboard.press("Escape");
    await dialog.getByText("are not saved.").waitFor();
    await dialog.getByRole("button", { name: "Go on editing" }).click();
    assert.equal(await field.inputValue(), "never kept");
    await close();
    await dialog.getByRole("button", { name: "Discard them" }).click();
    await dialog.waitFor({ state: "detached" });
    await edit("settings.ini");
    await field.fill("held");
    for (let presses = 0; presses < 4; presses++) await page.keyboard.down("Escape");
    await page.keyboard.up("Escape");
    await dialog.getByText("are not saved.").waitFor();
    await page.keyboard.press("Escape");
    await dialog.getByText("are not saved.").waitFor({ state: "detached" });
    await page.goBack();
    await dialog.getByText("are not saved.").waitFor();
    assert.equal(await field.inputValue(), "held");
    await dialog.getByRole("button", { name: "Go on editing" }).click();
    await agent.takeBack(session, ["chat", "messages"]);
    await dialog.getByText("What you wrote cannot be saved here any more.").waitFor();
    assert.equal(await browser(page).getByRole("grid").count(), 0);
    assert.equal(await field.inputValue(), "held");
    await agent.end(session, "user");
    await page.getByText("The user ended the session.").first().waitFor();
    assert.equal(await field.inputValue(), "held");
  });
});

test("a file that the user has protected stays as it is", async () => {
  await open(async (page) => {
    const { folder } = await sessionWith(page, "Klara", WRITE);
    const path = join(folder.path, "settings.ini");
    await writeFile(path, "the user's own words\n");
    await openFiles(page);
    const dialog = page.getByRole("dialog");
    const edit = async (name: string) => {
      await row(page, name).click();
      await tool(page, "Edit text").click();
    };
    const field = dialog.getByLabel("Content of the file");
    await chmod(path, 0o444);
    await edit("settings.ini");
    await field.fill("not allowed");
    await dialog.getByRole("button", { name: "Save", exact: true }).click();
    await dialog.getByText("The user has protected this file from changes.").waitFor();
    assert.equal((await stat(path)).size, 21);
  });
});

test("what the user takes back is gone at once, and so is everything at the end", async () => {
  await open(async (page) => {
    const { agent, folder, session, tunnel } = await sessionWith(page, "Hanna", WRITE);
    await writeFile(join(folder.path, "notes.txt"), "notes");
    await openFiles(page);
    await listed(page, ["notes.txt"]);
    await agent.report(session, [], true);
    await browser(page).getByText("The user's screen is locked.").waitFor();
    await agent.report(session, []);
    await browser(page).getByText("The user's screen is locked.").waitFor({ state: "detached" });

    tunnel.folder = undefined;
    await tool(page, "Refresh").click();
    await browser(page).getByText("It is tried again by itself.").waitFor();
    await picture(page, "files-unreachable");
    tunnel.folder = folder;
    await browser(page).getByText("It is tried again by itself.").waitFor({ state: "detached" });

    tunnel.room = 1_000_000;
    await choose(page, [{ name: "film.mp4", content: randomBytes(4_000_000) }]);
    await eventually(async () => assert.ok(tunnel.room <= 0));
    await agent.takeBack(session, READ);
    await transfer(page, "film.mp4").getByText("The user did not grant this, or took it back.").waitFor();
    await browser(page).getByText("Read only").waitFor();
    await tool(page, "Upload").waitFor({ state: "detached" });
    tunnel.room = Infinity;

    await agent.takeBack(session, ["chat", "messages"]);
    await browser(page).getByText("The user has taken the files back.").waitFor();
    assert.equal(await browser(page).getByRole("grid").count(), 0);
    await picture(page, "files-taken-back");
    await page.getByRole("button", { name: "Close the files" }).click();
    await page.getByText("You cannot look at files: the user has not granted it.").waitFor();
    await browser(page).getByRole("button", { name: "Ask for: View and copy files" }).click();
    const more = await agent.request();
    assert.deepEqual(more.terms.permissions, ["files_read"]);
    await agent.decide(more, { outcome: "approved", permissions: ["files_read"], limit_secs: 3600 });
    await openFiles(page);
    await reach(agent, session, folder);
    await listed(page, ["notes.txt"]);
    await agent.end(session, "user");
    await browser(page).getByText("The session is over, and the files are out of reach with it.").waitFor();
    assert.equal(await browser(page).getByRole("grid").count(), 0);
  });
});

test("where only placing is granted, files can be placed and nothing is listed; in Arabic all of it is mirrored", async () => {
  await open(async (page) => {
    const { agent, folder, session } = await sessionWith(page, "Ilse", ["files_write", "chat"]);
    await writeFile(join(folder.path, "there.txt"), "there");
    await openFiles(page);
    await browser(page).getByText("You may place files and not look at what is there.").waitFor();
    await choose(page, [{ name: "there.txt", content: "new" }, { name: "new.txt", content: "new" }]);
    await transfer(page, "new.txt").getByText("Uploaded.").waitFor();
    await transfer(page, "there.txt").getByText("There is something of this name already").waitFor();
    await picture(page, "files-write-only");
    const asked = await (async () => {
      await browser(page).getByRole("button", { name: "Ask for: View and copy files" }).click();
      return agent.request();
    })();
    await agent.decide(asked, { outcome: "approved", permissions: ["files_read"], limit_secs: 3600 });
    await listed(page, ["new.txt", "there.txt"]);
    await mkdir(join(folder.path, "صور الصيف"));
    await writeFile(join(folder.path, "تقرير 2026.pdf"), "x".repeat(4321));
    await page.evaluate(() => localStorage.setItem("ondemand-language", "ar"));
    page.on("dialog", (it) => void it.accept());
    await page.goto(`${stage.service.url}/#/sessions/${session}`);
    await page.reload();
    await page.locator(".tool-closed .button-primary").last().click();
    await eventually(async () => assert.equal((await page.locator("tbody .file-words").count()) >= 4, true));
    await page.locator("tbody tr").nth(1).click();
    const [check, size] = [page.locator("tbody td.file-check").first(), page.locator("tbody td.file-size").first()];
    assert.ok(((await check.boundingBox())?.x ?? 0) > ((await size.boundingBox())?.x ?? 0), "the list begins at the right");
    await picture(page, "files-ar");
  });
});
