import { type Decision, groupsOf, type Group, type Item } from "../core/inbox";
import type { Strings } from "../core/strings";
import { noteName } from "../core/wire";
import { factsOf, headOf, showGrounds } from "./suggestion-card";

export interface InboxActions {
  readonly decide: (decision: Decision, ids: readonly string[]) => void;
  readonly open: (path: string, event: UIEvent) => void;
}

const KEYS: Readonly<Record<string, Decision>> = { KeyY: "accept", KeyN: "reject" };
const STEPS: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };

/** The suggestions by note, each a card that takes the keyboard. */
export class InboxList {
  private readonly element: HTMLElement;
  private cards: HTMLElement[] = [];

  constructor(
    parent: HTMLElement,
    private readonly words: Strings,
    private readonly actions: InboxActions,
  ) {
    this.element = parent.createDiv({ cls: "famulus-inbox-list" });
    this.element.addEventListener("keydown", this.onKey);
  }

  /** Draws anew; whoever was at a card stays there, or goes to the one that takes its place. */
  show(items: readonly Item[]): void {
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
    if (ids.length > 1) {
      this.addButton(head, this.words.inbox.acceptNote, "✓", () => { this.actions.decide("accept", ids); });
      this.addButton(head, this.words.inbox.rejectNote, "✕", () => { this.actions.decide("reject", ids); });
    }
    for (const item of items) this.cards.push(this.showItem(group, item));
  }

  private addButton(parent: HTMLElement, label: string, text: string, act: () => void): void {
    const button = parent.createEl("button", { cls: "famulus-inbox-small", text, attr: { "aria-label": label } });
    button.addEventListener("click", act);
  }

  private showItem(parent: HTMLElement, { suggestion, status, reason }: Item): HTMLElement {
    const { links } = this.words;
    const attr = { tabindex: 0, "data-id": suggestion.id, "data-status": status, "aria-label": headOf(suggestion) };
    const card = parent.createDiv({ cls: "famulus-inbox-card", attr });
    card.createDiv({ cls: "famulus-inbox-what", text: headOf(suggestion) });
    card.createDiv({ cls: "famulus-quiet", text: factsOf(suggestion, this.words) });
    showGrounds(card, suggestion, this.words);
    if (status === "failed") card.createDiv({ cls: "famulus-inbox-failed", text: reason, attr: { role: "alert" } });
    const row = card.createDiv({ cls: "famulus-inbox-row" });
    for (const [decision, text, cls] of [["accept", links.accept, "mod-cta"], ["reject", links.reject, ""]] as const) {
      const button = row.createEl("button", { cls, text });
      button.disabled = status === "deciding";
      button.addEventListener("click", () => { this.actions.decide(decision, [suggestion.id]); });
    }
    return card;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const at = this.cards.findIndex((card) => card === event.target);
    if (at >= 0 && !event.ctrlKey && !event.metaKey && !event.altKey && this.pressed(at, event)) event.preventDefault();
  };

  /** Whether the key means anything at this card. */
  private pressed(at: number, event: KeyboardEvent): boolean {
    // By the place of the key, so that a Russian layout does the same.
    const decision = KEYS[event.code];
    const card = this.cards[at];
    const step = STEPS[event.key];
    if (decision !== undefined) this.actions.decide(decision, [card?.dataset["id"] ?? ""]);
    else if (step !== undefined) this.cards[at + step]?.focus();
    else if (event.key === "Enter") this.actions.open(card?.closest(".famulus-inbox-note")?.getAttribute("aria-label") ?? "", event);
    else return false;
    return true;
  }
}
