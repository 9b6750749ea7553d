import { setIcon } from "obsidian";

import { noteName } from "../core/wire";
import type { Strings } from "../core/strings";

export interface ComposerActions {
  readonly send: (question: string, about: string | null) => void;
  readonly stop: () => void;
}

/** Where the question is written: a field that grows, a button that sends or stops, the note that it is about. */
export class Composer {
  private readonly chip: HTMLElement;
  private readonly field: HTMLTextAreaElement;
  private readonly button: HTMLButtonElement;
  private about: string | null = null;
  private busy = false;

  constructor(
    parent: HTMLElement,
    private readonly strings: Strings,
    private readonly actions: ComposerActions,
  ) {
    const form = parent.createDiv({ cls: "famulus-composer" });
    this.chip = form.createDiv({ cls: "famulus-about" });
    const row = form.createDiv({ cls: "famulus-composer-row" });
    const { placeholder } = strings.chat;
    this.field = row.createEl("textarea", { placeholder, attr: { rows: 1, "aria-label": placeholder } });
    this.button = row.createEl("button", { cls: "famulus-send mod-cta" });
    this.field.addEventListener("keydown", this.onKey);
    this.field.addEventListener("input", this.grow);
    this.button.addEventListener("click", this.submit);
    this.showBusy(false);
    this.showAbout(null);
  }

  focus(): void {
    this.field.focus();
  }

  /** The button stops while an answer is under way; the field stays writable, for the next question. */
  showBusy(busy: boolean): void {
    this.busy = busy;
    const words = this.strings.chat;
    this.button.empty();
    setIcon(this.button, busy ? "square" : "arrow-up");
    this.button.setAttribute("aria-label", busy ? words.stop : words.send);
  }

  showAbout(path: string | null): void {
    this.about = path;
    this.chip.empty();
    this.chip.toggleClass("is-hidden", path === null);
    if (path === null) return;
    this.chip.createSpan({ text: `${this.strings.chat.about}: ${noteName(path)}` });
    const forget = this.chip.createEl("button", { cls: "clickable-icon", attr: { "aria-label": this.strings.chat.forget } });
    setIcon(forget, "x");
    forget.addEventListener("click", () => {
      this.showAbout(null);
    });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    // While a word is being composed (Japanese, Chinese, Korean) Enter takes the word.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.busy) this.submit();
  };

  private readonly submit = (): void => {
    if (this.busy) {
      this.actions.stop();
      return;
    }
    const question = this.field.value.trim();
    if (question === "") return;
    this.field.value = "";
    this.grow();
    this.actions.send(question, this.about);
  };

  private readonly grow = (): void => {
    this.field.setCssProps({ "--famulus-rows": String(Math.min(this.field.value.split("\n").length, 8)) });
  };
}
