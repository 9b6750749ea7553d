/** What the daemon sends, read from JSON. Fields that are missing get a harmless value. */

import type { Edit } from "./edit";
import { isRecord, type JsonRecord, numeric, records, strings, text } from "./json";

/** A place in a note: lines from 1, headings from the top. */
export interface Place {
  readonly path: string;
  readonly heading: readonly string[];
  readonly startLine: number;
  readonly endLine: number;
}

export interface Citation extends Place {
  /** As it stands in the answer without its brackets, such as "1". */
  readonly mark: string;
  readonly quote: string;
}

export interface RelatedNote extends Place {
  readonly title: string;
  readonly snippet: string;
  readonly score: number | null;
  readonly lexicalRank: number | null;
  readonly denseRank: number | null;
}

export interface Health {
  readonly status: string;
  readonly version: string;
  readonly vault: string;
  readonly notes: number;
  readonly pending: number;
  /** How long reading them may still take, in minutes and never less than one; null while nobody can say. */
  readonly minutesLeft: number | null;
  readonly ready: boolean;
}

function place(raw: JsonRecord): Place {
  const startLine = numeric(raw["start_line"]) ?? 1;
  return {
    path: text(raw["path"]),
    heading: strings(raw["heading"]),
    startLine,
    endLine: Math.max(startLine, numeric(raw["end_line"]) ?? startLine),
  };
}

/** The citations of a list; one without a path or a mark names nothing and is left out. */
export function readCitations(value: unknown): Citation[] {
  return records(value)
    .map((raw) => ({ ...place(raw), mark: markOf(raw["mark"]), quote: text(raw["quote"]) }))
    .filter((citation) => citation.path !== "" && citation.mark !== "");
}

function markOf(value: unknown): string {
  const mark = typeof value === "number" ? String(value) : text(value);
  return mark.trim().replace(/^\[\^?/, "").replace(/\]$/, "");
}

export function readRelated(body: unknown): RelatedNote[] {
  return records(isRecord(body) ? body["results"] : undefined)
    .map((raw) => {
      const lanes = isRecord(raw["lanes"]) ? raw["lanes"] : {};
      return {
        ...place(raw),
        title: text(raw["title"]) || noteName(text(raw["path"])),
        snippet: text(raw["snippet"]),
        score: numeric(raw["score"]),
        lexicalRank: numeric(lanes["lexical"]),
        denseRank: numeric(lanes["dense"]),
      };
    })
    .filter((note) => note.path !== "");
}

/** The health of a daemon, or null where the answer is not one of Famulus. */
export function readHealth(body: unknown): Health | null {
  if (!isRecord(body) || text(body["status"]) === "" || !isRecord(body["index"])) return null;
  const index = body["index"];
  const seconds = isRecord(index["progress"]) ? numeric(index["progress"]["seconds_left"]) : null;
  return {
    status: text(body["status"]),
    version: text(body["version"]),
    vault: text(body["vault"]),
    notes: numeric(index["notes"]) ?? 0,
    pending: numeric(index["pending"]) ?? 0,
    minutesLeft: seconds === null ? null : Math.max(1, Math.round(seconds / 60)),
    ready: index["ready"] === true,
  };
}

/** An Edit that the daemon wants applied within `seconds`; null for one that the plugin does not understand. */
export interface EditRequest {
  readonly id: string;
  readonly seconds: number;
  readonly edit: Edit | null;
}

/** A request without an id can not be answered: null. */
export function readEditRequest(body: unknown): EditRequest | null {
  if (!isRecord(body) || text(body["id"]) === "") return null;
  return { id: text(body["id"]), seconds: numeric(body["seconds"]) ?? 10, edit: readEdit(body) };
}

function readEdit(raw: JsonRecord): Edit | null {
  const words = [raw["path"], raw["base_hash"], raw["after_hash"], raw["before"], raw["after"]];
  const span = isRecord(raw["span"]) ? raw["span"] : {};
  const [start, end] = [numeric(span["start"]), numeric(span["end"])];
  if (!words.every((word) => typeof word === "string")) return null;
  if (start === null || end === null || span["unit"] !== "utf16") return null;
  const [path = "", baseHash = "", afterHash = "", before = "", after = ""] = words;
  return { path, baseHash, afterHash, start, end, before, after, remove: raw["remove"] === true };
}

/** The notes by which the plugin is to prove that it sees the daemon's files. */
export function readHello(body: unknown): string[] {
  return isRecord(body) ? strings(body["prove"]) : [];
}

export interface Proof {
  readonly proven: boolean;
  readonly reason: string;
}

export function readProof(body: unknown): Proof {
  return isRecord(body) ? { proven: body["proven"] === true, reason: text(body["reason"]) } : { proven: false, reason: "" };
}

/** The name that Obsidian shows for a note: no folder, no `.md`. */
export function noteName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.md$/i, "");
}
