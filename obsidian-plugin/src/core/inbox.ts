/** The inbox of the whole vault: what waits, decided one by one or many at once. */

import type { Client } from "./client";
import type { Bar, Suggestion, Waits } from "./suggestions";

export type Decision = "accept" | "reject" | "restore";

/** What is shown: all that fits. "" stands for all kinds and for the whole vault. */
export interface Narrowing {
  readonly state: Waits;
  readonly kind: string;
  readonly folder: string;
  /** The least score, null for any and for none. */
  readonly least: number | null;
  /** Whether those with too low a score are shown too. */
  readonly all: boolean;
}

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
  /** In the state that is shown: the kinds and the folders, each with how many there are. */
  readonly kinds: ReadonlyMap<string, number>;
  readonly folders: ReadonlyMap<string, number>;
  /** By kind, what the user's decisions taught. */
  readonly bars: ReadonlyMap<string, Bar>;
  readonly done: Readonly<Record<Decision, number>>;
}

type Daemon = Pick<Client, "suggestions" | "summary" | "decide">;

const PAGE = 200;
/** So many are decided with one call, so that the list moves while many are written. */
const AT_ONCE = 20;

const EMPTY: InboxState = {
  loading: false, error: null, items: [], more: 0, hidden: 0,
  kinds: new Map(), folders: new Map(), bars: new Map(), done: { accept: 0, reject: 0, restore: 0 },
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

/** A few at a time, but never what is for one note in two portions: the daemon writes it as one. */
export function portionsOf(items: readonly Item[], most: number): string[][] {
  const portions: string[][] = [];
  for (const group of groupsOf(items)) {
    const last = portions.at(-1);
    const ids = group.items.map((item) => item.suggestion.id);
    if (last === undefined || last.length >= most) portions.push(ids);
    else last.push(...ids);
  }
  return portions;
}

export class Inbox {
  private shown = EMPTY;
  private asked = 0;
  private running = 0;
  private missed = false;
  private narrowed: Narrowing = { state: "pending", kind: "", folder: "", least: null, all: false };

  constructor(
    private readonly daemon: () => Daemon,
    private readonly changed: (state: InboxState) => void,
  ) {}

  get state(): InboxState {
    return this.shown;
  }

  get narrowing(): Narrowing {
    return this.narrowed;
  }

  /** Looks for what waits. An answer that a later question has overtaken is left out. */
  async load(): Promise<void> {
    const asked = ++this.asked;
    this.show({ loading: true });
    try {
      const daemon = this.daemon();
      const { state, kind, folder, least, all } = this.narrowed;
      const [page, summary] = await Promise.all([
        daemon.suggestions({ state, kind, folder, least, hidden: all, limit: PAGE }),
        daemon.summary(),
      ]);
      if (asked !== this.asked) return;
      const items = page.suggestions.map((suggestion) => this.known(suggestion));
      const { kinds, folders } = summary.of[state];
      const more = page.total - items.length;
      this.show({ loading: false, error: null, items, kinds, folders, bars: summary.bars, more, hidden: page.hidden });
    } catch (error) {
      if (asked === this.asked) this.show({ loading: false, error });
    }
  }

  /** Something happened in the daemon: look again, now or when what is being decided is done. */
  async refresh(): Promise<void> {
    if (this.running > 0) this.missed = true;
    else await this.load();
  }

  async narrow(change: Partial<Narrowing>): Promise<void> {
    this.narrowed = { ...this.narrowed, ...change };
    await this.load();
  }

  /** Decides on all of these that wait, a few with each call; one that fails stays, with the reason. */
  async decide(decision: Decision, ids: readonly string[]): Promise<void> {
    const wanted = new Set(ids);
    const waiting = this.shown.items.filter((item) => wanted.has(item.suggestion.id) && item.status !== "deciding");
    this.mark(waiting.map((item) => item.suggestion.id), "deciding");
    this.running += 1;
    let run = "";
    try {
      for (const some of portionsOf(waiting, AT_ONCE)) run = await this.decideSome(decision, some, run);
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
  private async decideSome(decision: Decision, ids: readonly string[], given: string): Promise<string> {
    const { run, outcomes } = await this.daemon().decide(decision, ids, given);
    const done = new Set(outcomes.filter((outcome) => outcome.done).map((outcome) => outcome.id));
    const reasons = new Map(outcomes.map((outcome) => [outcome.id, outcome.reason]));
    const decided = new Set(ids);
    const items = this.shown.items
      .filter((item) => !done.has(item.suggestion.id))
      .map((item): Item => {
        const { id } = item.suggestion;
        return decided.has(id) ? { ...item, status: "failed", reason: reasons.get(id) ?? "" } : item;
      });
    const before = this.shown.done;
    this.show({ items, error: null, done: { ...before, [decision]: before[decision] + done.size } });
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
