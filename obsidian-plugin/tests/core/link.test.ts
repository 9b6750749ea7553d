import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Client } from "../../src/core/client";
import { ABSENT, hashOf } from "../../src/core/edit";
import { FamulusError } from "../../src/core/errors";
import { Link, type LinkState } from "../../src/core/link";
import { ManualClock } from "../fakes/clock";
import { FakeDaemon, FakeLine, type Handler, Inbox, sendError, sendEvent, startStream } from "../fakes/daemon";
import { MemoryFiles } from "../fakes/files";

const TOKEN = "t0ken";
const PLUGIN = randomUUID();
const NOTE = "Папка/Заметка.md";

const hash = (text: string): Promise<string> => hashOf(new TextEncoder().encode(text));

let files: MemoryFiles;
let clock: ManualClock;
let line: FakeLine;
let daemon: FakeDaemon;
let link: Link;
let states: Inbox<LinkState>;
/** What stands in for the daemon of the settings; a test may change them. */
let client: () => Client;

beforeEach(async () => {
  files = new MemoryFiles();
  files.put(NOTE, "🌲 old");
  clock = new ManualClock();
  line = new FakeLine([NOTE, "gone.md"]);
  await serve(line.routes);
});

afterEach(async () => {
  link.stop();
  await daemon.stop();
});

async function serve(routes: Record<string, Handler>): Promise<void> {
  daemon = await FakeDaemon.start(TOKEN, routes);
  const { url } = daemon;
  client = () => new Client({ url, token: TOKEN }, (target, init) => fetch(target, init));
  link = new Link({ plugin: PLUGIN, daemon: () => client(), files, clock });
  states = new Inbox();
  link.watch(() => { states.put(link.state); });
}

/** The states as they follow, until one is of this kind. */
async function until(kind: LinkState["kind"]): Promise<LinkState> {
  for (;;) {
    const state = await states.next();
    if (state.kind === kind) return state;
  }
}

async function connected(): Promise<ServerResponse> {
  link.start();
  await until("proven");
  return line.streams.next();
}

async function request(id: string, before = "old", after = "new"): Promise<Record<string, unknown>> {
  const text = files.text(NOTE) ?? "";
  const start = text.indexOf(before);
  return {
    id, path: NOTE, base_hash: await hash(text), after_hash: await hash(text.replace(before, after)), span: { start, end: start + before.length, unit: "utf16" }, before, after, remove: false, seconds: 10,
  };
}

describe("the proof", () => {
  it("names the hashes of the notes that the daemon names, and nothing else", async () => {
    expect(link.state).toEqual({ kind: "connecting" });
    await connected();
    expect(await line.proofs.next()).toEqual({ plugin: PLUGIN, hashes: { [NOTE]: await hash("🌲 old"), "gone.md": null } });
    expect(line.plugins).toEqual([PLUGIN]);
    expect(daemon.received[0]?.headers.authorization).toBe(`Bearer ${TOKEN}`);
    expect(link.state).toEqual({ kind: "proven" });
  });

  it("tells no hash of a file that is no note, and of five at most", async () => {
    files.put("config/plugins/x/data.md", "secret");
    files.put("token.txt", "secret");
    line = new FakeLine(["config/plugins/x/data.md", "token.txt", "../n.md", NOTE, NOTE, "sixth.md"]);
    await daemon.stop();
    await serve(line.routes);
    link.start();
    const { hashes } = await line.proofs.next();
    expect(hashes).toEqual({ "config/plugins/x/data.md": null, "token.txt": null, "../n.md": null, [NOTE]: await hash("🌲 old") });
  });

  it("that is not believed is tried again after a minute, with other notes", async () => {
    line.verdict = { proven: false, reason: "It does not see the same 'n.md'." };
    link.start();
    expect(await until("unproven")).toEqual({ kind: "unproven", reason: "It does not see the same 'n.md'." });
    line.verdict = { proven: true, reason: "" };
    await clock.armed(60_000);
    clock.advance(20_000);
    // A sign of life, or the line would be given up for its silence.
    sendEvent(await line.streams.next(), { id: "e1" }, "edit.apply");
    await line.answers.next();
    clock.advance(40_000);
    await clock.armed(1_000);
    clock.advance(1_000);
    await until("proven");
    expect(states.all.map((state) => state.kind)).toEqual(["connecting", "unproven", "proven"]);
    expect(line.plugins).toEqual([PLUGIN, PLUGIN]);
  });
});

describe("an Edit", () => {
  it("is applied and answered", async () => {
    const stream = await connected();
    sendEvent(stream, await request("e1"), "edit.apply");
    expect(await line.answers.next()).toEqual({ plugin: PLUGIN, id: "e1", outcome: "applied", hash: await hash("🌲 new"), reason: "" });
    expect(files.text(NOTE)).toBe("🌲 new");
  });

  it("that is asked for twice is applied once, also over another connection", async () => {
    const stream = await connected();
    const asked = await request("e1", "old", "old old");
    sendEvent(stream, asked, "edit.apply");
    const first = await line.answers.next();
    sendEvent(stream, asked, "edit.apply");
    expect(await line.answers.next()).toEqual(first);
    stream.destroy();
    await clock.armed(1_000);
    clock.advance(1_000);
    sendEvent(await line.streams.next(), asked, "edit.apply");
    expect(await line.answers.next()).toEqual(first);
    expect(first.outcome).toBe("applied");
    expect(files.text(NOTE)).toBe("🌲 old old");
  });

  it("that is withdrawn is not applied, and the plugin offers itself again later", async () => {
    const stream = await connected();
    const asked = await request("e1");
    sendEvent(stream, { id: "e1" }, "edit.withdrawn");
    sendEvent(stream, asked, "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e1", outcome: "failed", reason: "The change was withdrawn." });
    expect(files.text(NOTE)).toBe("🌲 old");
    expect(link.state).toMatchObject({ kind: "off", error: { code: "too_late" } });
    expect(clock.running).toContain(60_000);
  });

  it("for a new note and for one that is to go is understood", async () => {
    const stream = await connected();
    const made = { path: "A/n.md", base_hash: ABSENT, after_hash: await hash("new"), span: { start: 0, end: 0, unit: "utf16" }, before: "", after: "new", remove: false, seconds: 10 };
    sendEvent(stream, { ...made, id: "e1" }, "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e1", outcome: "applied", hash: await hash("new") });
    sendEvent(stream, { ...made, id: "e2", base_hash: await hash("new"), after_hash: ABSENT, after: "", remove: true }, "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e2", outcome: "applied", hash: "" });
    expect(files.trashed).toEqual(["A/n.md"]);
  });

  it.each([
    ["an unknown unit", { span: { start: 0, end: 0, unit: "code_points" } }],
    ["no span", { span: null }],
    ["no text", { after: null }],
    ["no hash", { base_hash: 1 }],
  ])("with %s is told not to be understood", async (_, wrong) => {
    const stream = await connected();
    sendEvent(stream, { ...(await request("e1")), ...wrong }, "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e1", outcome: "failed", hash: null });
    expect(files.text(NOTE)).toBe("🌲 old");
  });

  it("whose answer gets lost breaks the line, and is answered again", async () => {
    const stream = await connected();
    const asked = await request("e1");
    line.status = 503;
    sendEvent(stream, asked, "edit.apply");
    const lost = await line.answers.next();
    await until("off");
    line.status = 200;
    await clock.armed(1_000);
    clock.advance(1_000);
    sendEvent(await line.streams.next(), asked, "edit.apply");
    expect(await line.answers.next()).toEqual(lost);
  });

  it("whose answer nobody waits for any more leaves the line as it is", async () => {
    const stream = await connected();
    line.status = 404;
    sendEvent(stream, await request("e1"), "edit.apply");
    await line.answers.next();
    line.status = 200;
    sendEvent(stream, await request("e2", "🌲", "🌳"), "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e2", outcome: "applied" });
    expect(line.plugins).toHaveLength(1);
  });
});

describe("the stream", () => {
  it("passes over what it does not know", async () => {
    const stream = await connected();
    sendEvent(stream, { path: NOTE }, "note.indexed");
    sendEvent(stream, "?", "edit.apply");
    sendEvent(stream, { path: NOTE }, "edit.apply");
    stream.write("event: edit.apply\ndata: {broken\n\n: ping\n\n");
    sendEvent(stream, await request("e1"), "edit.apply");
    expect(await line.answers.next()).toMatchObject({ id: "e1", outcome: "applied" });
  });

  it("is opened again when it breaks", async () => {
    const stream = await connected();
    stream.destroy();
    expect(await until("off")).toMatchObject({ error: { code: "line_lost" } });
    await clock.armed(1_000);
    clock.advance(1_000);
    await until("proven");
    expect(line.plugins).toEqual([PLUGIN, PLUGIN]);
  });

  it("is given up when nothing has been heard for three pings", async () => {
    const stream = await connected();
    clock.advance(44_000);
    stream.write(": ping\n\n");
    sendEvent(stream, await request("e1"), "edit.apply");
    await line.answers.next();
    expect(clock.running).toEqual([45_000]);
    clock.advance(45_000);
    expect(await until("off")).toMatchObject({ error: { code: "line_lost" } });
  });

  it("is tried less and less often, and at once when the app wakes up", async () => {
    await daemon.stop();
    link.start();
    for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]) {
      expect(await until("off")).toMatchObject({ error: { code: "unreachable" } });
      await clock.armed(delay);
      clock.advance(delay);
    }
    await until("off");
    await clock.armed(30_000);
    link.wake();
    await until("off");
    await clock.armed(1_000);
  });

  it("is given up on waking where it has been silent for long, and kept where it has not", async () => {
    await connected();
    clock.advance(20_000);
    link.wake();
    expect(link.state).toEqual({ kind: "proven" });
    clock.advance(1);
    link.wake();
    await until("off");
  });

  it("says why there is none", async () => {
    await daemon.stop();
    await serve({ "GET /api/events": (_, response) => { sendError(response, 404, "not_found", "There is no such route."); } });
    link.start();
    expect(await until("off")).toMatchObject({ error: { code: "not_found", status: 404 } });
  });

  it("is not tried at all while the settings are not complete", async () => {
    client = () => { throw new FamulusError("no_token"); };
    link.start();
    expect(await until("off")).toMatchObject({ error: { code: "no_token" } });
    expect(daemon.received).toEqual([]);
  });

  it("begins anew with other settings, and only once it has begun", async () => {
    link.restart();
    expect(states.all).toEqual([]);
    const gone = once(await connected(), "close");
    link.restart();
    await gone;
    await until("proven");
    expect(states.all.map((state) => state.kind)).not.toContain("off");
  });

  it("ends with the plugin, also before the daemon answers, and drops what has not begun", async () => {
    await daemon.stop();
    const asked = new Inbox<ServerResponse>();
    await serve({ "GET /api/events": (_, response) => { asked.put(response); } });
    link.start();
    const response = await asked.next();
    const closed = once(response, "close");
    link.stop();
    await closed;
    startStream(response);
    expect(clock.running).toEqual([]);
    expect(states.all.map((state) => state.kind)).toEqual(["connecting"]);
  });
});
