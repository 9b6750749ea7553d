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
  produced_by: "quotation", created_at: 1763900000, decided_at: null, state_reason: "",
  reason: "Says how to notice the blight that wet leaves invite.", evidence: "Первые бурые пятна появляются на нижних листьях после холодных ночей.",
};
const WAITING: Record<string, unknown>[] = [
  LINK,
  { ...LINK, id: "s2", kind: "mention", relation: null, score: 0.97, produced_by: "alias, exact", reason: "", evidence: "", context: { before: "Wet leaves in the evening invite ", after: "." }, edit: { before: "blight", after: "[[Фитофтора|blight]]" } },
  { ...LINK, id: "s3", kind: "properties", path: BLIGHT, target: null, relation: null, score: null, produced_by: "famulus", reason: "It is about diseases of tomatoes.", evidence: "", edit: { before: "", after: "tags: [сад/болезни]\n" }, detail: { tags: "сад/болезни", description: "Как узнать фитофтору и что делать" } },
];

const REJECTED = { ...LINK, id: "r1", target: "Garden/Frost.md", relation: "direct", score: 0.34, state: "rejected", state_reason: "It was undone.", decided_at: 1763950000, reason: "Both are linked from Garden.", evidence: "" };

/** The daemon's inbox: what is decided is gone, `s2` can not be written. */
class Shelf {
  waiting = [...WAITING];
  rejected: Record<string, unknown>[] = [REJECTED];
  readonly decided: unknown[] = [];

  readonly routes: Record<string, Handler> = {
    "GET /api/suggestions": ({ query }, response) => {
      const [kind, folder, least] = [query.get("kind"), query.get("folder"), Number(query.get("min_score") ?? -1)];
      const suggestions = (query.get("state") === "rejected" ? this.rejected : this.waiting)
        .filter((each) => kind === null || each["kind"] === kind)
        .filter((each) => folder === null || String(each["path"]).startsWith(`${folder}/`))
        .filter((each) => query.get("min_score") === null || Number(each["score"] ?? -1) >= least);
      sendJson(response, { suggestions, total: suggestions.length, hidden: query.get("hidden") === "true" ? 0 : 7 });
    },
    "GET /api/suggestions/summary": (_, response) => {
      const [counts, folders] = [this.counts("kind", (each) => String(each["kind"])), this.counts("folder", (each) => String(each["path"]).split("/")[0] ?? "")];
      const bar = { kind: "link", chosen: 0.6, hidden_to: null, applied_from: 0.72, decisions: { decided: 14, refused: 3 } };
      sendJson(response, { counts, folders, thresholds: [bar] });
    },
    "POST /api/suggestions/accept": (received, response) => { this.decide("accept", received.body, response); },
    "POST /api/suggestions/reject": (received, response) => { this.decide("reject", received.body, response); },
    "POST /api/suggestions/restore": (received, response) => {
      const { ids } = received.body as { ids: string[] };
      this.decided.push(["restore", ids]);
      this.waiting.push(...this.rejected.filter((each) => ids.includes(String(each["id"]))).map((each) => ({ ...each, state: "pending" })));
      this.rejected = this.rejected.filter((each) => !ids.includes(String(each["id"])));
      sendJson(response, { results: ids.map((id) => ({ id, state: "pending", reason: "" })) });
    },
  };

  private counts(name: string, of: (each: Record<string, unknown>) => string): Record<string, unknown>[] {
    return [["pending", this.waiting] as const, ["rejected", this.rejected] as const].flatMap(([state, all]) =>
      [...new Set(all.map(of))].map((each) => ({ [name]: each, state, count: all.filter((one) => of(one) === each).length, hidden: 0 })),
    );
  }

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
    expect(await page.locator(".famulus-inbox-bar button:visible").allTextContents()).toEqual(["Show 7 with low scores"]);
    expect(shelf.decided).toEqual([["reject", ["s1", "s2", "s3"]]]);
  }, 60_000);

  it("narrows by kind, and shows those with low scores when asked", async () => {
    const { page } = await open();
    await page.getByLabel("Which kind").selectOption("mention");
    await page.locator('[data-id="s1"]').waitFor({ state: "detached" });
    expect(await cards(page)).toEqual(["s2"]);
    await page.getByText("Show 7 with low scores").click();
    await page.getByText("Hide those with low scores").waitFor();
  }, 60_000);

  it.each([["en", "theme-light"], ["ru", "theme-dark"]] as const)("narrows by folder and score (%s)", async (language, theme) => {
    const { page } = await open({ language, theme });
    const [folder, score] = language === "ru" ? ["Из какой папки", "С какой оценки"] : ["Which folder", "From which score on"];
    expect(await page.getByLabel(folder).locator("option").allTextContents()).toEqual([language === "ru" ? "Всё хранилище" : "Whole vault", "Garden (2)", "Сад (1)"]);
    await page.getByLabel(folder).selectOption("Garden");
    await page.locator('[data-id="s3"]').waitFor({ state: "detached" });
    await page.getByLabel(score).selectOption("0.9");
    await page.locator('[data-id="s1"]').waitFor({ state: "detached" });
    expect(await cards(page)).toEqual(["s2"]);
    await page.getByLabel(folder).selectOption("Сад");
    await page.getByText(language === "ru" ? "Нет ничего, что подходит под выбранное выше." : "Nothing fits what you chose above.").waitFor();
  }, 60_000);

  it.each([["en", "theme-light"], ["ru", "theme-dark"]] as const)("says why, and lets what was rejected wait again (%s)", async (language, theme) => {
    const { page, shelf } = await open({ language, theme });
    const russian = language === "ru";
    await page.locator('[data-id="s1"]').focus();
    await page.keyboard.press("w");
    const why = await page.locator('[data-id="s1"] .famulus-why dl').innerText();
    for (const part of ["0.81", "0.72", "Первые бурые пятна", "11", "14"]) expect(why).toContain(part);
    expect(why).toContain(russian ? "не выдумано" : "nothing was made up");
    await page.locator('[data-id="s2"] .famulus-why summary').click();
    expect(await page.locator('[data-id="s2"] .famulus-why dl').innerText()).toContain(russian ? "другое имя" : "another name");
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `plugin-inbox-why-${language}.png`) });
    await page.getByLabel(russian ? "В каком состоянии" : "Which state").selectOption("rejected");
    await page.locator('[data-id="r1"]').waitFor();
    expect(await cards(page)).toEqual(["r1"]);
    await page.locator('[data-id="r1"] .famulus-why summary').click();
    expect(await page.locator('[data-id="r1"] .famulus-why dl').innerText()).toContain(russian ? "Запись была отменена." : "It was undone.");
    if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `plugin-inbox-rejected-${language}.png`) });
    await page.locator('[data-id="r1"]').focus();
    await page.keyboard.press("r");
    await page.getByText(russian ? "Вы ничего не отклоняли." : "You have rejected nothing.").waitFor();
    expect(shelf.decided).toEqual([["restore", ["r1"]]]);
    await page.getByLabel(russian ? "В каком состоянии" : "Which state").selectOption("pending");
    await page.locator('[data-id="r1"]').waitFor();
  }, 60_000);

  it("follows what the daemon tells", async () => {
    const { page, shelf, line } = await open();
    const stream = await line.streams.next();
    shelf.waiting.push({ ...LINK, id: "s4" });
    sendEvent(stream, { path: TOMATOES, count: 1 }, "suggestion.new");
    await page.locator('[data-id="s4"]').waitFor();
  }, 60_000);
});
