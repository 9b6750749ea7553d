import type { Strings } from "../core/strings";
import type { Suggestion } from "../core/suggestions";
import { noteName } from "../core/wire";

/** A word for a kind or a relation, or the daemon's own where the language has none. */
function named(words: Readonly<Record<string, string>>, name: string): string {
  return words[name] ?? name;
}

/** What a suggestion is about, in a line. */
export function headOf(suggestion: Suggestion): string {
  return suggestion.target === null ? suggestion.properties || noteName(suggestion.path) : noteName(suggestion.target);
}

/** Kind, relation and score. */
export function factsOf(suggestion: Suggestion, { inbox }: Strings): string {
  const relation = suggestion.relation === "" ? "" : named(inbox.relations, suggestion.relation);
  const score = suggestion.score === null ? "" : `${inbox.score} ${suggestion.score.toFixed(2)}`;
  return [named(inbox.kinds, suggestion.kind), relation, score].filter((part) => part !== "").join(" · ");
}

/** Shows the place, the reason and the evidence; a sentence that the reason quotes is not shown again. */
export function showGrounds(card: HTMLElement, suggestion: Suggestion, words: Strings): void {
  const { spot, reason } = suggestion;
  if (spot !== null) {
    const line = card.createDiv({ cls: "famulus-spot" });
    line.appendText(spot.before);
    if (spot.removed !== "") line.createEl("del", { text: spot.removed });
    line.createEl("ins", { text: spot.added });
    line.appendText(spot.after);
  }
  if (reason !== "") card.createDiv({ cls: "famulus-reason", text: reason });
  for (const quote of suggestion.evidence.filter((each) => !reason.includes(each))) {
    card.createDiv({ cls: "famulus-source-quote", text: quote, attr: { "aria-label": words.links.evidence } });
  }
  if (suggestion.text === "") return;
  const written = card.createEl("details", { cls: "famulus-written" });
  written.createEl("summary", { text: words.inbox.written });
  written.createEl("pre", { text: suggestion.text });
}
