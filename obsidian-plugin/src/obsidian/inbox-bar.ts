import type { Decision, InboxState, Narrowing } from "../core/inbox";
import type { Strings } from "../core/strings";
import type { Waits } from "../core/suggestions";
import { SureButton } from "./sure-button";

export interface BarActions {
  readonly narrow: (change: Partial<Narrowing>) => void;
  readonly decideAll: (decision: Decision) => void;
}

const STATES: readonly Waits[] = ["pending", "rejected"];
const SCORES = [0.3, 0.5, 0.7, 0.9];
/** What can be decided on all that is shown. */
const DECISIONS: Readonly<Record<Waits, readonly Decision[]>> = { pending: ["accept", "reject"], rejected: ["restore"] };
/** In front of a folder's name, for each folder that it lies in. */
const STEP = "\u2003";

type Choices = readonly (readonly [value: string, text: string])[];

/** What stands above the list: what is shown, and buttons for all of it. */
export class InboxBar {
  private readonly state: HTMLSelectElement;
  private readonly kinds: HTMLSelectElement;
  private readonly folders: HTMLSelectElement;
  private readonly scores: HTMLSelectElement;
  private readonly hidden: HTMLButtonElement;
  private readonly buttons: ReadonlyMap<Decision, SureButton>;
  private all = false;

  constructor(
    parent: HTMLElement,
    private readonly words: Strings,
    actions: BarActions,
  ) {
    const { inbox } = words;
    const bar = parent.createDiv({ cls: "famulus-inbox-filters" });
    this.state = select(bar, inbox.stateLabel, (value) => { actions.narrow({ state: value === "rejected" ? "rejected" : "pending" }); });
    this.folders = select(bar, inbox.folderLabel, (folder) => { actions.narrow({ folder }); });
    this.kinds = select(bar, inbox.kindLabel, (kind) => { actions.narrow({ kind }); });
    this.scores = select(bar, inbox.scoreLabel, (least) => { actions.narrow({ least: least === "" ? null : Number(least) }); });
    const row = parent.createDiv({ cls: "famulus-inbox-bar" });
    const decide = (decision: Decision): SureButton => new SureButton(row, () => { actions.decideAll(decision); });
    this.buttons = new Map((["accept", "reject", "restore"] as const).map((decision) => [decision, decide(decision)]));
    this.hidden = row.createEl("button", { cls: "famulus-inbox-small" });
    this.hidden.addEventListener("click", () => { actions.narrow({ all: !this.all }); });
  }

  show(state: InboxState, narrowing: Narrowing): void {
    const { inbox } = this.words;
    this.all = narrowing.all;
    const count = state.items.filter((item) => item.status !== "deciding").length;
    for (const [decision, button] of this.buttons) {
      button.show(this.textOf(decision, count), this.askOf(decision, count), count, DECISIONS[narrowing.state].includes(decision));
    }
    choose(this.state, STATES.map((each) => [each, inbox.states[each]]), narrowing.state);
    choose(this.kinds, this.kindsOf(state, narrowing), narrowing.kind);
    choose(this.folders, this.foldersOf(state, narrowing), narrowing.folder);
    const scores = SCORES.map((each) => [String(each), inbox.fromScore(each.toFixed(1))] as const);
    choose(this.scores, [["", inbox.anyScore], ...scores], narrowing.least === null ? "" : String(narrowing.least));
    this.hidden.setText(this.all ? inbox.hideHidden : inbox.showHidden(state.hidden));
    this.hidden.toggleClass("is-hidden", narrowing.state !== "pending" || (!this.all && state.hidden === 0));
  }

  private kindsOf({ kinds }: InboxState, { kind }: Narrowing): Choices {
    const { inbox } = this.words;
    const names: Readonly<Record<string, string>> = inbox.kinds;
    return [["", inbox.allKinds], ...known(kinds, kind).map((each) => [each, `${names[each] ?? each} (${kinds.get(each) ?? 0})`] as const)];
  }

  private foldersOf({ folders }: InboxState, { folder }: Narrowing): Choices {
    const named = known(folders, folder).map((each) => {
      const names = each.split("/");
      return [each, `${STEP.repeat(names.length - 1)}${names.at(-1) ?? each} (${folders.get(each) ?? 0})`] as const;
    });
    return [["", this.words.inbox.allFolders], ...named];
  }

  private textOf(decision: Decision, count: number): string {
    const { inbox } = this.words;
    return { accept: inbox.acceptAll, reject: inbox.rejectAll, restore: inbox.restoreAll }[decision](count);
  }

  private askOf(decision: Decision, count: number): string {
    const { inbox } = this.words;
    return { accept: inbox.sureAccept, reject: inbox.sureReject, restore: inbox.sureRestore }[decision](count);
  }
}

/** The names in order, a folder right in front of those in it; what is chosen stays one of them when nothing is left of it. */
function known(counts: ReadonlyMap<string, number>, chosen: string): string[] {
  const names = new Set([...counts.keys(), ...(chosen === "" ? [] : [chosen])]);
  return [...names].sort((one, other) => compare(one.split("/"), other.split("/")));
}

function compare(one: readonly string[], other: readonly string[]): number {
  const at = one.findIndex((name, index) => name !== other[index]);
  if (at < 0 || other[at] === undefined) return one.length - other.length;
  return (one[at] ?? "").localeCompare(other[at]);
}

function select(parent: HTMLElement, label: string, chosen: (value: string) => void): HTMLSelectElement {
  const element = parent.createEl("select", { cls: "dropdown", attr: { "aria-label": label } });
  element.addEventListener("change", () => { chosen(element.value); });
  return element;
}

function choose(element: HTMLSelectElement, choices: Choices, value: string): void {
  element.empty();
  for (const [each, text] of choices) element.createEl("option", { text, attr: { value: each } });
  element.value = value;
}
