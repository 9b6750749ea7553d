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
      narrow: (kind, all) => { this.context.run(this.inbox.narrow(kind, all)); },
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
    this.bar?.show(state, this.inbox.kind, this.inbox.all);
    this.list?.show(state.items);
    this.status?.setText(this.textOf(state));
  };

  private textOf(state: InboxState): string {
    const { inbox } = this.context.strings;
    if (state.error !== null) return oneLine(explain(state.error, this.context.strings));
    if (state.loading && state.items.length === 0) return inbox.loading;
    const done = state.accepted + state.rejected > 0 ? inbox.done(state.accepted, state.rejected) : "";
    const waiting = state.items.length === 0 ? inbox.none : inbox.keys;
    const more = state.more > 0 ? inbox.more(state.more) : "";
    return [done, waiting, more].filter((part) => part !== "").join(" ");
  }
}
