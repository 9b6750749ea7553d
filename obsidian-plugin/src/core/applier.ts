/** Applies Edits through the app, so that open editors, their undo history and the app's own sync stay right. */

import { type Clock, sleep } from "./clock";
import {
  ABSENT,
  type Answer,
  asShown,
  decodeNote,
  type Edit,
  encodeNote,
  hashOf,
  isNotePath,
  type NoteText,
  Refusal,
  resultOf,
} from "./edit";
import type { NoteFiles, OpenNote } from "./files";

/** Nothing is written into a note for so long after the user's last key. */
const QUIET = 2_000;
/** When the disk is looked at again while the app saves; longer in all than its own delay. */
const SAVING = [100, 400, 2_000];

const LONGEST_REASON = 500;

/** Throws Refusal where the Edit may no longer be applied. */
export type Guard = () => void;

export class Applier {
  constructor(
    private readonly files: NoteFiles,
    private readonly clock: Clock,
  ) {}

  /** Never throws. `guard` is asked before anything is read, and at the last moment before anything is written. */
  async apply(edit: Edit, guard: Guard): Promise<Answer> {
    let hash: string | null = null;
    try {
      guard();
      if (!isNotePath(edit.path, this.files.configFolder)) {
        throw new Refusal("failed", "The plugin writes notes only, and none that is hidden.");
      }
      const bytes = await this.files.read(edit.path);
      hash = await hashOf(bytes);
      if (hash !== edit.baseHash) throw new Refusal("stale", whyStale(edit, hash));
      const before = bytes === null ? null : decodeNote(bytes);
      const after = resultOf(before, edit);
      if ((await hashOf(after === null ? null : encodeNote(after))) !== edit.afterHash) {
        throw new Refusal("failed", "The change does not give the bytes that it promises.");
      }
      const problem = hash === edit.afterHash ? "" : await this.write(edit, before, after, guard);
      return await this.look(edit, problem);
    } catch (error) {
      if (error instanceof Refusal) return { outcome: error.outcome, hash, reason: error.message };
      return { outcome: "failed", hash: null, reason: sentence(error) };
    }
  }

  /** What the app says against the writing, or nothing. A failure is no proof that nothing was written. */
  private async write(edit: Edit, before: NoteText | null, after: NoteText | null, guard: Guard): Promise<string> {
    try {
      if (before !== null) this.refuseWhileBusy(edit.path, before);
      guard();
      if (before === null) await this.files.create(edit.path, edit.after);
      else if (after === null) await this.files.trash(edit.path);
      else await this.change(edit, before, after, guard);
      return "";
    } catch (error) {
      if (error instanceof Refusal) throw error;
      return sentence(error);
    }
  }

  private async change(edit: Edit, before: NoteText, after: NoteText, guard: Guard): Promise<void> {
    const editor = this.editorOf(edit, before);
    if (editor !== undefined) {
      await editor.replace(edit.start, edit.end, edit.after);
      return;
    }
    await this.files.process(edit.path, (given) => {
      // The app may hand out the byte order mark or keep it to itself; the file keeps it in either case.
      if (given !== before.text && given !== before.mark + before.text) {
        throw new Refusal("stale", "The note was changed while it was being written.");
      }
      this.refuseWhileBusy(edit.path, before);
      guard();
      return after.mark + after.text;
    });
  }

  /** The editor to write through. One that shows other line endings than the file has would save its own. */
  private editorOf(edit: Edit, before: NoteText): OpenNote | undefined {
    if (before.mark !== "" || (before.text + edit.after).includes("\r")) return undefined;
    return this.files.open(edit.path).find((note) => note.editing && note.text() === before.text);
  }

  private refuseWhileBusy(path: string, before: NoteText): void {
    const typed = this.files.typedAt(path);
    const quiet = typed === null ? QUIET : this.clock.now() - typed;
    // A clock that was set back says nothing about the user.
    if (quiet >= 0 && quiet < QUIET) throw new Refusal("busy", "The user is typing in this note.");
    const saved = asShown(before.text);
    if (this.files.open(path).some((note) => asShown(note.text()) !== saved)) {
      throw new Refusal("busy", "The note is open and holds something that is not saved yet.");
    }
  }

  /** The answer, by what lies on the disk now. */
  private async look(edit: Edit, problem: string): Promise<Answer> {
    let hash = await this.hashNow(edit);
    for (const delay of problem === "" ? SAVING : []) {
      // Another save that was under way makes the app put ours off.
      if (hash === edit.afterHash || hash !== edit.baseHash) break;
      await sleep(this.clock, delay);
      hash = await this.hashNow(edit);
    }
    if (hash === edit.afterHash) return { outcome: "applied", hash, reason: "" };
    if (problem === "") return { outcome: "failed", hash, reason: "The note does not hold what was written into it." };
    // Somebody else was quicker, and the app would not write over that.
    if (hash !== edit.baseHash) return { outcome: "stale", hash, reason: whyStale(edit, hash) };
    return { outcome: "failed", hash, reason: problem };
  }

  private async hashNow(edit: Edit): Promise<string> {
    return hashOf(await this.files.read(edit.path));
  }
}

function whyStale(edit: Edit, hash: string): string {
  if (edit.baseHash === ABSENT) return "A note of that name exists by now.";
  return hash === ABSENT ? "The note is gone." : "The note was changed after the suggestion was made.";
}

function sentence(error: unknown): string {
  return `Obsidian says: ${error instanceof Error ? error.message : String(error)}`.slice(0, LONGEST_REASON);
}
