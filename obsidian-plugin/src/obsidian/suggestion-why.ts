import type { Strings } from "../core/strings";
import type { Bar, Suggestion } from "../core/suggestions";
import { noteName } from "../core/wire";

/** Shows behind a word that opens it where a suggestion comes from, on what it rests, and what its score means. */
export function showWhy(card: HTMLElement, suggestion: Suggestion, bar: Bar | null, { inbox }: Strings): HTMLDetailsElement {
  const { why } = inbox;
  const details = card.createEl("details", { cls: "famulus-why" });
  details.createEl("summary", { text: why.title });
  const list = details.createEl("dl");
  const say = (term: string, ...texts: string[]): void => {
    const said = texts.filter((text) => text !== "");
    if (said.length > 0) list.createEl("dt", { text: term });
    for (const text of said) list.createEl("dd", { text });
  };
  say(why.madeBy, makerOf(suggestion, why.makers));
  say(why.rests, ...suggestion.evidence.map((quote) => restsOn(quote, suggestion)));
  say(why.score, suggestion.score === null ? why.noScore : why.scoreText(suggestion.score.toFixed(2)));
  if (bar !== null) {
    const from = bar.writtenFrom === null ? "" : why.writtenFrom(bar.writtenFrom.toFixed(2));
    say(why.decisions, bar.decided === 0 ? "" : why.accepted(bar.decided - bar.refused, bar.decided), from);
  }
  say(why.proposed, when(suggestion.madeAt));
  if (suggestion.state === "rejected") say(why.rejected, when(suggestion.decidedAt), reasonOf(suggestion, why.reasons));
  return details;
}

function makerOf({ kind, producedBy }: Suggestion, makers: Readonly<Record<string, string>>): string {
  const [first] = producedBy.split(",");
  const name = kind === "section" && first === "quotation" ? "sentences" : (first ?? "");
  return makers[name] ?? producedBy;
}

/** Why it was rejected where the user did not press the button, in the user's language as far as that has the words. */
function reasonOf({ stateReason }: Suggestion, reasons: Readonly<Record<string, string>>): string {
  return reasons[stateReason] ?? stateReason;
}

/** The sentence, and the note that it stands in: of a mention it is the note's own line. */
function restsOn(quote: string, { kind, target }: Suggestion): string {
  return kind !== "link" || target === null ? quote : `${quote} — ${noteName(target)}`;
}

function when(milliseconds: number | null): string {
  return milliseconds === null ? "" : new Date(milliseconds).toLocaleString(document.documentElement.lang || undefined, { dateStyle: "medium", timeStyle: "short" });
}
