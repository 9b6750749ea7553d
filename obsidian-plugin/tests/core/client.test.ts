import { once } from "node:events";

import { afterEach, describe, expect, it } from "vitest";

import { Client } from "../../src/core/client";
import type { ChatEvent } from "../../src/core/completion";
import { explain, FamulusError } from "../../src/core/errors";
import { stringsFor } from "../../src/core/strings";
import { chunk, FakeDaemon, type Handler, HEALTH, sendError, sendEvent, sendJson, startStream } from "../fakes/daemon";

const TOKEN = "t0ken";
const QUESTION = { messages: [{ role: "user", content: "Что такое заметка?" }], about: null } as const;

let daemon: FakeDaemon | null = null;

afterEach(async () => {
  await daemon?.stop();
  daemon = null;
});

async function serve(routes: Record<string, Handler>): Promise<FakeDaemon> {
  daemon = await FakeDaemon.start(TOKEN, routes);
  return daemon;
}

function clientOf(url: string, token = TOKEN): Client {
  return new Client({ url, token }, (target, init) => fetch(target, init));
}

async function failure(work: Promise<unknown>): Promise<FamulusError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof FamulusError) return error;
    throw error;
  }
  throw new Error("It did not fail.");
}

async function collect(events: AsyncIterable<ChatEvent>, into: ChatEvent[] = []): Promise<ChatEvent[]> {
  for await (const event of events) into.push(event);
  return into;
}

describe("test", () => {
  it("reports a daemon that takes the token", async () => {
    const { url } = await serve({
      "GET /api/health": (_, response) => { sendJson(response, HEALTH); },
      "GET /v1/models": (_, response) => { sendJson(response, { object: "list", data: [] }); },
    });
    expect(await clientOf(url).test()).toEqual({ status: "ok", version: "0.1.0", vault: "notes", notes: 42, pending: 0, minutesLeft: null, ready: true });
  });

  it.each([
    [{ seconds_left: 754.3 }, 13],
    [{ seconds_left: 4 }, 1],
    [{ seconds_left: null }, null],
    [null, null],
  ])("reports how long the rest takes: %j", async (progress, minutesLeft) => {
    const { url } = await serve({
      "GET /api/health": (_, response) => { sendJson(response, { ...HEALTH, index: { ...HEALTH.index, pending: 9, progress } }); },
      "GET /v1/models": (_, response) => { sendJson(response, { object: "list", data: [] }); },
    });
    expect(await clientOf(url).test()).toMatchObject({ pending: 9, minutesLeft });
  });

  it("finds a wrong token, although health needs none", async () => {
    const { url } = await serve({ "GET /api/health": (_, response) => { sendJson(response, HEALTH); } });
    expect(await failure(clientOf(url, "wrong").test())).toMatchObject({ code: "unauthorized", status: 401 });
  });

  it("says that nobody is there", async () => {
    const { url } = await serve({});
    await daemon?.stop();
    daemon = null;
    const error = await failure(clientOf(url).test());
    expect(error).toMatchObject({ code: "unreachable", status: 0 });
    expect(explain(error, stringsFor("en")).fix).toContain("famulus serve");
  });

  it.each([
    ["a page", (response: Parameters<Handler>[1]) => response.writeHead(200).end("<html>hello</html>")],
    ["other JSON", (response: Parameters<Handler>[1]) => response.writeHead(200).end("[1]")],
    ["a bare failure", (response: Parameters<Handler>[1]) => response.writeHead(502).end("bad gateway")],
  ])("knows that %s is not from Famulus", async (_, answer) => {
    const { url } = await serve({ "GET /api/health": (__, response) => { answer(response); } });
    expect(await failure(clientOf(url).test())).toMatchObject({ code: "not_famulus" });
  });
});

describe("related", () => {
  it("sends the path in the query, whatever it holds", async () => {
    const path = "Папка/Заметка & #1 100%?.md";
    const { url, received } = await serve({
      "GET /api/related": (_, response) => {
        sendJson(response, {
          results: [
            { path: "a.md", title: "A", heading: ["A", "B"], start_line: 3, end_line: 5, score: 0.5, lanes: { lexical: null, dense: 1 }, snippet: "s" },
            { title: "no path" },
          ],
        });
      },
    });
    expect(await clientOf(url).related(path)).toEqual([
      { path: "a.md", title: "A", heading: ["A", "B"], startLine: 3, endLine: 5, score: 0.5, lexicalRank: null, denseRank: 1, snippet: "s" },
    ]);
    expect(received[0]?.query.get("path")).toBe(path);
    expect(received[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
  });
});

describe("suggestions", () => {
  const raw = { id: "s1", kind: "link", path: "a.md", target: "b.md", relation: "broader", score: 0.7, reason: "r", evidence: "e", state: "pending", edit: {}, produced_by: "quotation", created_at: 7, decided_at: null };

  it("asks for those that wait, and reads what they would change", async () => {
    const mention = { ...raw, hidden: true, context: { before: "по ", after: " весов" }, edit: { before: "квантованию", after: "[[Квантование|квантованию]]" } };
    const tags = { ...raw, id: "s2", target: null, edit: { before: "", after: "tags: [чай]\n" }, detail: { tags: "чай tea/green", description: "О чае" } };
    const { url, received } = await serve({
      "GET /api/suggestions": (_, response) => { sendJson(response, { suggestions: [mention, tags], total: 9, hidden: 3 }); },
      "GET /api/suggestions/summary": (_, response) => {
        sendJson(response, {
          counts: [{ kind: "link", state: "pending", count: 5, hidden: 2 }, { kind: "link", state: "rejected", count: 8, hidden: 0 }],
          folders: [{ folder: "a/b", state: "pending", count: 2 }, { folder: "a", state: "rejected", count: 1 }, { folder: "a", state: "applied", count: 7 }],
          thresholds: [{ kind: "link", chosen: 0.6, applied_from: 0.8, decisions: { decided: 20, refused: 5 } }, { kind: "mention", chosen: null, applied_from: null }],
        });
      },
    });
    const page = await clientOf(url).suggestions({ state: "rejected", kind: "a&b", folder: "Чай/Улун", least: 0.5, hidden: true, limit: 20 });
    expect(page).toMatchObject({ total: 9, hidden: 3, suggestions: [{ hidden: true, producedBy: "quotation", madeAt: 7000, decidedAt: null, spot: { before: "по ", removed: "квантованию", added: "[[Квантование|квантованию]]", after: " весов" } }, { text: "tags: [чай]", properties: "#чай #tea/green · О чае" }] });
    expect(Object.fromEntries(received[0]?.query ?? [])).toEqual({ state: "rejected", kind: "a&b", folder: "Чай/Улун", min_score: "0.5", hidden: "true", limit: "20" });
    await clientOf(url).suggestions({ state: "pending", kind: "", folder: "", least: null, hidden: false, limit: 20 });
    expect(Object.fromEntries(received[1]?.query ?? [])).toEqual({ state: "pending", hidden: "false", limit: "20" });
    const { of, bars } = await clientOf(url).summary();
    expect(of.pending).toEqual({ kinds: new Map([["link", 3]]), folders: new Map([["a/b", 2]]) });
    expect(of.rejected).toEqual({ kinds: new Map([["link", 8]]), folders: new Map([["a", 1]]) });
    expect(bars.get("link")).toEqual({ writtenFrom: 0.8, decided: 20, refused: 5 });
    expect(bars.get("mention")).toEqual({ writtenFrom: null, decided: 0, refused: 0 });
  });

  it("decides on many, and reads what became of each", async () => {
    const { url, received } = await serve({
      "POST /api/suggestions/accept": (_, response) => {
        sendJson(response, { run: "r1", results: [{ id: "a", state: "applied", reason: "" }, { id: "b", state: null, reason: "Gone.", code: "stale" }] });
      },
    });
    expect(await clientOf(url).decide("accept", ["a", "b"])).toEqual({ run: "r1", outcomes: [{ id: "a", done: true, reason: "" }, { id: "b", done: false, reason: "Gone." }] });
    expect(received[0]?.body).toEqual({ ids: ["a", "b"], run: "" });
  });

  it("asks for fresh ones", async () => {
    const { url, received } = await serve({ "POST /api/suggestions": (_, response) => { sendJson(response, { suggestions: [raw, { ...raw, id: "", target: null }] }); } });
    const suggestions = await clientOf(url).suggest("a.md");
    expect(suggestions).toEqual([{ id: "s1", kind: "link", path: "a.md", target: "b.md", relation: "broader", score: 0.7, reason: "r", evidence: ["e"], state: "pending", stateReason: "", producedBy: "quotation", madeAt: 7000, decidedAt: null, hidden: false, spot: null, text: "", properties: "" }]);
    expect(received[0]?.body).toEqual({ path: "a.md" });
  });

  it("accepts and rejects with an empty body", async () => {
    const { url, received } = await serve({
      "POST /api/suggestions/s1/accept": (_, response) => { sendJson(response, raw); },
      "POST /api/suggestions/s1/reject": (_, response) => { response.writeHead(204).end(); },
    });
    await clientOf(url).accept("s1");
    await clientOf(url).reject("s1");
    expect(received.map((call) => call.body)).toEqual([undefined, undefined]);
  });

  it("keeps the daemon's words where the note has changed", async () => {
    const { url } = await serve({
      "POST /api/suggestions/s1/accept": (_, response) => { sendError(response, 409, "stale", "Nothing was written.", "The note has changed.", "Look again."); },
    });
    const error = await failure(clientOf(url).accept("s1"));
    expect(error).toMatchObject({ code: "stale", status: 409 });
    expect(explain(error, stringsFor("en"))).toEqual({ effect: "Nothing was written.", cause: "The note has changed.", fix: "Look again." });
  });
});

describe("ask", () => {
  const route = "POST /v1/chat/completions";

  it("streams tokens, then citations", async () => {
    const { url, received } = await serve({
      [route]: (_, response) => {
        startStream(response);
        sendEvent(response, chunk({ role: "assistant" }));
        // The bytes of one letter arrive in two pieces.
        const bytes = Buffer.from(`data: ${JSON.stringify(chunk({ content: "Заметка" }))}\r\n\r\n`);
        const middle = bytes.indexOf("З") + 1;
        response.write(bytes.subarray(0, middle));
        setImmediate(() => {
          response.write(bytes.subarray(middle));
          sendEvent(response, chunk({ content: " [1]" }));
          sendEvent(response, chunk({ citations: [{ mark: "[1]", path: "a.md", heading: ["H"], start_line: 1, end_line: 2, quote: "q" }, { mark: "2" }] }, "stop"));
          response.end("data: [DONE]\n\n");
        });
      },
    });
    const events = await collect(clientOf(url).ask({ ...QUESTION, about: "Папка/a.md" }));
    expect(events).toEqual([
      { kind: "token", text: "Заметка" },
      { kind: "token", text: " [1]" },
      { kind: "citations", citations: [{ mark: "1", path: "a.md", heading: ["H"], startLine: 1, endLine: 2, quote: "q" }] },
      { kind: "finished", reason: "stop" },
    ]);
    expect(received[0]?.body).toEqual({ model: "famulus", stream: true, messages: QUESTION.messages, famulus: { path: "Папка/a.md" } });
  });

  it("leaves the note out of a question to the whole vault", async () => {
    const { url, received } = await serve({
      [route]: (_, response) => {
        startStream(response);
        sendEvent(response, chunk({ content: "x" }, "stop"));
        response.end();
      },
    });
    await collect(clientOf(url).ask(QUESTION));
    expect(received[0]?.body).not.toHaveProperty("famulus");
  });

  it("hangs up when it is aborted, so that the daemon can stop", async () => {
    let hungUp: Promise<unknown> = Promise.resolve();
    const { url } = await serve({
      [route]: (_, response) => {
        hungUp = once(response, "close");
        startStream(response);
        sendEvent(response, chunk({ content: "x" }));
      },
    });
    const abort = new AbortController();
    const events: ChatEvent[] = [];
    const reading = (async () => {
      for await (const event of clientOf(url).ask(QUESTION, abort.signal)) {
        events.push(event);
        abort.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ name: "AbortError" });
    await hungUp;
    expect(events).toEqual([{ kind: "token", text: "x" }]);
  });

  it("can be aborted before the first byte", async () => {
    const abort = new AbortController();
    const { url } = await serve({ [route]: () => { abort.abort(); } });
    await expect(collect(clientOf(url).ask(QUESTION, abort.signal))).rejects.toMatchObject({ name: "AbortError" });
  });

  it("hangs up when the reader stops reading", async () => {
    let hungUp: Promise<unknown> = Promise.resolve();
    const { url } = await serve({
      [route]: (_, response) => {
        hungUp = once(response, "close");
        startStream(response);
        sendEvent(response, chunk({ content: "x" }));
      },
    });
    for await (const event of clientOf(url).ask(QUESTION)) {
      expect(event.kind).toBe("token");
      break;
    }
    await hungUp;
  });

  it("throws an error that comes in the middle, after what came before it", async () => {
    const { url } = await serve({
      [route]: (_, response) => {
        startStream(response);
        sendEvent(response, chunk({ content: "half" }));
        sendEvent(response, { error: { message: "The engine failed.", type: "server_error", code: "engine_failed", cause: "Out of memory.", fix: "Try a smaller model." } });
        response.end();
      },
    });
    const events: ChatEvent[] = [];
    const error = await failure(collect(clientOf(url).ask(QUESTION), events));
    expect(events).toEqual([{ kind: "token", text: "half" }]);
    expect(explain(error, stringsFor("ru"))).toEqual({ effect: "The engine failed.", cause: "Out of memory.", fix: "Try a smaller model." });
  });

  it.each([
    ["ends without an end", (response: Parameters<Handler>[1]) => response.end()],
    ["is torn off", (response: Parameters<Handler>[1]) => response.destroy()],
  ])("says that an answer broke off which %s", async (_, end) => {
    const { url } = await serve({
      [route]: (__, response) => {
        startStream(response);
        sendEvent(response, chunk({ content: "half" }));
        setImmediate(() => { end(response); });
      },
    });
    expect(await failure(collect(clientOf(url).ask(QUESTION)))).toMatchObject({ code: "cut_off" });
  });

  it("says each part of an error once, where the message holds all of them", async () => {
    const error = { message: "It is loading. It has just started.", effect: "It is loading.", type: "server_error", code: "engine_loading", cause: "It has just started.", fix: "" };
    const { url } = await serve({ [route]: (_, response) => { sendJson(response, { error }, 503); } });
    expect(await failure(collect(clientOf(url).ask(QUESTION)))).toMatchObject({ explanation: { effect: "It is loading.", cause: "It has just started." } });
  });

  it("reports a refusal before the stream", async () => {
    const { url } = await serve({ [route]: (_, response) => { sendError(response, 503, "engine_loading", "The engine is loading.", "It has just started.", "Try again in a moment."); } });
    expect(await failure(collect(clientOf(url).ask(QUESTION)))).toMatchObject({ code: "engine_loading", status: 503 });
  });
});
