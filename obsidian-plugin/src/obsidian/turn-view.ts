import { setIcon } from "obsidian";

import { label } from "../core/citing";
import type { Turn } from "../core/conversation";
import { explain } from "../core/errors";
import type { Strings } from "../core/strings";
import { type Citation, noteName } from "../core/wire";
import { renderAnswer } from "./answer";

export interface TurnActions {
  readonly open: (citation: Citation, event: MouseEvent) => void;
  readonly openLink: (target: string, event: MouseEvent) => void;
  readonly copy: (turn: Turn) => void;
  readonly insert: (turn: Turn) => void;
  readonly retry: () => void;
}

/** One question and its answer. */
export class TurnView {
  private readonly root: HTMLElement;
  private readonly body: HTMLElement;
  private readonly foot: HTMLElement;
  private shown: Turn | null = null;

  constructor(
    parent: HTMLElement,
    private readonly strings: Strings,
    private readonly actions: TurnActions,
  ) {
    this.root = parent.createDiv({ cls: "famulus-turn" });
    this.root.createDiv({ cls: "famulus-question" });
    this.body = this.root.createDiv({ cls: "famulus-answer" });
    this.foot = this.root.createDiv({ cls: "famulus-foot" });
  }

  show(turn: Turn): void {
    if (turn === this.shown) return;
    if (this.shown === null) this.showQuestion(turn);
    this.shown = turn;
    this.root.dataset["status"] = turn.status;
    this.body.setAttribute("aria-busy", String(turn.status === "waiting" || turn.status === "streaming"));
    this.showAnswer(turn);
    this.foot.empty();
    if (turn.status === "waiting" || turn.status === "streaming") return;
    this.showOutcome(turn);
    this.showSources(turn);
    this.showActions(turn);
  }

  remove(): void {
    this.root.remove();
  }

  private showQuestion(turn: Turn): void {
    const question = this.root.find(".famulus-question");
    question.setText(turn.question);
    if (turn.about !== null) {
      question.createDiv({ cls: "famulus-question-about", text: `${this.strings.chat.about}: ${noteName(turn.about)}` });
    }
  }

  private showAnswer(turn: Turn): void {
    if (turn.status === "waiting") {
      this.body.setText(this.strings.chat.thinking);
      return;
    }
    const cited = new Map(turn.citations.map((citation) => [citation.mark, citation]));
    renderAnswer(this.body, turn.answer, {
      describeMark: (mark) => {
        const citation = cited.get(mark);
        return citation === undefined ? null : label(citation);
      },
      openMark: (mark, event) => {
        const citation = cited.get(mark);
        if (citation !== undefined) this.actions.open(citation, event);
      },
      openLink: this.actions.openLink,
    });
  }

  private showOutcome(turn: Turn): void {
    if (turn.status === "stopped") this.foot.createDiv({ cls: "famulus-quiet", text: this.strings.chat.stopped });
    if (turn.status !== "failed") return;
    const { effect, cause, fix } = explain(turn.error, this.strings);
    const box = this.foot.createDiv({ cls: "famulus-error", attr: { role: "alert" } });
    box.createDiv({ cls: "famulus-error-effect", text: effect });
    for (const line of [cause, fix]) {
      if (line !== "") box.createDiv({ text: line });
    }
  }

  private showSources(turn: Turn): void {
    if (turn.citations.length === 0) {
      if (turn.status === "done") this.foot.createDiv({ cls: "famulus-quiet", text: this.strings.chat.noSources });
      return;
    }
    const list = this.foot.createDiv({ cls: "famulus-sources" });
    list.createDiv({ cls: "famulus-quiet", text: this.strings.chat.sources });
    for (const citation of turn.citations) this.showSource(list, citation);
  }

  private showSource(list: HTMLElement, citation: Citation): void {
    const row = list.createEl("button", { cls: "famulus-source", attr: { "aria-label": citation.path } });
    row.createSpan({ cls: "famulus-source-mark", text: citation.mark });
    const text = row.createDiv({ cls: "famulus-source-text" });
    const head = text.createDiv({ cls: "famulus-source-head" });
    head.createSpan({ cls: "famulus-source-title", text: label(citation) });
    head.createSpan({ cls: "famulus-quiet", text: this.strings.chat.lines(citation.startLine, citation.endLine) });
    if (citation.quote !== "") text.createDiv({ cls: "famulus-source-quote", text: citation.quote });
    row.addEventListener("click", (event) => {
      this.actions.open(citation, event);
    });
  }

  private showActions(turn: Turn): void {
    const bar = this.foot.createDiv({ cls: "famulus-actions" });
    const words = this.strings.chat;
    if (turn.answer !== "") {
      addAction(bar, "copy", words.copy, () => {
        this.actions.copy(turn);
      });
      addAction(bar, "text-cursor-input", words.insert, () => {
        this.actions.insert(turn);
      });
    }
    addAction(bar, "rotate-ccw", words.retry, this.actions.retry);
  }
}

function addAction(bar: HTMLElement, icon: string, words: string, action: () => void): void {
  const button = bar.createEl("button", { cls: "clickable-icon", attr: { "aria-label": words } });
  setIcon(button, icon);
  button.addEventListener("click", action);
}
