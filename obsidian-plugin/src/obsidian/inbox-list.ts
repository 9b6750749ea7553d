import { type Decision, groupsOf, type Group, type Item } from "../core/inbox";
import type { Strings } from "../core/strings";
import type { Bar, Waits } from "../core/suggestions";
import { noteName } from "../core/wire";
import { factsOf, headOf, showGrounds } from "./suggestion-card";
import { showWhy } from "./suggestion-why";

export interface InboxActions {
  readonly decide: (decision: Decision, ids: readonly string[]) => void;
  readonly open: (path: string, event: UIEvent) => void;
}

/** What can be decided in each state, and by which key. */
const KEYS: Readonly<Record<Waits, Readonly<Record<string, Decision>>>> = {
  pending: { KeyY: "accept", KeyN: "reject" },
  rejected: { KeyR: "restore" },
};
const MARKS: Readonly<Record<Decision, string>> = { accept: "✓", reject: "✕", restore: "↩" };
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** The suggestions by note, each a card that takes the keyboard. */
export class InboxList {
  private readonly element: HTMLElement;
  private cards: HTMLElement[] = [];
  private state: Waits = "pending";
  private bars: ReadonlyMap<string, Bar> = new Map();
  /** The suggestions whose grounds are open. */
  private readonly asked = new Set<string>();

  constructor(
    parent: HTMLElement,
    private readonly words: Strings,
    private readonly actions: InboxActions,
  ) {
    this.element = parent.createDiv({ cls: "famulus-inbox-list" });
    this.element.addEventListener("keydown", this.onKey);
  }

  /** Draws anew; whoever was at a card stays there, or goes to the one that takes its place. */
  show(items: readonly Item[], state: Waits, bars: ReadonlyMap<string, Bar>): void {
    this.state = state;
    this.bars = bars;
    const at = this.cards.findIndex((card) => card.contains(this.element.ownerDocument.activeElement));
    const focused = this.cards[at]?.dataset["id"];
    this.element.empty();
    this.cards = [];
    for (const group of groupsOf(items)) this.showGroup(group);
    if (at < 0) return;
    const same = this.cards.find((card) => card.dataset["id"] === focused);
    (same ?? this.cards[Math.min(at, this.cards.length - 1)])?.focus();
  }

  private showGroup({ path, items }: Group): void {
    const group = this.element.createDiv({ cls: "famulus-inbox-note", attr: { role: "group", "aria-label": path } });
    const head = group.createDiv({ cls: "famulus-inbox-head" });
    const name = head.createEl("button", { cls: "famulus-inbox-name", text: noteName(path), attr: { "aria-label": `${this.words.inbox.openNote}: ${path}` } });
    name.addEventListener("click", (event) => { this.actions.open(path, event); });
    const ids = items.map((item) => item.suggestion.id);
    const { inbox } = this.words;
    const labels = { accept: inbox.acceptNote, reject: inbox.rejectNote, restore: inbox.restoreNote };
    for (const decision of ids.length > 1 ? Object.values(KEYS[this.state]) : []) {
      this.addButton(head, labels[decision], MARKS[decision], () => { this.actions.decide(decision, ids); });
    }
    for (const item of items) this.cards.push(this.showItem(group, item));
  }

  private addButton(parent: HTMLElement, label: string, text: string, act: () => void): void {
    const button = parent.createEl("button", { cls: "famulus-inbox-small", text, attr: { "aria-label": label } });
    button.addEventListener("click", act);
  }

  private showItem(parent: HTMLElement, { suggestion, status, reason }: Item): HTMLElement {
    const { links, inbox } = this.words;
    const attr = { tabindex: 0, "data-id": suggestion.id, "data-status": status, "aria-label": headOf(suggestion) };
    const card = parent.createDiv({ cls: "famulus-inbox-card", attr });
    card.createDiv({ cls: "famulus-inbox-what", text: headOf(suggestion) });
    card.createDiv({ cls: "famulus-quiet", text: factsOf(suggestion, this.words) });
    showGrounds(card, suggestion, this.words);
    if (status === "failed") card.createDiv({ cls: "famulus-inbox-failed", text: reason, attr: { role: "alert" } });
    this.addWhy(card, suggestion);
    const row = card.createDiv({ cls: "famulus-inbox-row" });
    const texts = { accept: links.accept, reject: links.reject, restore: inbox.restore };
    for (const decision of Object.values(KEYS[this.state])) {
      const button = row.createEl("button", { cls: decision === "reject" ? "" : "mod-cta", text: texts[decision] });
      button.disabled = status === "deciding";
      button.addEventListener("click", () => { this.actions.decide(decision, [suggestion.id]); });
    }
    return card;
  }

  private addWhy(card: HTMLElement, suggestion: Item["suggestion"]): void {
    const why = showWhy(card, suggestion, this.bars.get(suggestion.kind) ?? null, this.words);
    why.open = this.asked.has(suggestion.id);
    why.addEventListener("toggle", () => {
      if (why.open) this.asked.add(suggestion.id);
      else this.asked.delete(suggestion.id);
    });
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = this.cards.findIndex((card) => card === event.target);
    if (at >= 0 && !event.ctrlKey && !event.metaKey && !event.altKey && this.pressed(at, event)) event.preventDefault();
  };

  /** Whether the key means anything at this card. */
  private pressed(at: number, event: KeyboardEvent): boolean {
    // By the place of the key, so that a Russian layout does the same.
    const decision = KEYS[this.state][event.code];
    const card = this.cards[at];
    const step = STEPS[event.key];
    if (decision !== undefined) this.actions.decide(decision, [card?.dataset["id"] ?? ""]);
    else if (step !== undefined) this.cards[at + step]?.focus();
    else if (event.code === "KeyW") card?.querySelector<HTMLElement>(".famulus-why > summary")?.click();
    else if (event.key === "Enter") this.openNoteOf(card, event);
    else return false;
    return true;
  }

  private openNoteOf(card: HTMLElement | undefined, event: UIEvent): void {
    this.actions.open(card?.closest(".famulus-inbox-note")?.getAttribute("aria-label") ?? "", event);
  }
}
