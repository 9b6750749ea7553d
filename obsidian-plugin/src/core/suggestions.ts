/** Suggestions as the daemon sends them. Fields that are missing get a harmless value. */

import { isRecord, type JsonRecord, numeric, records, text } from "./json";

/** A change within a line: what stands around it, what goes, and what comes. */
export interface Spot {
  readonly before: string;
  readonly removed: string;
  readonly added: string;
  readonly after: string;
}

export interface Suggestion {
  readonly id: string;
  readonly kind: string;
  readonly path: string;
  readonly target: string | null;
  readonly relation: string;
  readonly score: number | null;
  readonly reason: string;
  readonly evidence: readonly string[];
  readonly state: string;
  /** Why it is in that state, as the daemon says it; "" where there is nothing to say. */
  readonly stateReason: string;
  /** What made it: "quotation", "writer", …; of a mention, which name of the note and in which form. */
  readonly producedBy: string;
  /** When it was made, and when it was decided on, in milliseconds; null where that is not known. */
  readonly madeAt: number | null;
  readonly decidedAt: number | null;
  /** Whether the daemon shows it only to who asks for all. */
  readonly hidden: boolean;
  readonly spot: Spot | null;
  /** The lines that would be written; "" for a change within a line. */
  readonly text: string;
  /** The tags and the description that it wants, "" where it wants none. */
  readonly properties: string;
}

export interface SuggestionPage {
  readonly suggestions: readonly Suggestion[];
  /** How many fit, on this page and beyond. */
  readonly total: number;
  /** How many more are not shown, because most with such scores were refused. */
  readonly hidden: number;
}

/** In which states the inbox shows suggestions. */
export type Waits = "pending" | "rejected";

/** What is known of a kind: above which score it is written without a question, and how the user decided. */
export interface Bar {
  readonly writtenFrom: number | null;
  readonly decided: number;
  readonly refused: number;
}

/** What the inbox holds: by kind and by folder, how many are shown in each state. */
export interface Summary {
  readonly of: Readonly<Record<Waits, { readonly kinds: Map<string, number>; readonly folders: Map<string, number> }>>;
  readonly bars: ReadonlyMap<string, Bar>;
}

/** What became of one of many. */
export interface Outcome {
  readonly id: string;
  readonly done: boolean;
  readonly reason: string;
}

export interface Decided {
  /** By what name the journal knows the writes, to undo them together. */
  readonly run: string;
  readonly outcomes: readonly Outcome[];
}

export function readSuggestions(body: unknown): Suggestion[] {
  return records(isRecord(body) ? body["suggestions"] : undefined)
    .map((raw) => ({
      id: text(raw["id"]),
      kind: text(raw["kind"]),
      path: text(raw["path"]),
      target: text(raw["target"]) || null,
      relation: text(raw["relation"]),
      score: numeric(raw["score"]),
      reason: text(raw["reason"]),
      evidence: evidenceOf(raw["evidence"]),
      state: text(raw["state"]),
      stateReason: text(raw["state_reason"]),
      producedBy: text(raw["produced_by"]),
      madeAt: millisecondsOf(raw["created_at"]),
      decidedAt: millisecondsOf(raw["decided_at"]),
      hidden: raw["hidden"] === true,
      spot: spotOf(raw),
      text: isRecord(raw["context"]) || !isRecord(raw["edit"]) ? "" : text(raw["edit"]["after"]).trim(),
      properties: propertiesOf(raw["detail"]),
    }))
    .filter((suggestion) => suggestion.id !== "");
}

export function readSuggestionPage(body: unknown): SuggestionPage {
  const suggestions = readSuggestions(body);
  const raw = isRecord(body) ? body : {};
  return { suggestions, total: numeric(raw["total"]) ?? suggestions.length, hidden: numeric(raw["hidden"]) ?? 0 };
}

export function readDecided(body: unknown): Decided {
  const raw = isRecord(body) ? body : {};
  const outcomes = records(raw["results"]).map((each) => ({
    id: text(each["id"]),
    done: text(each["state"]) !== "" && text(each["code"]) === "",
    reason: text(each["reason"]),
  }));
  return { run: text(raw["run"]), outcomes };
}

export function readSummary(body: unknown): Summary {
  const raw = isRecord(body) ? body : {};
  const of = (state: Waits): Summary["of"][Waits] => ({
    kinds: countsOf(raw["counts"], "kind", state),
    folders: countsOf(raw["folders"], "folder", state),
  });
  const bars = records(raw["thresholds"]).map((each): [string, Bar] => [text(each["kind"]), barOf(each)]);
  return { of: { pending: of("pending"), rejected: of("rejected") }, bars: new Map(bars) };
}

function countsOf(value: unknown, name: string, state: Waits): Map<string, number> {
  const counts = records(value).filter((raw) => raw["state"] === state);
  return new Map(counts.map((raw) => [text(raw[name]), (numeric(raw["count"]) ?? 0) - (numeric(raw["hidden"]) ?? 0)]));
}

function barOf(raw: JsonRecord): Bar {
  const lines = [numeric(raw["chosen"]), numeric(raw["applied_from"])].filter((line) => line !== null);
  const decisions = isRecord(raw["decisions"]) ? raw["decisions"] : {};
  return {
    writtenFrom: lines.length === 0 ? null : Math.max(...lines),
    decided: numeric(decisions["decided"]) ?? 0,
    refused: numeric(decisions["refused"]) ?? 0,
  };
}

function millisecondsOf(value: unknown): number | null {
  const seconds = numeric(value);
  return seconds === null ? null : seconds * 1000;
}

function evidenceOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(evidenceOf);
  const words = isRecord(value) ? text(value["quote"]) || text(value["text"]) : text(value);
  return words === "" ? [] : [words];
}

function spotOf(raw: JsonRecord): Spot | null {
  const { context, edit } = raw;
  if (!isRecord(context) || !isRecord(edit)) return null;
  return {
    before: text(context["before"]),
    removed: text(edit["before"]),
    added: text(edit["after"]),
    after: text(context["after"]),
  };
}

function propertiesOf(detail: unknown): string {
  if (!isRecord(detail)) return "";
  const tags = text(detail["tags"]).split(" ").filter((tag) => tag !== "").map((tag) => `#${tag}`);
  return [tags.join(" "), text(detail["description"])].filter((part) => part !== "").join(" · ");
}
