import { ItemView, Keymap, Notice, type WorkspaceLeaf } from "obsidian";

import { answerMarkdown } from "../core/citing";
import type { Conversation, Turn } from "../core/conversation";
import { Session } from "../core/session";
import { Composer } from "./composer";
import type { Context } from "./context";
import { insertIntoNote, openPlace } from "./notes";
import { type TurnActions, TurnView } from "./turn-view";

export const CHAT_VIEW = "famulus-chat";

/** A conversation with the vault. It lives as long as the view and is stored nowhere. */
export class ChatView extends ItemView {
  private readonly session: Session;
  private readonly turns: TurnView[] = [];
  private log: HTMLElement | null = null;
  private composer: Composer | null = null;
  private frame = 0;

  constructor(
    leaf: WorkspaceLeaf,
    private readonly context: Context,
  ) {
    super(leaf);
    this.icon = "message-circle-question";
    this.session = new Session(
      // A client for each question: the settings may have changed since the last.
      (question, signal) => this.context.client().ask(question, signal),
      this.onChange,
    );
  }

  override getViewType(): string {
    return CHAT_VIEW;
  }

  override getDisplayText(): string {
    return this.context.strings.chat.title;
  }

  protected override async onOpen(): Promise<void> {
    await super.onOpen();
    const words = this.context.strings;
    this.contentEl.empty();
    this.contentEl.addClass("famulus-chat");
    this.log = this.contentEl.createDiv({ cls: "famulus-log", attr: { role: "log" } });
    this.composer = new Composer(this.contentEl, words, {
      send: (question, about) => {
        this.context.run(this.session.put(question, about));
      },
      stop: () => {
        this.session.stop();
      },
    });
    this.addAction("square-pen", words.chat.newChat, () => {
      this.session.clear();
      this.composer?.showAbout(null);
      this.composer?.focus();
    });
    this.draw(this.session.conversation);
  }

  protected override async onClose(): Promise<void> {
    this.session.stop();
    window.cancelAnimationFrame(this.frame);
    await super.onClose();
  }

  /** Makes the next question one about this note. */
  askAbout(path: string | null): void {
    if (path !== null) this.composer?.showAbout(path);
    this.composer?.focus();
  }

  // Tokens come faster than the screen is drawn; the last state of a frame is the one that counts.
  private readonly onChange = (): void => {
    window.cancelAnimationFrame(this.frame);
    this.frame = window.requestAnimationFrame(() => {
      this.draw(this.session.conversation);
    });
  };

  private draw(conversation: Conversation): void {
    const { log } = this;
    if (log === null) return;
    const follow = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
    for (const surplus of this.turns.splice(conversation.length)) surplus.remove();
    for (const empty of log.findAll(".famulus-empty")) empty.remove();
    if (conversation.length === 0) this.drawEmpty(log);
    conversation.forEach((turn, index) => {
      this.turns[index] ??= new TurnView(log, this.context.strings, this.actions);
      this.turns[index].show(turn);
    });
    this.composer?.showBusy(this.session.busy);
    // Whoever has scrolled up is reading and is left there.
    if (follow) log.scrollTop = log.scrollHeight;
  }

  private drawEmpty(log: HTMLElement): void {
    const { emptyTitle, emptyText } = this.context.strings.chat;
    const empty = log.createDiv({ cls: "famulus-empty" });
    empty.createDiv({ cls: "famulus-empty-title", text: emptyTitle });
    empty.createDiv({ text: emptyText });
  }

  private readonly actions: TurnActions = {
    open: (citation, event) => {
      this.context.run(openPlace(this.context, citation, Keymap.isModEvent(event)));
    },
    openLink: (target, event) => {
      this.context.run(this.app.workspace.openLinkText(target, "", Keymap.isModEvent(event)));
    },
    copy: (turn) => {
      this.context.run(this.copy(turn));
    },
    insert: (turn) => {
      const words = this.context.strings.chat;
      const inserted = insertIntoNote(this.app, answerMarkdown(turn.answer, turn.citations));
      new Notice(inserted ? words.inserted : words.noEditor);
    },
    retry: () => {
      this.context.run(this.session.retry());
    },
  };

  private async copy(turn: Turn): Promise<void> {
    await navigator.clipboard.writeText(answerMarkdown(turn.answer, turn.citations));
    new Notice(this.context.strings.chat.copied);
  }
}
