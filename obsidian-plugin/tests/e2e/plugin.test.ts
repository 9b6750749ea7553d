/** The built plugin in a real browser, against a daemon that speaks the contract. */

import { once } from "node:events";
import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { chunk, FakeDaemon, type Handler, HEALTH, sendError, sendEvent, sendJson, startStream } from "../fakes/daemon";
import { executable, launch, MISSING, openPlugin } from "./browser";
import { ANSWER, CITATIONS, NOTES } from "./vault";

const TOKEN = "t0ken";
const SHOTS = process.env["FAMULUS_SHOTS"];
const CHAT = "POST /v1/chat/completions";
const active = "Garden/Tomatoes.md";

/** Lets a test look at the page while an answer is under way. */
class Gate {
  private open: () => void = () => undefined;
  readonly passed = new Promise<void>((resolve) => (this.open = resolve));

  pass(): void {
    this.open();
  }
}

const streamAnswer = (gate?: Gate): Handler => async (_, response) => {
  startStream(response);
  for (const [index, content] of ANSWER.entries()) {
    sendEvent(response, chunk({ content }));
    if (index === 0) await gate?.passed;
  }
  sendEvent(response, chunk({ citations: CITATIONS }, "stop"));
  response.end("data: [DONE]\n\n");
};

describe("the plugin in a browser", () => {
  let browser: Browser | null = null;
  let daemon: FakeDaemon | null = null;

  beforeAll(async () => {
    if (executable !== null) browser = await launch();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
  });
  beforeEach((context) => {
    context.skip(executable === null, MISSING);
  });
  afterEach(async () => {
    await daemon?.stop();
    daemon = null;
  });

  async function open(routes: Record<string, Handler>, look: Parameters<typeof openPlugin>[2] = {}, token = TOKEN): Promise<{ page: Page; foreign: string[]; daemon: FakeDaemon }> {
    if (browser === null) throw new Error(MISSING);
    daemon = await FakeDaemon.start(TOKEN, routes);
    const opened = await openPlugin(browser, { address: daemon.url, token, notes: NOTES, active, anyNote: false }, look);
    return { ...opened, daemon };
  }

  async function ask(page: Page, question: string): Promise<void> {
    await page.locator(".famulus-composer textarea").fill(question);
    await page.keyboard.press("Enter");
  }

  it.each(["theme-light", "theme-dark"] as const)("streams a cited answer and opens its sources (%s)", async (theme) => {
    const gate = new Gate();
    const { page, daemon: served } = await open({ [CHAT]: streamAnswer(gate) }, { theme });
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await ask(page, "When should I water the tomatoes?");
    await page.getByText("in the morning, at the root").waitFor();
    expect(await page.locator(".famulus-send").getAttribute("aria-label")).toBe("Stop");
    expect(await page.locator(".famulus-source").count()).toBe(0);
    gate.pass();
    await page.locator(".famulus-source").nth(3).waitFor();
    expect(await page.locator(".famulus-answer button.famulus-mark").allTextContents()).toEqual(["1", "2", "3", "4"]);
    expect(await page.locator(".famulus-answer li").count()).toBe(2);
    await page.locator(".famulus-answer button.famulus-mark").nth(2).click();
    await page.locator(".famulus-source").nth(1).click();
    expect(await page.evaluate(() => window.fakeApp.opened.slice(1))).toEqual([
      { path: "Сад/Фитофтора.md", line: 3 },
      { path: "Garden/Tomatoes.md", line: 4 },
    ]);
    expect(served.received.at(-1)?.body).toMatchObject({ model: "famulus", stream: true });
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `plugin-chat-${theme}.png`) });
  }, 60_000);

  it("sends the conversation on, with the first answer exactly as it came", async () => {
    const { page, daemon: served } = await open({ [CHAT]: streamAnswer() });
    await page.evaluate(() => window.fakeApp.run("ask-about-note"));
    await ask(page, "One?");
    await page.locator(".famulus-actions").waitFor();
    await ask(page, "Two?");
    await page.locator(".famulus-actions").nth(1).waitFor();
    expect(served.received.at(-1)?.body).toEqual({
      model: "famulus",
      stream: true,
      messages: [{ role: "user", content: "One?" }, { role: "assistant", content: ANSWER.join("") }, { role: "user", content: "Two?" }],
      famulus: { path: active },
    });
  }, 60_000);

  it("stops an answer: the daemon sees the hang-up, and the words stay", async () => {
    let hungUp: Promise<unknown> = Promise.resolve();
    const { page } = await open({
      [CHAT]: (_, response) => {
        hungUp = once(response, "close");
        startStream(response);
        sendEvent(response, chunk({ content: "Half a sentence" }));
      },
    });
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await ask(page, "Anything?");
    await page.getByText("Half a sentence").waitFor();
    await page.getByLabel("Stop").click();
    await hungUp;
    await page.getByText("Stopped.").waitFor();
    expect(await page.locator(".famulus-answer").textContent()).toBe("Half a sentence");
  }, 60_000);

  it("inserts an answer into the note as a paragraph with footnotes", async () => {
    const { page } = await open({ [CHAT]: streamAnswer() });
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await ask(page, "When?");
    await page.getByLabel("Insert into note").click();
    const [inserted = ""] = await page.evaluate(() => window.fakeApp.view.editor.inserted);
    expect(inserted).toMatch(/^\n\nWater your tomatoes/);
    expect(inserted).toMatch(/\[\^f\w+-3\]: \[\[Сад\/Фитофтора#Фитофтора#Как узнать\|Фитофтора › Как узнать\]\]: “Первые/);
  }, 60_000);

  it("loads and runs nothing that an answer asks for", async () => {
    const attack = "![x](http://evil.example/?q=1) <img src=http://evil.example/2 onerror='window.hacked=1'> ![[Garden/Tomatoes]]\n\n```dataviewjs\nwindow.hacked = 1\n```\n";
    const { page, foreign } = await open({
      [CHAT]: (_, response) => {
        startStream(response);
        sendEvent(response, chunk({ content: attack }, "stop"));
        response.end();
      },
    });
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await ask(page, "Hm?");
    await page.locator(".famulus-actions").waitFor();
    expect(await page.locator(".famulus-answer :is(img, iframe, script, video, style)").count()).toBe(0);
    expect(await page.evaluate(() => "hacked" in window)).toBe(false);
    expect(foreign).toEqual([]);
  }, 60_000);

  it("explains a wrong token, in the language of the app", async () => {
    const { page } = await open({}, { language: "ru" }, "wrong");
    await page.evaluate(() => window.fakeApp.run("open-chat"));
    await ask(page, "Что?");
    await page.getByText("Famulus отклонил запрос.").waitFor();
    expect(await page.locator(".famulus-error").textContent()).toContain("Укажите токен в настройках");
  }, 60_000);

  it("tests the connection from the settings", async () => {
    const { page } = await open({
      "GET /api/health": (_, response) => { sendJson(response, HEALTH); },
      "GET /v1/models": (_, response) => { sendJson(response, { data: [] }); },
    });
    await page.evaluate(() => { window.showSettings(); });
    await page.getByText("Test connection").click();
    await page.getByText("Connected to version 0.1.0. Notes in the index: 42.").waitFor();
    await page.locator("input[type=url]").fill("http://me:secret@box");
    await page.getByText("Leave user and password out of the address.").waitFor();
  }, 60_000);

  it("shows related notes, and opens one", async () => {
    const { page, daemon: served } = await open({
      "GET /api/related": (_, response) => {
        sendJson(response, { results: [{ path: "Сад/Фитофтора.md", title: "Фитофтора", heading: ["Фитофтора", "Что делать"], start_line: 6, end_line: 7, score: 0.9, lanes: { lexical: null, dense: 1 }, snippet: "Убрать больные листья" }] });
      },
    });
    await page.evaluate(() => window.fakeApp.run("show-related-notes"));
    await page.locator(".famulus-related .famulus-source").click();
    expect(served.received.at(-1)?.query.get("path")).toBe(active);
    expect(await page.evaluate(() => window.fakeApp.opened.at(-1))).toEqual({ path: "Сад/Фитофтора.md", line: 5 });
  }, 60_000);

  it("accepts a suggestion, and shows why another cannot be", async () => {
    const suggestion = { kind: "link", path: active, relation: "narrower", score: 0.8, evidence: "Убрать больные листья", state: "pending", edit: {} };
    const { page, daemon: served } = await open({
      "POST /api/suggestions": (_, response) => {
        sendJson(response, { suggestions: [{ ...suggestion, id: "s1", target: "Сад/Фитофтора.md", reason: "Says what to do against blight." }, { ...suggestion, id: "s2", target: "b.md", reason: "r" }] });
      },
      "POST /api/suggestions/s1/accept": (_, response) => { sendJson(response, { id: "s1", state: "applied" }); },
      "POST /api/suggestions/s2/accept": (_, response) => { sendError(response, 409, "stale", "Nothing was written.", "The note has changed since.", "Ask for suggestions again."); },
      "POST /api/suggestions/s2/reject": (_, response) => { sendJson(response, { id: "s2", state: "rejected" }); },
    });
    await page.evaluate(() => window.fakeApp.run("link-note"));
    await page.getByText("Says what to do against blight.").waitFor();
    expect(served.received.at(-1)?.body).toEqual({ path: active });
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, "plugin-links.png") });
    await page.getByText("Accept", { exact: true }).first().click();
    await page.getByText("Accepted.").waitFor();
    await page.getByText("Accept", { exact: true }).click();
    await page.getByText("Nothing was written. The note has changed since. Ask for suggestions again.").waitFor();
    await page.getByText("Reject", { exact: true }).click();
    await page.getByText("It will not be suggested again.").waitFor();
  }, 60_000);
});
