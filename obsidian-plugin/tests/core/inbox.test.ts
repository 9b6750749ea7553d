import { describe, expect, it } from "vitest";

import { FamulusError } from "../../src/core/errors";
import { groupsOf, Inbox, type InboxState, portionsOf } from "../../src/core/inbox";
import { News } from "../../src/core/news";
import type { Decided, Suggestion, SuggestionPage, Summary } from "../../src/core/suggestions";

function suggestion(id: string, path = "a.md"): Suggestion {
  return { id, kind: "link", path, target: "b.md", relation: "direct", score: 0.5, reason: "r", evidence: [], state: "pending", stateReason: "", producedBy: "quotation", madeAt: null, decidedAt: null, hidden: false, spot: null, text: "", properties: "" };
}

/** A daemon with a list that decisions shorten. */
class Daemon {
  waiting: Suggestion[];
  readonly asked: unknown[] = [];
  readonly decided: [string, readonly string[]][] = [];
  readonly runs = new Set<string>();
  refuses = new Map<string, string>();
  failure: Error | null = null;
  meanwhile: () => void = () => undefined;

  constructor(...ids: string[]) {
    this.waiting = ids.map((id) => suggestion(id, `${id[0] ?? ""}.md`));
  }

  suggestions(query: unknown): Promise<SuggestionPage> {
    this.asked.push(query);
    if (this.failure !== null) return Promise.reject(this.failure);
    return Promise.resolve({ suggestions: this.waiting.slice(0, 200), total: this.waiting.length, hidden: 4 });
  }

  summary(): Promise<Summary> {
    const pending = { kinds: new Map([["link", this.waiting.length]]), folders: new Map([["f", 1]]) };
    return Promise.resolve({ of: { pending, rejected: { kinds: new Map(), folders: new Map() } }, bars: new Map() });
  }

  async decide(decision: string, ids: readonly string[], run: string): Promise<Decided> {
    this.decided.push([decision, ids]);
    this.runs.add(run);
    await Promise.resolve();
    this.meanwhile();
    if (this.failure !== null) throw this.failure;
    this.waiting = this.waiting.filter((each) => !ids.includes(each.id) || this.refuses.has(each.id));
    return { run: "r1", outcomes: ids.map((id) => ({ id, done: !this.refuses.has(id), reason: this.refuses.get(id) ?? "" })) };
  }
}

function inboxOf(daemon: Daemon): { inbox: Inbox; states: InboxState[]; ids: () => string[] } {
  const states: InboxState[] = [];
  const inbox = new Inbox(() => daemon, (state) => states.push(state));
  return { inbox, states, ids: () => inbox.state.items.map((item) => item.suggestion.id) };
}

describe("the inbox", () => {
  it("loads what waits, narrowed as the user wants it", async () => {
    const daemon = new Daemon("a1", "a2", "b1");
    const { inbox, ids } = inboxOf(daemon);
    await inbox.load();
    expect(ids()).toEqual(["a1", "a2", "b1"]);
    expect(inbox.state).toMatchObject({ loading: false, error: null, more: 0, hidden: 4, kinds: new Map([["link", 3]]), folders: new Map([["f", 1]]) });
    await inbox.narrow({ kind: "mention", all: true });
    await inbox.narrow({ folder: "f", least: 0.5 });
    expect(daemon.asked.at(-1)).toEqual({ state: "pending", kind: "mention", folder: "f", least: 0.5, hidden: true, limit: 200 });
    await inbox.narrow({ state: "rejected" });
    expect(inbox.state.kinds).toEqual(new Map());
  });

  it("takes away what was decided, and counts", async () => {
    const daemon = new Daemon("a1", "a2", "b1");
    const { inbox, ids, states } = inboxOf(daemon);
    await inbox.load();
    await inbox.decide("accept", ["a1"]);
    await inbox.decide("reject", ["b1", "unknown"]);
    expect(ids()).toEqual(["a2"]);
    expect(inbox.state).toMatchObject({ done: { accept: 1, reject: 1, restore: 0 } });
    expect(daemon.decided).toEqual([["accept", ["a1"]], ["reject", ["b1"]]]);
    expect(states.some((state) => state.items[0]?.status === "deciding")).toBe(true);
  });

  it("keeps what could not be decided, with the reason, also when it looks again", async () => {
    const daemon = new Daemon("a1", "a2");
    daemon.refuses.set("a1", "The note was changed.");
    const { inbox } = inboxOf(daemon);
    await inbox.load();
    await inbox.decide("accept", ["a1", "a2"]);
    await inbox.refresh();
    expect(inbox.state.items).toMatchObject([{ suggestion: { id: "a1" }, status: "failed", reason: "The note was changed." }]);
    daemon.refuses.clear();
    await inbox.decide("reject", ["a1"]);
    expect(inbox.state.items).toEqual([]);
  });

  it("decides many in portions, and loads the next page when they are done", async () => {
    const daemon = new Daemon();
    daemon.waiting = Array.from({ length: 230 }, (_, at) => suggestion(`n${at}`, `${Math.floor(at / 2)}.md`));
    const { inbox, ids } = inboxOf(daemon);
    await inbox.load();
    expect(inbox.state.more).toBe(30);
    await inbox.decide("accept", ids());
    expect(daemon.decided.map(([, some]) => some.length)).toEqual(Array<number>(10).fill(20));
    expect([...daemon.runs]).toEqual(["", "r1"]);
    expect(ids().length).toBe(30);
    expect(inbox.state).toMatchObject({ done: { accept: 200 }, more: 0 });
  });

  it("waits with looking again until what is being decided is done", async () => {
    const daemon = new Daemon("a1", "b1");
    const { inbox, ids } = inboxOf(daemon);
    await inbox.load();
    daemon.meanwhile = () => {
      daemon.waiting.push(suggestion("c1"));
      void inbox.refresh();
    };
    await inbox.decide("accept", ["a1"]);
    expect(ids()).toEqual(["b1", "c1"]);
    expect(daemon.asked.length).toBe(2);
  });

  it("does not decide twice what is being decided", async () => {
    const daemon = new Daemon("a1", "b1");
    const { inbox } = inboxOf(daemon);
    await inbox.load();
    await Promise.all([inbox.decide("accept", ["a1"]), inbox.decide("reject", ["a1"])]);
    expect(daemon.decided).toEqual([["accept", ["a1"]]]);
  });

  it("shows what went wrong, and leaves everything to be decided", async () => {
    const daemon = new Daemon("a1");
    const { inbox } = inboxOf(daemon);
    await inbox.load();
    daemon.failure = new FamulusError("unreachable");
    await inbox.decide("accept", ["a1"]);
    expect(inbox.state).toMatchObject({ error: { code: "unreachable" }, items: [{ status: "waiting" }] });
    await inbox.load();
    expect(inbox.state).toMatchObject({ loading: false, error: { code: "unreachable" } });
    daemon.failure = null;
    await inbox.load();
    expect(inbox.state.error).toBeNull();
  });

  it("leaves out an answer that a later question has overtaken", async () => {
    const daemon = new Daemon("a1");
    const { inbox, ids } = inboxOf(daemon);
    const first = inbox.load();
    daemon.waiting = [suggestion("b1")];
    await Promise.all([first, inbox.narrow({ kind: "link" })]);
    expect(ids()).toEqual(["b1"]);
  });

  it("groups by note, in the order in which they come", () => {
    const items = [suggestion("1", "b.md"), suggestion("2", "a.md"), suggestion("3", "b.md")].map((each) => ({ suggestion: each, status: "waiting" as const, reason: "" }));
    expect(groupsOf(items).map((group) => [group.path, group.items.length])).toEqual([["b.md", 2], ["a.md", 1]]);
  });

  it("never divides what is for one note, for that is one write", () => {
    const items = ["a", "a", "b", "b", "b", "c"].map((note, at) => ({ suggestion: suggestion(`${note}${at}`, note), status: "waiting" as const, reason: "" }));
    expect(portionsOf(items, 3)).toEqual([["a0", "a1", "b2", "b3", "b4"], ["c5"]]);
    expect(portionsOf([], 3)).toEqual([]);
  });

  it("lets what was rejected wait again", async () => {
    const daemon = new Daemon("a1", "a2");
    const { inbox, ids } = inboxOf(daemon);
    await inbox.narrow({ state: "rejected" });
    await inbox.decide("restore", ["a1"]);
    expect(daemon.decided).toEqual([["restore", ["a1"]]]);
    expect(ids()).toEqual(["a2"]);
    expect(inbox.state.done.restore).toBe(1);
  });
});

describe("news", () => {
  it("reach whoever listens, until they stop", () => {
    const news = new News();
    const heard: string[] = [];
    const end = news.listen((event) => heard.push(event));
    news.tell("suggestion.new");
    end();
    news.tell("suggestion.new");
    expect(heard).toEqual(["suggestion.new"]);
  });
});
