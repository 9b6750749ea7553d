/** A conversation that is going on: asks, stops, and tells whoever shows it what has changed. */

import type { Question } from "./client";
import type { ChatEvent } from "./completion";
import { after, type Conversation, type Happening, isBusy, messagesOf } from "./conversation";

export type Ask = (question: Question, signal: AbortSignal) => AsyncIterable<ChatEvent>;

export class Session {
  private turns: Conversation = [];
  private running: AbortController | null = null;

  constructor(
    private readonly ask: Ask,
    private readonly changed: (conversation: Conversation) => void,
  ) {}

  get conversation(): Conversation {
    return this.turns;
  }

  get busy(): boolean {
    return isBusy(this.turns);
  }

  /** Asks, and resolves when the answer is complete, stopped or has failed. Does nothing while an answer is under way. */
  async put(question: string, about: string | null): Promise<void> {
    const asked = question.trim();
    if (asked === "" || this.busy) return;
    this.apply({ kind: "asked", question: asked, about });
    const running = new AbortController();
    this.running = running;
    try {
      for await (const event of this.ask({ messages: messagesOf(this.turns), about }, running.signal)) {
        if (running.signal.aborted) return;
        this.apply(event);
      }
      // An answer may close its stream without naming a reason.
      this.apply({ kind: "finished", reason: "" }, running);
    } catch (error) {
      // After an abort the turn is marked already, and another may have begun.
      this.apply({ kind: "failed", error }, running);
    }
  }

  /** Stops the answer under way; what has arrived stays. */
  stop(): void {
    this.running?.abort();
    this.running = null;
    if (this.busy) this.apply({ kind: "stopped" });
  }

  /** Asks the last question again, in place of its answer. */
  async retry(): Promise<void> {
    const last = this.turns.at(-1);
    if (last === undefined || this.busy) return;
    this.apply({ kind: "withdrawn" });
    await this.put(last.question, last.about);
  }

  clear(): void {
    this.stop();
    this.apply({ kind: "cleared" });
  }

  private apply(happening: Happening, running: AbortController | null = null): void {
    if (running?.signal.aborted === true) return;
    const next = after(this.turns, happening);
    if (next === this.turns) return;
    this.turns = next;
    this.changed(next);
  }
}
