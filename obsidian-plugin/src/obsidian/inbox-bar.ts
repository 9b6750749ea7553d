import type { Decision, InboxState } from "../core/inbox";
import type { Strings } from "../core/strings";

export interface BarActions {
  readonly narrow: (kind: string, all: boolean) => void;
  readonly decideAll: (decision: Decision) => void;
}

/** What stands above the list: which kind is shown, and buttons for all that is shown. */
export class InboxBar {
  private readonly kinds: HTMLSelectElement;
  private readonly hidden: HTMLButtonElement;
  private readonly buttons: ReadonlyMap<Decision, HTMLButtonElement>;
  private sure: Decision | null = null;
  private count = 0;

  constructor(
    parent: HTMLElement,
    private readonly words: Strings,
    private readonly actions: BarActions,
  ) {
    const bar = parent.createDiv({ cls: "famulus-inbox-bar" });
    this.kinds = bar.createEl("select", { cls: "dropdown", attr: { "aria-label": words.inbox.kindLabel } });
    this.kinds.addEventListener("change", () => { actions.narrow(this.kinds.value, this.all); });
    this.buttons = new Map((["accept", "reject"] as const).map((decision) => [decision, this.addButton(bar, decision)]));
    this.hidden = bar.createEl("button", { cls: "famulus-inbox-small" });
    this.hidden.addEventListener("click", () => { actions.narrow(this.kinds.value, !this.all); });
  }

  private all = false;

  show(state: InboxState, kind: string, all: boolean): void {
    this.all = all;
    const count = state.items.filter((item) => item.status !== "deciding").length;
    if (count !== this.count) this.sure = null;
    this.count = count;
    this.showKinds(state, kind);
    for (const [decision, button] of this.buttons) {
      button.setText(this.textOf(decision));
      button.toggleClass("mod-warning", this.sure === decision);
      button.disabled = count === 0;
    }
    this.hidden.setText(all ? this.words.inbox.hideHidden : this.words.inbox.showHidden(state.hidden));
    this.hidden.toggleClass("is-hidden", !all && state.hidden === 0);
  }

  private showKinds({ kinds }: InboxState, kind: string): void {
    const { inbox } = this.words;
    const names: Readonly<Record<string, string>> = inbox.kinds;
    const known = new Set([...kinds.keys(), ...(kind === "" ? [] : [kind])]);
    this.kinds.empty();
    this.kinds.createEl("option", { text: inbox.allKinds, attr: { value: "" } });
    for (const each of [...known].sort()) {
      this.kinds.createEl("option", { text: `${names[each] ?? each} (${kinds.get(each) ?? 0})`, attr: { value: each } });
    }
    this.kinds.value = kind;
  }

  private addButton(parent: HTMLElement, decision: Decision): HTMLButtonElement {
    const button = parent.createEl("button");
    button.addEventListener("click", () => { this.press(decision); });
    // Who looks away has not said yes.
    button.addEventListener("blur", () => {
      this.sure = null;
      button.setText(this.textOf(decision));
      button.toggleClass("mod-warning", false);
    });
    return button;
  }

  /** The first press asks, the second does it. */
  private press(decision: Decision): void {
    if (this.sure === decision || this.count === 1) {
      this.sure = null;
      this.actions.decideAll(decision);
      return;
    }
    this.sure = decision;
    const button = this.buttons.get(decision);
    button?.setText(this.textOf(decision));
    button?.toggleClass("mod-warning", true);
  }

  private textOf(decision: Decision): string {
    const { inbox } = this.words;
    if (this.sure === decision) return decision === "accept" ? inbox.sureAccept(this.count) : inbox.sureReject(this.count);
    return decision === "accept" ? inbox.acceptAll(this.count) : inbox.rejectAll(this.count);
  }
}
