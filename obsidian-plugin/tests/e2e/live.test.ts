/**
 * The built plugin in a real browser against a daemon that is running: name it in FAMULUS_URL and its token in
 * FAMULUS_TOKEN. FAMULUS_NOTE (a path in its vault) adds related notes and links, FAMULUS_QUESTION is what is asked.
 */

import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { executable, launch, MISSING, openPlugin } from "./browser";

const ADDRESS = process.env["FAMULUS_URL"] ?? "";
const TOKEN = process.env["FAMULUS_TOKEN"] ?? "";
const NOTE = process.env["FAMULUS_NOTE"] ?? "";
const QUESTION = process.env["FAMULUS_QUESTION"] ?? "What do my notes say?";
const SHOTS = process.env["FAMULUS_SHOTS"];
// A small model on two cores takes its time.
const PATIENCE = 180_000;

describe("the plugin against a running daemon", () => {
  let browser: Browser | null = null;

  beforeAll(async () => {
    if (executable !== null && ADDRESS !== "") browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach((context) => {
    context.skip(executable === null, MISSING);
    context.skip(ADDRESS === "", "No daemon is named in FAMULUS_URL.");
  });

  async function open(token = TOKEN): Promise<Page> {
    if (browser === null) throw new Error(MISSING);
    const active = NOTE === "" ? null : NOTE;
    const { page } = await openPlugin(browser, { address: ADDRESS, token, notes: {}, active, anyNote: true });
    page.setDefaultTimeout(PATIENCE);
    return page;
  }

  it("connects, and is refused with a wrong token", async () => {
    for (const [token, words] of [[TOKEN, /^Connected to version/], ["wrong", /^Famulus refused the call/]] as const) {
      const page = await open(token);
      await page.evaluate(() => { window.showSettings(); });
      await page.getByText("Test connection").click();
      await page.locator(".setting-item-description").filter({ hasText: words }).waitFor();
      await page.close();
    }
  }, PATIENCE);

  it("streams an answer to its end", async () => {
    const page = await open();
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await page.locator(".famulus-composer textarea").fill(QUESTION);
    await page.keyboard.press("Enter");
    await page.locator(".famulus-actions").waitFor();
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "plugin-live.png") });
    expect(await page.locator(".famulus-turn").getAttribute("data-status")).toBe("done");
    expect((await page.locator(".famulus-answer").textContent())?.trim()).not.toBe("");
    for (const source of await page.locator(".famulus-source").all()) await source.click();
    const opened = await page.evaluate(() => window.fakeApp.opened);
    expect(opened.filter((one) => one.path === "")).toEqual([]);
  }, PATIENCE);

  it("stops an answer", async () => {
    const page = await open();
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await page.locator(".famulus-composer textarea").fill("Write a Python program with ten long functions.");
    await page.keyboard.press("Enter");
    await page.getByLabel("Stop").click();
    await page.getByText("Stopped.").waitFor();
  }, PATIENCE);

  it("shows related notes and suggestions", async (context) => {
    context.skip(NOTE === "", "No note is named in FAMULUS_NOTE.");
    const page = await open();
    await page.evaluate(() => window.fakeApp.run("show-related-notes"));
    await page.locator(".famulus-related .famulus-source").first().waitFor();
    await page.evaluate(() => window.fakeApp.run("link-note"));
    const settled = page.locator(".famulus-suggestion").or(page.getByText("No link to suggest for this note."));
    await settled.first().waitFor();
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "plugin-live-links.png") });
  }, PATIENCE);
});
