import { beforeEach, describe, expect, it } from "vitest";

import type { Answer, Edit } from "../../src/core/edit";
import { Refusal } from "../../src/core/edit";
import { EditQueue } from "../../src/core/edit-queue";
import type { EditRequest } from "../../src/core/wire";
import { ManualClock } from "../fakes/clock";
import { Inbox } from "../fakes/daemon";

const EDIT: Edit = { path: "n.md", baseHash: "a", afterHash: "b", start: 0, end: 0, before: "", after: "x", remove: false };
const APPLIED: Answer = { outcome: "applied", hash: "b", reason: "" };
const request = (id: string, seconds = 10): EditRequest => ({ id, seconds, edit: EDIT });

let clock: ManualClock;
let connection: AbortController;
/** What the applier was given; a test ends each with `finish`. */
let begun: Inbox<{ guard: () => void; finish: (answer: Answer) => void }>;
let reported: Inbox<[string, Answer]>;
let queue: EditQueue;

beforeEach(() => {
  clock = new ManualClock();
  connection = new AbortController();
  begun = new Inbox();
  reported = new Inbox();
  queue = new EditQueue({
    apply: (_, guard) =>
      new Promise((finish) => {
        begun.put({ guard, finish });
      }),
    now: () => clock.now(),
  });
});

function ask(one: EditRequest, line = connection): void {
  const report = (id: string, answer: Answer): Promise<void> => {
    reported.put([id, answer]);
    return Promise.resolve();
  };
  queue.ask(one, report, line.signal);
}

describe("EditQueue", () => {
  it("has one Edit applied after the other", async () => {
    ask(request("1"));
    ask(request("2"));
    const first = await begun.next();
    expect(begun.all).toHaveLength(1);
    first.finish(APPLIED);
    expect(await reported.next()).toEqual(["1", APPLIED]);
    (await begun.next()).finish(APPLIED);
    expect(await reported.next()).toEqual(["2", APPLIED]);
  });

  it.each(["applied", "stale", "busy", "failed"] as const)("answers one that was %s the same again, and applies it once", async (outcome) => {
    const answer = { outcome, hash: "h", reason: "r" };
    ask(request("1"));
    ask(request("1"));
    (await begun.next()).finish(answer);
    ask(request("1"));
    expect([await reported.next(), await reported.next()]).toEqual([["1", answer], ["1", answer]]);
    ask(request("1"), new AbortController());
    expect(await reported.next()).toEqual(["1", answer]);
    expect(begun.all).toHaveLength(1);
  });

  it("lets nothing be written for one that waited too long", async () => {
    ask(request("1", 3));
    const { guard, finish } = await begun.next();
    clock.advance(3_000);
    expect(guard).not.toThrow();
    clock.advance(1);
    expect(guard).toThrow(new Refusal("failed", "The change came to its turn too late."));
    clock.setBack(60_000);
    expect(guard).toThrow(Refusal);
    finish(APPLIED);
  });

  it("never begins one that was withdrawn", async () => {
    ask(request("1"));
    ask(request("2"));
    queue.withdraw("2");
    (await begun.next()).finish(APPLIED);
    ask(request("3"));
    (await begun.next()).finish(APPLIED);
    expect([await reported.next(), await reported.next()]).toEqual([["1", APPLIED], ["3", APPLIED]]);
    ask(request("2"));
    expect(await reported.next()).toEqual(["2", { outcome: "failed", hash: null, reason: "The change was withdrawn." }]);
    expect(begun.all).toHaveLength(2);
  });

  it("stops one that is withdrawn before it is written, and says nothing", async () => {
    ask(request("1"));
    ask(request("2"));
    const { guard, finish } = await begun.next();
    queue.withdraw("1");
    expect(guard).toThrow("withdrawn");
    finish({ outcome: "failed", hash: "a", reason: "The change was withdrawn." });
    (await begun.next()).finish(APPLIED);
    expect(await reported.next()).toEqual(["2", APPLIED]);
  });

  it("tells of one that was written before it was withdrawn", async () => {
    ask(request("1"));
    const { finish } = await begun.next();
    queue.withdraw("1");
    finish(APPLIED);
    expect(await reported.next()).toEqual(["1", APPLIED]);
  });

  it("forgets what has not begun when the connection ends, and does it when it is asked for again", async () => {
    ask(request("1"));
    ask(request("2"));
    const { guard, finish } = await begun.next();
    connection.abort();
    expect(guard).toThrow("connection");
    finish({ outcome: "failed", hash: "a", reason: "The connection broke." });
    const line = new AbortController();
    ask(request("1"), line);
    (await begun.next()).finish(APPLIED);
    expect(await reported.next()).toEqual(["1", APPLIED]);
    expect(begun.all).toHaveLength(2);
  });

  it("answers what was written while the connection broke when it is asked again", async () => {
    ask(request("1"));
    const { finish } = await begun.next();
    connection.abort();
    finish(APPLIED);
    expect(await reported.next()).toEqual(["1", APPLIED]);
    ask(request("1"), new AbortController());
    expect(await reported.next()).toEqual(["1", APPLIED]);
    expect(begun.all).toHaveLength(1);
  });

  it("says of a request that it does not understand that it has failed", async () => {
    ask({ id: "1", seconds: 10, edit: null });
    expect(await reported.next()).toMatchObject(["1", { outcome: "failed", hash: null }]);
  });

  it("does not grow for ever", async () => {
    for (let id = 0; id <= 1_000; id++) ask({ id: String(id), seconds: 10, edit: null });
    for (let id = 0; id <= 1_000; id++) await reported.next();
    ask(request("1"));
    ask(request("0"));
    expect(await reported.next()).toMatchObject(["1", { outcome: "failed" }]);
    (await begun.next()).finish(APPLIED);
    expect(await reported.next()).toEqual(["0", APPLIED]);
  });
});
