import { describe, expect, it } from "vitest";

import type { ChatEvent } from "../../src/core/completion";
import { after, type Conversation, type Happening, isBusy, messagesOf } from "../../src/core/conversation";
import { type Ask, Session } from "../../src/core/session";
import { randomSource } from "../random";

const happen = (...happenings: Happening[]): Conversation => happenings.reduce<Conversation>(after, []);
const asked = (question: string): Happening => ({ kind: "asked", question, about: null });
const token = (text: string): Happening => ({ kind: "token", text });
const finished: Happening = { kind: "finished", reason: "stop" };
const citation = { mark: "1", path: "a.md", heading: [], startLine: 1, endLine: 1, quote: "" };

describe("after", () => {
  it("gathers an answer", () => {
    const [turn] = happen(asked("q"), token("a"), token("b"), { kind: "citations", citations: [citation] }, finished);
    expect(turn).toEqual({ question: "q", about: null, answer: "ab", citations: [citation], status: "done", error: null });
  });

  it("takes no second question while one is under way", () => {
    expect(happen(asked("q"), asked("r"))).toHaveLength(1);
  });

  it("keeps what had arrived when stopped or failed, and nothing that comes later", () => {
    expect(happen(asked("q"), token("a"), { kind: "stopped" }, token("b"), finished)[0]).toMatchObject({ answer: "a", status: "stopped" });
    expect(happen(asked("q"), token("a"), { kind: "failed", error: "e" }, token("b"))[0]).toMatchObject({ answer: "a", status: "failed", error: "e" });
  });

  it("never changes a turn that is over, whatever happens", () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = randomSource(seed);
      const kinds: Happening[] = [asked("q"), token("t"), finished, { kind: "stopped" }, { kind: "failed", error: 1 }, { kind: "citations", citations: [citation] }];
      let conversation: Conversation = [];
      for (let step = 0; step < 30; step++) {
        const over = conversation.filter((turn) => !isBusy([turn]));
        conversation = after(conversation, kinds[random(kinds.length)] ?? finished);
        expect(conversation.slice(0, over.length), `seed ${seed}`).toEqual(over);
        expect(conversation.slice(0, -1).some((turn) => isBusy([turn]))).toBe(false);
      }
    }
  });
});

describe("messagesOf", () => {
  it("repeats earlier turns exactly, without failed ones and empty answers", () => {
    const conversation = happen(
      asked("one"), token(" a [1]\n"), finished,
      asked("two"), token("half"), { kind: "failed", error: null },
      asked("three"), { kind: "stopped" },
      asked("four"), token("part"), { kind: "stopped" },
      asked("five"),
    );
    expect(messagesOf(conversation)).toEqual([
      { role: "user", content: "one" },
      { role: "assistant", content: " a [1]\n" },
      { role: "user", content: "four" },
      { role: "assistant", content: "part" },
      { role: "user", content: "five" },
    ]);
  });
});

/** An answer that goes on when the test says so. */
class Script {
  readonly questions: Parameters<Ask>[0][] = [];
  private wake: (() => void) | null = null;
  private readonly queue: (ChatEvent | Error | "end")[] = [];

  push(...events: (ChatEvent | Error | "end")[]): void {
    this.queue.push(...events);
    this.wake?.();
  }

  readonly ask: Ask = async function* (this: Script, question: Parameters<Ask>[0], signal: AbortSignal) {
    this.questions.push(question);
    for (;;) {
      const next = this.queue.shift();
      if (signal.aborted) throw new DOMException("aborted", "AbortError");
      if (next === "end") return;
      if (next instanceof Error) throw next;
      if (next !== undefined) yield next;
      else await new Promise<void>((resolve) => {
        this.wake = resolve;
        signal.addEventListener("abort", () => { resolve(); });
      });
    }
  }.bind(this);
}

describe("Session", () => {
  const done: ChatEvent = { kind: "finished", reason: "stop" };

  it("asks with the conversation so far, and says when something changes", async () => {
    const script = new Script();
    const states: string[] = [];
    const session = new Session(script.ask, (conversation) => states.push(conversation.at(-1)?.status ?? "none"));
    script.push({ kind: "token", text: "a" }, done, "end");
    await session.put(" q ", null);
    script.push({ kind: "token", text: "b" }, done, "end");
    await session.put("r", "n.md");
    expect(script.questions.at(-1)).toEqual({
      messages: [{ role: "user", content: "q" }, { role: "assistant", content: "a" }, { role: "user", content: "r" }],
      about: "n.md",
    });
    expect(states).toEqual(["waiting", "streaming", "done", "waiting", "streaming", "done"]);
  });

  it("asks nothing without words, nor twice at once", async () => {
    const script = new Script();
    const session = new Session(script.ask, () => undefined);
    await session.put("  ", null);
    const first = session.put("q", null);
    await session.put("r", null);
    script.push(done, "end");
    await first;
    expect(script.questions).toHaveLength(1);
  });

  it("stops at once, and a late end does not disturb the next answer", async () => {
    const script = new Script();
    const session = new Session(script.ask, () => undefined);
    const first = session.put("q", null);
    script.push({ kind: "token", text: "a" });
    await Promise.resolve();
    session.stop();
    expect(session.conversation[0]?.status).toBe("stopped");
    script.push({ kind: "token", text: "b" }, done, "end");
    const second = session.put("r", null);
    await Promise.all([first, second]);
    expect(session.conversation.map((turn) => turn.status)).toEqual(["stopped", "done"]);
  });

  it("keeps a failure for the view, and tries again in its place", async () => {
    const script = new Script();
    const session = new Session(script.ask, () => undefined);
    script.push(new Error("no"));
    await session.put("q", "n.md");
    expect(session.conversation[0]).toMatchObject({ status: "failed", error: new Error("no") });
    script.push({ kind: "token", text: "a" }, "end");
    await session.retry();
    expect(session.conversation).toMatchObject([{ question: "q", about: "n.md", answer: "a", status: "done" }]);
  });

  it("forgets everything when cleared", async () => {
    const script = new Script();
    const session = new Session(script.ask, () => undefined);
    const running = session.put("q", null);
    session.clear();
    await running;
    expect(session.conversation).toEqual([]);
    expect(session.busy).toBe(false);
  });
});
