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

/** The kinds of which something waits, each with how many are shown. */
export function readWaitingKinds(body: unknown): Map<string, number> {
  const counts = records(isRecord(body) ? body["counts"] : undefined).filter((raw) => raw["state"] === "pending");
  return new Map(counts.map((raw) => [text(raw["kind"]), (numeric(raw["count"]) ?? 0) - (numeric(raw["hidden"]) ?? 0)]));
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
