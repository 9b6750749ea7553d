/** The built plugin in a real browser: it writes into the app's notes what the daemon asks for. */

import { createHash } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { FakeDaemon, FakeLine, sendEvent } from "../fakes/daemon";
import { executable, launch, MISSING, openPlugin } from "./browser";
import { NOTES } from "./vault";

const TOKEN = "t0ken";
const active = "Garden/Tomatoes.md";
const WINDOWS = "Windows/Ёлка.md".normalize("NFD");
const OWN = "# 🌲\r\nстарое\r\n";

const hash = (text: string): string => createHash("sha256").update(text).digest("hex");

describe("the plugin in a browser", () => {
  let browser: Browser | null = null;
  let daemon: FakeDaemon;
  let line: FakeLine;
  let stream: ServerResponse;
  let page: Page;
  let foreign: string[];

  beforeAll(async () => {
    if (executable !== null) browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach(async (context) => {
    context.skip(executable === null, MISSING);
    line = new FakeLine([active, "Сад/Фитофтора.md"]);
    daemon = await FakeDaemon.start(TOKEN, line.routes);
  });
  afterEach(async () => {
    await page.close();
    await daemon.stop();
  });

  async function open(language = "en"): Promise<void> {
    if (browser === null) throw new Error(MISSING);
    const notes = { ...NOTES, [WINDOWS]: `\uFEFF${OWN}` };
    ({ page, foreign } = await openPlugin(browser, { address: daemon.url, token: TOKEN, notes, active, anyNote: false }, { language }));
    stream = await line.streams.next();
  }

  async function textOf(path: string): Promise<string> {
    return page.evaluate((one) => window.fakeApp.notes.get(one) ?? "", path);
  }

  /** Asks for a change of the note as it is now. */
  async function ask(id: string, path: string, before: string, after: string, wrong: Record<string, unknown> = {}): Promise<void> {
    const file = await textOf(path);
    const start = file.replace(/^\uFEFF/, "").indexOf(before);
    const span = { start, end: start + before.length, unit: "utf16" };
    const request = { id, path, base_hash: hash(file), after_hash: hash(file.replace(before, after)), span, before, after, remove: false, seconds: 10 };
    sendEvent(stream, { ...request, ...wrong }, "edit.apply");
  }

  it("proves what it sees, and says in the settings how is written", async () => {
    await open();
    const { plugin, hashes } = await line.proofs.next();
    expect(plugin).toMatch(/^[0-9a-f-]{36}$/);
    expect(hashes).toEqual(Object.fromEntries(Object.entries(NOTES).map(([path, text]) => [path, hash(text)])));
    await page.evaluate(() => { window.showSettings(); });
    await page.getByText("Through Obsidian: while it is open").waitFor();
    stream.destroy();
    await page.getByText("Not through Obsidian. The line to the daemon broke off.").waitFor();
  }, 60_000);

  it("changes the open note in its editor, and is not held up by its own change", async () => {
    await open();
    await ask("e1", active, "twice a week", "three times a week");
    expect(await line.answers.next()).toMatchObject({ id: "e1", outcome: "applied", hash: hash((NOTES[active] ?? "").replace("twice", "three times")) });
    await ask("e2", active, "# Tomatoes", "# Tomatoes 🍅");
    const answer = await line.answers.next();
    expect(answer).toMatchObject({ id: "e2", outcome: "applied" });
    expect(answer.hash).toBe(hash(await textOf(active)));
    const editor = await page.evaluate(() => ({ value: window.fakeApp.view.editor.getValue(), steps: window.fakeApp.view.editor.history.length }));
    expect(editor).toEqual({ value: await textOf(active), steps: 2 });
  }, 60_000);

  it("changes a note in the background, whatever its line endings, its mark and the spelling of its name", async () => {
    await open();
    await ask("e1", WINDOWS, "старое", "новое", { path: WINDOWS.normalize("NFC") });
    expect(await line.answers.next()).toMatchObject({ outcome: "applied", hash: hash(`\uFEFF${OWN.replace("старое", "новое")}`) });
    expect(await textOf(WINDOWS)).toBe("\uFEFF# 🌲\r\nновое\r\n");
  }, 60_000);

  it("changes nothing where the note is another one", async () => {
    await open();
    await ask("e1", active, "twice", "thrice", { base_hash: hash("something else") });
    expect(await line.answers.next()).toMatchObject({ outcome: "stale", hash: hash(NOTES[active] ?? "") });
    expect(await textOf(active)).toBe(NOTES[active]);
  }, 60_000);

  it("changes nothing where the user has typed and not saved", async () => {
    await open();
    await page.evaluate(() => { window.fakeApp.view.editor.type(" and a thou"); });
    await ask("e1", active, "twice", "thrice");
    expect(await line.answers.next()).toMatchObject({ outcome: "busy" });
    expect(await textOf(active)).toBe(NOTES[active]);
    expect(await page.evaluate(() => window.fakeApp.view.editor.getValue())).toBe(`${NOTES[active] ?? ""} and a thou`);
  }, 60_000);

  it("comes back when the stream dies, and applies an Edit once that is asked for twice", async () => {
    await open();
    await ask("e1", active, "blight", "late blight");
    const first = await line.answers.next();
    stream.destroy();
    stream = await line.streams.next();
    await ask("e1", active, "blight", "late blight");
    expect(await line.answers.next()).toEqual(first);
    expect(await textOf(active)).toBe((NOTES[active] ?? "").replace("blight", "late blight"));
    expect(line.plugins[1]).toBe(line.plugins[0]);
  }, 60_000);

  it("makes a note with its folders, takes one away, and leaves the app's own folder alone", async () => {
    await open();
    const made = { span: { start: 0, end: 0, unit: "utf16" }, base_hash: "", after_hash: hash("# Новая 🌱\n"), after: "# Новая 🌱\n" };
    await ask("e1", "Famulus/2026/Новая.md", "", "", made);
    expect(await line.answers.next()).toMatchObject({ outcome: "applied", hash: made.after_hash });
    await ask("e2", "Famulus/2026/Новая.md", "", "", { after_hash: "", remove: true });
    expect(await line.answers.next()).toMatchObject({ outcome: "applied", hash: "" });
    await ask("e3", "config/Новая.md", "", "", made);
    expect(await line.answers.next()).toMatchObject({ outcome: "failed", hash: null });
    expect(await page.evaluate(() => [window.fakeApp.vault.trashed, [...window.fakeApp.vault.folders]])).toEqual([["Famulus/2026/Новая.md"], ["Famulus", "Famulus/2026"]]);
  }, 60_000);

  it("says in the user's language why nothing is written through the app", async () => {
    line.verdict = { proven: false, reason: "It does not see the same 'n.md'." };
    await open("ru");
    await page.evaluate(() => { window.showSettings(); });
    await page.getByText("Не через Obsidian. It does not see the same 'n.md'.").waitFor();
  }, 60_000);

  it("sends the token to no address that is typed half", async () => {
    await open();
    await page.evaluate(() => { window.showSettings(); });
    await page.locator("input[type=url]").fill("http://127.0.0.1:1");
    stream.destroy();
    stream = await line.streams.next();
    expect(foreign).toEqual([]);
    const gone = once(stream, "close");
    await page.evaluate(() => { window.hideSettings(); });
    await gone;
    await expect.poll(() => foreign[0]).toMatch(/^http:\/\/127\.0\.0\.1:1\/api\/events\?plugin=/);
  }, 60_000);

  it("hangs up when it is unloaded, for good", async () => {
    await open();
    const gone = once(stream, "close");
    await page.evaluate(() => { window.unloadPlugin(); });
    await gone;
    await page.evaluate(() => { window.dispatchEvent(new Event("online")); });
    expect(line.plugins).toHaveLength(1);
  }, 60_000);
});
