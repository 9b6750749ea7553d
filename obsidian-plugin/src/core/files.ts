/** The notes, as far as the plugin touches them. The app is behind it, and in tests a vault in memory. */

import type { Bytes } from "./edit";

/** A view in which a note is open. It is asked for anew each time: views come and go. */
export interface OpenNote {
  /** Whether it is an editor, not the reading view. */
  readonly editing: boolean;
  /** What the view holds, with what is not saved yet. */
  text(): string;
  /** Replaces a range as one step of the undo history, with the cursor kept, and saves. Offsets are UTF-16 units. */
  replace(start: number, end: number, after: string): Promise<void>;
}

/** Paths are the daemon's; two spellings of one name in Unicode are one name. */
export interface NoteFiles {
  /** The app's own folder, which is nobody's note. */
  readonly configFolder: string;
  /** The bytes on the disk, null where there is no such file. */
  read(path: string): Promise<Bytes | null>;
  open(path: string): readonly OpenNote[];
  /** When the user last typed in the note, in the clock's milliseconds; null where they did not. */
  typedAt(path: string): number | null;
  /** Hands the text on the disk to `change` and writes what that returns. Nothing is written where it throws. */
  process(path: string, change: (text: string) => string): Promise<void>;
  /** Makes a note, and its folders. Throws where something of that name is there. */
  create(path: string, text: string): Promise<void>;
  trash(path: string): Promise<void>;
}
