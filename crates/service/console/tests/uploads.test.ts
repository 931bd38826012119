// What goes up in a real browser, through the real service, to a real folder at the other end of the tunnel.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { browser, choose, drop, eventually, FileStage, listed, openFiles, reach, tool, transfer, WRITE } from "./support/files";

const stage = new FileStage();
const { open, picture, sessionWith } = stage;

before(() => stage.set());

after(() => stage.strike());

test("files are uploaded by button and by dropping them, and nothing is replaced without a word", async () => {
  await open(async (page) => {
    const { folder } = await sessionWith(page, "Dora", WRITE);
    await writeFile(join(folder.path, "notes.txt"), "the user's");
    await mkdir(join(folder.path, "Plans"));
    await openFiles(page);
    await listed(page, ["Plans", "notes.txt"]);
    await choose(page, [{ name: "a.txt", content: "a" }, { name: "empty.txt", content: "" }]);
    await transfer(page, "empty.txt").getByText("Uploaded.").waitFor();
    await listed(page, ["Plans", "a.txt", "empty.txt", "notes.txt"]);
    assert.equal(await readFile(join(folder.path, "a.txt"), "utf8"), "a");

    await drop(browser(page).locator(".drop-area"), ["b.txt", "notes.txt"], "My folder");
    await page.getByText("Folders cannot be uploaded. Make them here, and upload the files in them: My folder").waitFor();
    const dialog = page.getByRole("dialog", { name: "1 file is there already" });
    await dialog.getByText("notes.txt").waitFor();
    await picture(page, "files-taken");
    await dialog.getByRole("button", { name: "Keep both" }).click();
    await listed(page, ["Plans", "a.txt", "b.txt", "empty.txt", "notes (2).txt", "notes.txt"]);
    assert.equal(await readFile(join(folder.path, "notes.txt"), "utf8"), "the user's");
    assert.equal(await readFile(join(folder.path, "notes (2).txt"), "utf8"), "content of notes.txt");

    await choose(page, [{ name: "notes.txt", content: "the operator's" }, { name: "c.txt", content: "c" }]);
    await dialog.getByRole("button", { name: "Skip" }).click();
    await transfer(page, "c.txt").getByText("Uploaded.").waitFor();
    assert.equal(await readFile(join(folder.path, "notes.txt"), "utf8"), "the user's");
    await choose(page, [{ name: "NOTES.txt", content: "another" }, { name: "notes.txt", content: "the operator's" }]);
    await page.getByRole("dialog").getByRole("button", { name: "Replace" }).click();
    await eventually(async () => assert.equal(await readFile(join(folder.path, "notes.txt"), "utf8"), "the operator's"));

    await choose(page, [{ name: ".hidden", content: "x" }]);
    await page.getByText(".hidden: Names that begin with a dot").waitFor();
    assert.ok(!(await folder.names()).includes(".hidden"));
    await picture(page, "files-transfers");
    await tool(page, "Clear the list").click();
    await page.getByRole("region", { name: "Transfers" }).waitFor({ state: "detached" });
  });
});

test("an upload shows how far it is, outlives a broken line and another page, and goes on where it stopped", async () => {
  await open(async (page) => {
    const { agent, folder, session, tunnel: first } = await sessionWith(page, "Emil", WRITE);
    await openFiles(page);
    await browser(page).getByText("This folder is empty").waitFor();
    await picture(page, "files-empty");
    const content = randomBytes(8_000_000);
    first.room = 3_000_000;
    await choose(page, [{ name: "film.mp4", content }]);
    await transfer(page, "film.mp4").getByText(/of 8 MB|All of it is sent/).waitFor();
    await eventually(async () => assert.ok(first.room <= 0, "as much went through as there was room for"));
    await page.waitForFunction(() => (document.querySelector("progress")?.value ?? 0) > 1_000_000);
    await picture(page, "files-uploading");
    first.cut();
    await transfer(page, "film.mp4").getByText("Waits for the connection and goes on by itself.").waitFor();
    await picture(page, "files-waiting");
    await page.getByRole("link", { name: "Overview", exact: true }).first().click();
    await page.getByText(/1 file is being uploaded: \d+%/).waitFor();
    assert.equal(await page.getByRole("status").filter({ hasText: "is being uploaded" }).count(), 0, "not each step is said");
    await page.goBack();
    await transfer(page, "film.mp4").waitFor();
    await tool(page, "Close the files").click();
    await page.getByText(/1 file is being uploaded: \d+%/).waitFor();

    const second = await reach(agent, session, folder);
    const before = second.room = 1_000_000_000;
    await page.getByText(/1 file is being uploaded/).waitFor({ state: "detached", timeout: 20_000 });
    await page.getByRole("status").filter({ hasText: "The uploads are over." }).waitFor({ state: "attached" });
    const again = before - second.room;
    assert.ok(again < 6_000_000, `${again} bytes were sent the second time`);
    assert.ok(content.equals(await readFile(join(folder.path, "film.mp4"))));
    await openFiles(page);
    await transfer(page, "film.mp4").getByText("Uploaded. 8 MB").waitFor();
    await listed(page, ["film.mp4"]);

    // More than the system's buffers hold on the way: what is all in them arrives though it is cancelled.
    const larger = randomBytes(24_000_000);
    second.room = 2_000_000;
    await choose(page, [{ name: "unwanted.mp4", content: larger }]);
    await eventually(async () => assert.ok(second.room <= 0));
    await page.getByRole("button", { name: "Cancel unwanted.mp4" }).click();
    await transfer(page, "unwanted.mp4").getByText("Cancelled").waitFor();
    second.room = Infinity;
    await eventually(async () => assert.ok(second.idle, "the line of the upload is gone"));
    assert.deepEqual(await folder.names(), ["film.mp4"], "of a cancelled upload nothing is there");
    await page.getByRole("button", { name: "Try unwanted.mp4 again" }).click();
    await transfer(page, "unwanted.mp4").getByText("Uploaded. 24 MB").waitFor();
    assert.ok(larger.equals(await readFile(join(folder.path, "unwanted.mp4"))));
  });
});

test("an upload that cannot go on, or may have arrived, says so and is not tried for ever", async () => {
  await open(async (page) => {
    const { agent, folder, session, tunnel: first } = await sessionWith(page, "Ingo", WRITE);
    await openFiles(page);
    const own = await mkdtemp(join(tmpdir(), "ondemand-own-"));
    const send = async (name: string, content: Buffer) => {
      await writeFile(join(own, name), content);
      const chooser = page.waitForEvent("filechooser");
      await tool(page, "Upload").click();
      await (await chooser).setFiles(join(own, name));
    };
    try {
      first.room = 1_000_000;
      await send("film.mp4", randomBytes(4_000_000));
      await eventually(async () => assert.ok(first.room <= 0));
      await rm(join(own, "film.mp4"));
      first.cut();
      const second = await reach(agent, session, folder);
      await transfer(page, "film.mp4").getByText("The file was changed or removed on your own computer").waitFor();

      // The whole of it arrives, and its answer does not.
      const lose = async (name: string, content: Buffer, meanwhile?: Buffer) => {
        let lost = false;
        await page.route(`**/files/${name}`, async (route) => {
          if (lost || route.request().method() !== "PUT") return route.continue();
          lost = true;
          await writeFile(join(folder.path, name), meanwhile ?? content);
          await route.abort();
        });
        await send(name, content);
      };
      const content = randomBytes(600_000);
      await lose("lost.bin", content);
      await transfer(page, "lost.bin").getByText("Uploaded.").waitFor();
      await lose("other.bin", content, randomBytes(600_000));
      await transfer(page, "other.bin").getByText("There is something of this name already").waitFor();
      assert.ok(second.idle);
    } finally {
      await rm(own, { recursive: true });
    }
  });
});
