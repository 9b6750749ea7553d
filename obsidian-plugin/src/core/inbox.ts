/** The inbox of the whole vault: what waits, decided one by one or many at once. */

import type { Client } from "./client";
import type { Suggestion } from "./suggestions";

export type Decision = "accept" | "reject";

export interface Item {
  readonly suggestion: Suggestion;
  readonly status: "waiting" | "deciding" | "failed";
  /** Why it could not be decided, as the daemon says it. */
  readonly reason: string;
}

export interface Group {
  readonly path: string;
  readonly items: readonly Item[];
}

export interface InboxState {
  readonly loading: boolean;
  readonly error: unknown;
  readonly items: readonly Item[];
  /** How many wait beyond those that are shown. */
  readonly more: number;
  readonly hidden: number;
  readonly kinds: ReadonlyMap<string, number>;
  readonly accepted: number;
  readonly rejected: number;
}

type Daemon = Pick<Client, "suggestions" | "waitingKinds" | "decide">;

const PAGE = 200;
/** So many are decided with one call, so that the list moves while many are written. */
const AT_ONCE = 20;

const EMPTY: InboxState = {
  loading: false, error: null, items: [], more: 0, hidden: 0, kinds: new Map(), accepted: 0, rejected: 0,
};

/** The items by note, in the order in which the notes come. */
export function groupsOf(items: readonly Item[]): Group[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const { path } = item.suggestion;
    const group = groups.get(path);
    if (group === undefined) groups.set(path, [item]);
    else group.push(item);
  }
  return [...groups].map(([path, found]) => ({ path, items: found }));
}

export class Inbox {
  private shown = EMPTY;
  private asked = 0;
  private running = 0;
  private missed = false;
  /** "" for all kinds. */
  kind = "";
  /** Whether those with too low a score are shown too. */
  all = false;

  constructor(
    private readonly daemon: () => Daemon,
    private readonly changed: (state: InboxState) => void,
  ) {}

  get state(): InboxState {
    return this.shown;
  }

  /** Looks for what waits. An answer that a later question has overtaken is left out. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    this.show({ loading: true });
    try {
      const daemon = this.daemon();
      const [page, kinds] = await Promise.all([
        daemon.suggestions({ kind: this.kind, hidden: this.all, limit: PAGE }),
        daemon.waitingKinds(),
      ]);
      if (asked !== this.asked) return;
      const items = page.suggestions.map((suggestion) => this.known(suggestion));
      this.show({ loading: false, error: null, items, kinds, more: page.total - items.length, hidden: page.hidden });
    } catch (error) {
      if (asked === this.asked) this.show({ loading: false, error });
    }
  }

  /** Something happened in the daemon: look again, now or when what is being decided is done. */
  async refresh(): Promise<void> {
    if (this.running > 0) this.missed = true;
    else await this.load();
  }

  async narrow(kind: string, all: boolean): Promise<void> {
    this.kind = kind;
    this.all = all;
    await this.load();
  }

  /** Decides on all of these that wait, a few with each call; one that fails stays, with the reason. */
  async decide(decision: Decision, ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const waiting = this.shown.items.filter((item) => wanted.has(item.suggestion.id) && item.status !== "deciding");
    const open = waiting.map((item) => item.suggestion.id);
    this.mark(open, "deciding");
    this.running += 1;
    let run = "";
    try {
      while (open.length > 0) run = await this.decideSome(decision, open.splice(0, AT_ONCE), run);
    } catch (error) {
      this.mark(ids, "waiting");
      this.show({ error });
    } finally {
      this.running -= 1;
    }
    if (this.running > 0 || (!this.missed && this.shown.items.length > 0)) return;
    this.missed = false;
    if (this.shown.error === null) await this.load();
  }

  /** The run that the writes were made in. */
  private async decideSome(decision: Decision, ids: readonly string[], before: string): Promise<string> {
    const { run, outcomes } = await this.daemon().decide(decision, ids, before);
    const done = new Set(outcomes.filter((outcome) => outcome.done).map((outcome) => outcome.id));
    const reasons = new Map(outcomes.map((outcome) => [outcome.id, outcome.reason]));
    const decided = new Set(ids);
    const items = this.shown.items
      .filter((item) => !done.has(item.suggestion.id))
      .map((item): Item => {
        const { id } = item.suggestion;
        return decided.has(id) ? { ...item, status: "failed", reason: reasons.get(id) ?? "" } : item;
      });
    const { accepted, rejected } = this.shown;
    const counts = decision === "accept" ? { accepted: accepted + done.size } : { rejected: rejected + done.size };
    this.show({ items, error: null, ...counts });
    return run;
  }

  /** A suggestion as it stands here: what failed still says why after the list was loaded again. */
  private known(suggestion: Suggestion): Item {
    const before = this.shown.items.find((item) => item.suggestion.id === suggestion.id);
    return before === undefined ? { suggestion, status: "waiting", reason: "" } : { ...before, suggestion };
  }

  private mark(ids: readonly string[], status: "waiting" | "deciding"): void {
    const marked = new Set(ids);
    const items = this.shown.items.map((item): Item =>
      marked.has(item.suggestion.id) ? { ...item, status, reason: "" } : item,
    );
    this.show({ items });
  }

  private show(change: Partial<InboxState>): void {
    this.shown = { ...this.shown, ...change };
    this.changed(this.shown);
  }
}
