/** A vault in memory behind the port that the plugin reaches the app through. */

import { asShown, type Bytes } from "../../src/core/edit";
import type { NoteFiles, OpenNote } from "../../src/core/files";

const MARK = "\uFEFF";

/** An editor, or the reading view, in which a note is open. */
export class MemoryView implements OpenNote {
  buffer: string;
  /** How often a range was replaced: each is one step of the undo history. */
  steps = 0;
  /** What saving does; a test may put it off. */
  save: () => Promise<void>;

  constructor(
    files: MemoryFiles,
    path: string,
    readonly editing: boolean,
  ) {
    this.buffer = asShown(files.text(path) ?? "");
    this.save = () => {
      files.put(path, this.buffer);
      return Promise.resolve();
    };
  }

  text(): string {
    return this.buffer;
  }

  async replace(start: number, end: number, after: string): Promise<void> {
    this.buffer = this.buffer.slice(0, start) + after + this.buffer.slice(end);
    this.steps += 1;
    await this.save();
  }
}

export class MemoryFiles implements NoteFiles {
  readonly configFolder = "config";
  readonly trashed: string[] = [];
  readonly folders = new Set<string>();
  readonly typed = new Map<string, number>();
  readonly views = new Map<string, MemoryView[]>();
  /** How many times bytes were written. */
  writes = 0;
  /** Whether the app keeps the byte order mark to itself. */
  hidesMark = false;
  /** What happens between the plugin's look at a note and the app's turn to change it. */
  meanwhile: () => void = () => undefined;
  /** What writing says against it. */
  refusal: string | null = null;
  private readonly notes = new Map<string, Bytes>();

  put(path: string, text: string | Bytes): void {
    this.writes += 1;
    this.notes.set(path.normalize("NFC"), typeof text === "string" ? new TextEncoder().encode(text) : text);
  }

  /** The text with its byte order mark, null where there is no note. */
  text(path: string): string | null {
    const bytes = this.notes.get(path.normalize("NFC"));
    return bytes === undefined ? null : new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  }

  show(path: string, editing = true): MemoryView {
    const view = new MemoryView(this, path, editing);
    this.views.set(path, [...(this.views.get(path) ?? []), view]);
    return view;
  }

  read(path: string): Promise<Bytes | null> {
    return Promise.resolve(this.notes.get(path.normalize("NFC")) ?? null);
  }

  open(path: string): readonly OpenNote[] {
    return this.views.get(path) ?? [];
  }

  typedAt(path: string): number | null {
    return this.typed.get(path) ?? null;
  }

  async process(path: string, change: (text: string) => string): Promise<void> {
    await this.turn();
    const text = this.text(path);
    if (text === null) throw new Error("File not found.");
    this.put(path, change(this.hidesMark && text.startsWith(MARK) ? text.slice(1) : text));
  }

  async create(path: string, text: string): Promise<void> {
    await this.turn();
    if (this.notes.has(path.normalize("NFC"))) throw new Error("File already exists.");
    const names = path.split("/").slice(0, -1);
    for (const index of names.keys()) this.folders.add(names.slice(0, index + 1).join("/"));
    this.put(path, text);
  }

  async trash(path: string): Promise<void> {
    await this.turn();
    this.notes.delete(path.normalize("NFC"));
    this.trashed.push(path);
  }

  private async turn(): Promise<void> {
    await Promise.resolve();
    this.meanwhile();
    if (this.refusal !== null) throw new Error(this.refusal);
  }
}
