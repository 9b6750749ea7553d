import { debounce, ItemView, Keymap, type WorkspaceLeaf } from "obsidian";

import { label } from "../core/citing";
import { explain, oneLine } from "../core/errors";
import { readable } from "../core/inline";
import type { RelatedNote } from "../core/wire";
import type { Context } from "./context";
import { currentNote, openPlace } from "./notes";

export const RELATED_VIEW = "famulus-related";

/** The neighbours of the note that the user is in. */
export class RelatedView extends ItemView {
  private path: string | null = null;
  private looking: AbortController | null = null;

  constructor(
    leaf: WorkspaceLeaf,
    private readonly context: Context,
  ) {
    super(leaf);
    this.icon = "waypoints";
  }

  override getViewType(): string {
    return RELATED_VIEW;
  }

  override getDisplayText(): string {
    return this.context.strings.related.title;
  }

  protected override async onOpen(): Promise<void> {
    await super.onOpen();
    this.contentEl.addClass("famulus-related");
    this.addAction("refresh-cw", this.context.strings.related.refresh, () => {
      this.look();
    });
    // Walking through notes with the keyboard opens many a second; only where it stops is asked for.
    const soon = debounce(this.follow, 250, true);
    this.registerEvent(this.app.workspace.on("file-open", soon));
    this.look();
  }

  protected override async onClose(): Promise<void> {
    this.looking?.abort();
    await super.onClose();
  }

  private readonly follow = (): void => {
    if (currentNote(this.app)?.path !== this.path) this.look();
  };

  private look(): void {
    this.looking?.abort();
    this.path = currentNote(this.app)?.path ?? null;
    const words = this.context.strings.related;
    if (this.path === null) {
      this.say(words.noNote);
      return;
    }
    this.say(words.loading);
    this.looking = new AbortController();
    this.context.run(this.fetchRelated(this.path, this.looking.signal));
  }

  private async fetchRelated(path: string, signal: AbortSignal): Promise<void> {
    try {
      const notes = await this.context.client().related(path, signal);
      if (!signal.aborted) this.show(notes);
    } catch (error) {
      if (!signal.aborted) this.say(oneLine(explain(error, this.context.strings)));
    }
  }

  private say(text: string): void {
    this.contentEl.empty();
    this.contentEl.createDiv({ cls: "famulus-quiet", text });
  }

  private show(notes: readonly RelatedNote[]): void {
    if (notes.length === 0) {
      this.say(this.context.strings.related.none);
      return;
    }
    this.contentEl.empty();
    for (const note of notes) this.showNote(note);
  }

  private showNote(note: RelatedNote): void {
    const row = this.contentEl.createEl("button", { cls: "famulus-source", attr: { "aria-label": note.path } });
    const text = row.createDiv({ cls: "famulus-source-text" });
    text.createDiv({ cls: "famulus-source-title", text: label(note) });
    if (note.snippet !== "") text.createDiv({ cls: "famulus-source-quote", text: readable(note.snippet) });
    row.addEventListener("click", (event) => {
      this.context.run(openPlace(this.context, note, Keymap.isModEvent(event)));
    });
  }
}
