/** The inbox of the built plugin in a real browser. */

import { join } from "node:path";

import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";

import { FakeDaemon, FakeLine, type Handler, sendEvent, sendJson } from "../fakes/daemon";
import { executable, launch, MISSING, openPlugin } from "./browser";
import { NOTES } from "./vault";

const TOKEN = "t0ken";
const SHOTS = process.env["FAMULUS_SHOTS"];
const TOMATOES = "Garden/Tomatoes.md";
const BLIGHT = "Сад/Фитофтора.md";

const LINK = {
  id: "s1", kind: "link", path: TOMATOES, target: BLIGHT, relation: "narrower", score: 0.81, state: "pending", edit: {}, context: null,
  reason: "Says how to notice the blight that wet leaves invite.", evidence: "Первые бурые пятна появляются на нижних листьях после холодных ночей.",
};
const WAITING: Record<string, unknown>[] = [
  LINK,
  { ...LINK, id: "s2", kind: "mention", relation: null, score: 0.97, reason: "", evidence: "", context: { before: "Wet leaves in the evening invite ", after: "." }, edit: { before: "blight", after: "[[Фитофтора|blight]]" } },
  { ...LINK, id: "s3", kind: "properties", path: BLIGHT, target: null, relation: null, score: null, reason: "It is about diseases of tomatoes.", evidence: "", edit: { before: "", after: "tags: [сад/болезни]\n" }, detail: { tags: "сад/болезни", description: "Как узнать фитофтору и что делать" } },
];

/** The daemon's inbox: what is decided is gone, `s2` can not be written. */
class Shelf {
  waiting = [...WAITING];
  readonly decided: unknown[] = [];

  readonly routes: Record<string, Handler> = {
    "GET /api/suggestions": ({ query }, response) => {
      const kind = query.get("kind");
      const suggestions = this.waiting.filter((each) => kind === null || each["kind"] === kind);
      sendJson(response, { suggestions, total: suggestions.length, hidden: query.get("hidden") === "true" ? 0 : 7 });
    },
    "GET /api/suggestions/summary": (_, response) => {
      const kinds = [...new Set(this.waiting.map((each) => each["kind"]))];
      const counts = kinds.map((kind) => ({ kind, state: "pending", count: this.waiting.filter((each) => each["kind"] === kind).length, hidden: 0 }));
      sendJson(response, { counts, thresholds: [] });
    },
    "POST /api/suggestions/accept": (received, response) => { this.decide("accept", received.body, response); },
    "POST /api/suggestions/reject": (received, response) => { this.decide("reject", received.body, response); },
  };

  private decide(decision: string, body: unknown, response: Parameters<Handler>[1]): void {
    const { ids } = body as { ids: string[] };
    this.decided.push([decision, ids]);
    const fails = (id: string): boolean => id === "s2" && decision === "accept";
    this.waiting = this.waiting.filter((each) => !ids.includes(String(each["id"])) || fails(String(each["id"])));
    sendJson(response, { results: ids.map((id) => (fails(id) ? { id, state: null, code: "stale", reason: "The note was changed." } : { id, state: "applied", reason: "" })) });
  }
}

describe("the inbox in a browser", () => {
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

  async function open(look: Parameters<typeof openPlugin>[2] = {}): Promise<{ page: Page; shelf: Shelf; line: FakeLine }> {
    if (browser === null) throw new Error(MISSING);
    const [shelf, line] = [new Shelf(), new FakeLine([])];
    daemon = await FakeDaemon.start(TOKEN, { ...shelf.routes, ...line.routes });
    const { page } = await openPlugin(browser, { address: daemon.url, token: TOKEN, notes: NOTES, active: TOMATOES, anyNote: false }, look);
    await page.evaluate(() => window.fakeApp.run("open-inbox"));
    await page.locator(".famulus-inbox-card").nth(2).waitFor();
    return { page, shelf, line };
  }

  const cards = (page: Page): Promise<(string | null)[]> => page.locator(".famulus-inbox-card").evaluateAll((all) => all.map((each) => each.getAttribute("data-id")));

  it.each([["en", "theme-light"], ["ru", "theme-dark"]] as const)("shows what waits by note, with its grounds (%s)", async (language, theme) => {
    const { page } = await open({ language, theme });
    expect(await page.locator(".famulus-inbox-name").allTextContents()).toEqual(["Tomatoes", "Фитофтора"]);
    const text = await page.locator(".famulus-inbox-list").innerText();
    for (const part of ["Says how to notice the blight", "Первые бурые пятна", "0.81", "#сад/болезни"]) expect(text).toContain(part);
    await page.locator(".famulus-written summary").click();
    expect(await page.locator(".famulus-written pre").innerText()).toBe("tags: [сад/болезни]");
    expect(await page.locator(".famulus-spot ins").innerText()).toBe("[[Фитофтора|blight]]");
    expect(await page.locator(".famulus-inbox-card", { hasText: language === "ru" ? "Нижестоящая" : "Narrower" }).count()).toBe(1);
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `plugin-inbox-${language}.png`) });
  }, 60_000);

  it("is worked through with the keyboard, in any layout", async () => {
    const { page, shelf } = await open();
    await page.locator(".famulus-inbox-card").first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowUp");
    await page.evaluate(() => document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key: "н", code: "KeyY", bubbles: true })));
    await page.locator('[data-id="s1"]').waitFor({ state: "detached" });
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-id"))).toBe("s2");
    await page.keyboard.press("n");
    await page.locator('[data-id="s2"]').waitFor({ state: "detached" });
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => window.fakeApp.opened.at(-1)?.path)).toBe(BLIGHT);
    expect(shelf.decided).toEqual([["accept", ["s1"]], ["reject", ["s2"]]]);
    await page.getByText("Accepted: 1. Rejected: 1.").waitFor();
  }, 60_000);

  it("decides on a note at once, and says why one could not be decided", async () => {
    const { page, shelf } = await open();
    await page.getByLabel("Accept all of this note").click();
    await page.getByText("The note was changed.").waitFor();
    expect(await cards(page)).toEqual(["s2", "s3"]);
    expect(shelf.decided).toEqual([["accept", ["s1", "s2"]]]);
  }, 60_000);

  it("asks once more before it decides on all that is shown", async () => {
    const { page, shelf } = await open();
    await page.getByRole("button", { name: "Reject all (3)" }).click();
    await page.getByRole("button", { name: "Reject 3 for good?" }).waitFor();
    await page.locator(".famulus-inbox-card").first().focus();
    await page.getByRole("button", { name: "Reject all (3)" }).click();
    expect(shelf.decided).toEqual([]);
    await page.getByRole("button", { name: "Reject 3 for good?" }).click();
    await page.getByText("Nothing waits for you.").waitFor();
    expect(shelf.decided).toEqual([["reject", ["s1", "s2", "s3"]]]);
  }, 60_000);

  it("narrows by kind, and shows those with low scores when asked", async () => {
    const { page } = await open();
    await page.locator(".famulus-inbox select").selectOption("mention");
    await page.locator('[data-id="s1"]').waitFor({ state: "detached" });
    expect(await cards(page)).toEqual(["s2"]);
    await page.getByText("Show 7 with low scores").click();
    await page.getByText("Hide those with low scores").waitFor();
  }, 60_000);

  it("follows what the daemon tells", async () => {
    const { page, shelf, line } = await open();
    const stream = await line.streams.next();
    shelf.waiting.push({ ...LINK, id: "s4" });
    sendEvent(stream, { path: TOMATOES, count: 1 }, "suggestion.new");
    await page.locator('[data-id="s4"]').waitFor();
  }, 60_000);
});
