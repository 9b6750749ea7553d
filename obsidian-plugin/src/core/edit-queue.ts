/** The Edits that the daemon asked for: one after the other, each at most once. */

import { type Answer, type Edit, Refusal } from "./edit";
import type { EditRequest } from "./wire";

export interface EditQueueParts {
  /** Never throws. */
  readonly apply: (edit: Edit, guard: () => void) => Promise<Answer>;
  /** Milliseconds. */
  readonly now: () => number;
}

/** Tells the daemon what became of an Edit. Never throws. */
export type Report = (id: string, answer: Answer) => Promise<void>;

interface Asked {
  readonly request: EditRequest;
  readonly at: number;
  readonly report: Report;
  /** Aborted when the connection ends over which the Edit came. */
  readonly connection: AbortSignal;
}

/** So many answers are kept, in case the daemon asks again. */
const REMEMBERED = 1_000;

const WITHDRAWN: Answer = { outcome: "failed", hash: null, reason: "The change was withdrawn." };
const NOT_UNDERSTOOD: Answer = {
  outcome: "failed",
  hash: null,
  reason: "The plugin does not understand this change: it may be older than the daemon.",
};

export class EditQueue {
  private waiting: Asked[] = [];
  private working = false;
  private readonly answers = new Map<string, Answer>();

  constructor(private readonly parts: EditQueueParts) {}

  /** Takes an Edit in its turn. One that was answered before is answered the same again, and not applied. */
  ask(request: EditRequest, report: Report, connection: AbortSignal): void {
    if (this.waiting.some((asked) => asked.request.id === request.id && !asked.connection.aborted)) return;
    this.waiting.push({ request, at: this.parts.now(), report, connection });
    if (!this.working) void this.work();
  }

  /** The Edit is not applied any more, unless that has happened already. */
  withdraw(id: string): void {
    this.waiting = this.waiting.filter((asked) => asked.request.id !== id);
    if (!this.answers.has(id)) this.remember(id, WITHDRAWN);
  }

  private async work(): Promise<void> {
    this.working = true;
    try {
      for (let asked = this.waiting.shift(); asked !== undefined; asked = this.waiting.shift()) {
        // Whoever asked is gone; who asks again gets it done.
        if (!asked.connection.aborted) await this.take(asked);
      }
    } finally {
      this.working = false;
    }
  }

  private async take(asked: Asked): Promise<void> {
    const { id } = asked.request;
    const answer = this.answers.get(id) ?? (await this.carryOut(asked));
    if (answer === null) return;
    this.remember(id, answer);
    await asked.report(id, answer);
  }

  /** What became of it; null where nothing was written and nobody waits for it any more. */
  private async carryOut(asked: Asked): Promise<Answer | null> {
    const { id, edit } = asked.request;
    if (edit === null) return NOT_UNDERSTOOD;
    const answer = await this.parts.apply(edit, () => {
      this.check(asked);
    });
    const unwanted = asked.connection.aborted || this.answers.has(id);
    return unwanted && answer.outcome !== "applied" ? null : answer;
  }

  private check({ request, at, connection }: Asked): void {
    if (connection.aborted) throw new Refusal("failed", "The connection broke before the change was made.");
    if (this.answers.has(request.id)) throw new Refusal("failed", WITHDRAWN.reason);
    const age = this.parts.now() - at;
    // A clock that was set back tells no age.
    if (age < 0 || age > request.seconds * 1_000) throw new Refusal("failed", "The change came to its turn too late.");
  }

  private remember(id: string, answer: Answer): void {
    this.answers.delete(id);
    this.answers.set(id, answer);
    const [oldest] = this.answers.keys();
    if (this.answers.size > REMEMBERED && oldest !== undefined) this.answers.delete(oldest);
  }
}
