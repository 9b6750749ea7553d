import { Modal, Setting } from "obsidian";

import { explain, oneLine } from "../core/errors";
import type { Suggestion } from "../core/suggestions";
import { noteName } from "../core/wire";
import type { Context } from "./context";
import { factsOf, headOf, showGrounds } from "./suggestion-card";

/** The links that the daemon suggests for a note, each to be accepted or rejected. The daemon has them written. */
export class SuggestionsModal extends Modal {
  private readonly closed = new AbortController();

  constructor(
    private readonly context: Context,
    private readonly path: string,
  ) {
    super(context.app);
  }

  override onOpen(): void {
    this.modalEl.addClass("famulus-suggestions");
    this.setTitle(`${this.context.strings.links.title}: ${noteName(this.path)}`);
    this.say(this.context.strings.links.loading);
    this.context.run(this.load());
  }

  override onClose(): void {
    this.closed.abort();
    this.contentEl.empty();
  }

  private async load(): Promise<void> {
    try {
      const suggestions = await this.context.client().suggest(this.path, this.closed.signal);
      if (!this.closed.signal.aborted) this.show(suggestions.filter((suggestion) => suggestion.state === "pending"));
    } catch (error) {
      if (!this.closed.signal.aborted) this.say(oneLine(explain(error, this.context.strings)));
    }
  }

  private say(text: string): void {
    this.contentEl.empty();
    this.contentEl.createDiv({ cls: "famulus-quiet", text });
  }

  private show(suggestions: readonly Suggestion[]): void {
    if (suggestions.length === 0) {
      this.say(this.context.strings.links.none);
      return;
    }
    this.contentEl.empty();
    for (const suggestion of suggestions) this.showOne(suggestion);
  }

  private showOne(suggestion: Suggestion): void {
    const words = this.context.strings.links;
    const card = this.contentEl.createDiv({ cls: "famulus-suggestion" });
    const row = new Setting(card).setName(headOf(suggestion)).setDesc(factsOf(suggestion, this.context.strings));
    showGrounds(card, suggestion, this.context.strings);
    row.addButton((button) =>
      button
        .setButtonText(words.accept)
        .setCta()
        .onClick(() => this.decide(row, words.accepted, (client) => client.accept(suggestion.id))),
    );
    row.addButton((button) =>
      button
        .setButtonText(words.reject)
        .onClick(() => this.decide(row, words.rejected, (client) => client.reject(suggestion.id))),
    );
  }

  private async decide(row: Setting, done: string, act: (client: ReturnType<Context["client"]>) => Promise<void>): Promise<void> {
    row.setDisabled(true);
    try {
      await act(this.context.client());
      row.clear().setDesc(done);
    } catch (error) {
      // Also where the note has changed meanwhile: the reason is the daemon's, and the user may try the other button.
      row.setDisabled(false).setDesc(oneLine(explain(error, this.context.strings)));
      row.descEl.addClass("mod-warning");
    }
  }
}
