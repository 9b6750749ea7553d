/** The cases in the repository's tests/cases/edits.json, which Python reads too. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { ABSENT, type Bytes, type Edit, encodeNote, hashOf, type NoteText } from "../../src/core/edit";

interface RawNote {
  readonly text: string | null;
  readonly bom?: boolean;
}

export interface EditCase extends RawNote {
  readonly name: string;
  /** The note that the Edit was made for, where it is another one; null for none. */
  readonly base?: RawNote | null;
  readonly units: readonly [number, number];
  readonly before: string;
  readonly after: string;
  readonly expected: string | null;
  readonly error: "stale" | null;
}

const FILE = join(import.meta.dirname, "../../../tests/cases/edits.json");

export const CASES = (JSON.parse(readFileSync(FILE, "utf8")) as { edits: EditCase[] }).edits;

export const noteOf = ({ text, bom }: RawNote): NoteText | null => (text === null ? null : { mark: bom === true ? "\uFEFF" : "", text });

export function bytesOf(raw: RawNote | null): Bytes | null {
  const note = raw === null ? null : noteOf(raw);
  return note === null ? null : encodeNote(note);
}

/** The Edit of a case, as the daemon would send it; what it promises is right where the case expects a text. */
export async function editOf(one: EditCase, path = "Folder/n.md"): Promise<Edit> {
  const [start, end] = one.units;
  const base = one.base === undefined ? one : one.base;
  const afterHash = one.expected === null ? "f".repeat(64) : await hashOf(bytesOf({ ...one, text: one.expected }));
  return { path, baseHash: base === null ? ABSENT : await hashOf(bytesOf(base)), afterHash, start, end, before: one.before, after: one.after, remove: false };
}
