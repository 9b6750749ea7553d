import { debounce, ItemView, Keymap, type WorkspaceLeaf } from "obsidian";

import { explain, oneLine } from "../core/errors";
import { type Decision, Inbox, type InboxState } from "../core/inbox";
import type { Context } from "./context";
import { InboxBar } from "./inbox-bar";
import { InboxList } from "./inbox-list";
import { openPlace } from "./notes";

export const INBOX_VIEW = "famulus-inbox";

/** Events after which the inbox may hold something else. */
const NEWS = new Set(["hello", "suggestion.new", "suggestion.decided", "note.moved"]);

/** All suggestions of the vault that wait for the user. */
export class InboxView extends ItemView {
  private readonly inbox: Inbox;
  private bar: InboxBar | null = null;
  private list: InboxList | null = null;
  private status: HTMLElement | null = null;

  constructor(
    leaf: WorkspaceLeaf,
    private readonly context: Context,
  ) {
    super(leaf);
    this.icon = "inbox";
    this.inbox = new Inbox(() => context.client(), this.draw);
  }

  override getViewType(): string {
    return INBOX_VIEW;
  }

  override getDisplayText(): string {
    return this.context.strings.inbox.title;
  }

  protected override async onOpen(): Promise<void> {
    await super.onOpen();
    const words = this.context.strings;
    this.contentEl.empty();
    this.contentEl.addClass("famulus-inbox");
    this.bar = new InboxBar(this.contentEl, words, {
      narrow: (change) => { this.context.run(this.inbox.narrow(change)); },
      decideAll: (decision) => { this.decide(decision, this.inbox.state.items.map((item) => item.suggestion.id)); },
    });
    this.status = this.contentEl.createDiv({ cls: "famulus-quiet", attr: { "aria-live": "polite" } });
    this.list = new InboxList(this.contentEl, words, {
      decide: (decision, ids) => { this.decide(decision, ids); },
      open: (path, event) => {
        const place = { path, heading: [], startLine: 1, endLine: 1 };
        this.context.run(openPlace(this.context, place, event.instanceOf(MouseEvent) && Keymap.isModEvent(event)));
      },
    });
    this.addAction("refresh-cw", words.inbox.refresh, () => { this.context.run(this.inbox.load()); });
    // Many notes can be linked in a row; the list follows when it has been quiet for a moment.
    const soon = debounce(() => { this.context.run(this.inbox.refresh()); }, 500, true);
    this.register(this.context.news.listen((event) => { if (NEWS.has(event)) soon(); }));
    this.context.run(this.inbox.load());
  }

  private decide(decision: Decision, ids: readonly string[]): void {
    this.context.run(this.inbox.decide(decision, ids));
  }

  private readonly draw = (state: InboxState): void => {
    const { narrowing } = this.inbox;
    this.bar?.show(state, narrowing);
    this.list?.show(state.items, narrowing.state, state.bars);
    this.status?.setText(this.textOf(state));
  };

  private nothing(): string {
    const { inbox } = this.context.strings;
    const { state, kind, folder, least } = this.inbox.narrowing;
    if (kind !== "" || folder !== "" || least !== null) return inbox.noneFits;
    return state === "pending" ? inbox.none : inbox.noneRejected;
  }

  private textOf(state: InboxState): string {
    const { inbox } = this.context.strings;
    if (state.error !== null) return oneLine(explain(state.error, this.context.strings));
    if (state.loading && state.items.length === 0) return inbox.loading;
    const decisions = ["accept", "reject", "restore"] as const;
    const done = decisions.map((each) => (state.done[each] === 0 ? "" : inbox.done[each](state.done[each])));
    const waiting = state.items.length === 0 ? this.nothing() : this.inbox.narrowing.state === "pending" ? inbox.keys : inbox.keysRejected;
    const more = state.more > 0 ? inbox.more(state.more) : "";
    return [...done, waiting, more].filter((part) => part !== "").join(" ");
  }
}
