/** An Edit, and what it makes of a note. Offsets are UTF-16 units of the text without its byte order mark. */

export interface Edit {
  readonly path: string;
  /** SHA-256, in hex, of the bytes that the Edit was made for; `ABSENT` where no note may be there. */
  readonly baseHash: string;
  /** The same of the bytes afterwards; `ABSENT` where the note is to be removed. */
  readonly afterHash: string;
  readonly start: number;
  readonly end: number;
  readonly before: string;
  readonly after: string;
  readonly remove: boolean;
}

export type Outcome = "applied" | "stale" | "busy" | "failed";

/** What became of an Edit. `hash` is that of the bytes on the disk, null where it is not known. */
export interface Answer {
  readonly outcome: Outcome;
  readonly hash: string | null;
  readonly reason: string;
}

/** Why an Edit is not applied, in one sentence for the daemon. Nothing was written. */
export class Refusal extends Error {
  constructor(
    readonly outcome: Exclude<Outcome, "applied">,
    reason: string,
  ) {
    super(reason);
    this.name = "Refusal";
  }
}

/** The hash of a note that is not there. */
export const ABSENT = "";

export type Bytes = Uint8Array<ArrayBuffer>;

const MARK = "\uFEFF";
// With the flag `u` two halves that belong together are one character, so only a lonely half is found.
const LONE_HALF = /[\uD800-\uDFFF]/u;

/** A note as text; `mark` is its byte order mark or nothing. */
export interface NoteText {
  readonly mark: string;
  readonly text: string;
}

/** The text after the Edit. Throws Refusal where the place does not hold what the Edit says; it never hunts for another. */
export function applyEdit(text: string, edit: Edit): string {
  const { start, end, before, after } = edit;
  if (LONE_HALF.test(after)) throw new Refusal("failed", "The new text holds half a character, which no file can keep.");
  if (!isSpan(text, start, end) || text.slice(start, end) !== before) {
    throw new Refusal("stale", "The text at the place of the change is not the expected one.");
  }
  return text.slice(0, start) + after + text.slice(end);
}

/** The note after the Edit: a new one, a changed one, or null for none. Throws Refusal as `applyEdit` does. */
export function resultOf(note: NoteText | null, edit: Edit): NoteText | null {
  if (edit.remove) return null;
  if (note === null) return { mark: "", text: applyEdit("", { ...edit, start: 0, end: 0, before: "" }) };
  return { mark: note.mark, text: applyEdit(note.text, edit) };
}

function isSpan(text: string, start: number, end: number): boolean {
  if (!Number.isInteger(start) || !Number.isInteger(end)) return false;
  return 0 <= start && start <= end && end <= text.length && !splitsCharacter(text, start) && !splitsCharacter(text, end);
}

function splitsCharacter(text: string, at: number): boolean {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(Math.max(at - 1, 0), at + 1));
}

/** Throws Refusal where the bytes are not UTF-8: their text could not be written back as it was. */
export function decodeNote(bytes: Bytes): NoteText {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refusal("failed", "The note is not encoded in UTF-8.");
  }
  return text.startsWith(MARK) ? { mark: MARK, text: text.slice(MARK.length) } : { mark: "", text };
}

export function encodeNote({ mark, text }: NoteText): Bytes {
  return new TextEncoder().encode(mark + text);
}

/** SHA-256 in hex; `ABSENT` for no bytes at all. */
export async function hashOf(bytes: Bytes | null): Promise<string> {
  if (bytes === null) return ABSENT;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Text as an editor shows it: no byte order mark, and every line ending a line feed. */
export function asShown(text: string): string {
  return (text.startsWith(MARK) ? text.slice(MARK.length) : text).replace(/\r\n?/g, "\n");
}

/** Whether the plugin may touch a path: a note, and no part of it hidden, of the app's own, or out of the vault. */
export function isNotePath(path: string, configFolder: string): boolean {
  const plain = path.normalize("NFC").toLowerCase();
  const own = configFolder.normalize("NFC").toLowerCase();
  const names = plain.split("/");
  if (!plain.endsWith(".md") || plain.startsWith(`${own}/`)) return false;
  return names.every((name) => name !== "" && !name.startsWith(".") && !/\\|\p{Cc}/u.test(name));
}
