import { type App, type Editor, MarkdownView, type TFile } from "obsidian";

import { changesOf } from "../core/changes";
import { asShown, type Bytes } from "../core/edit";
import type { NoteFiles, OpenNote } from "../core/files";
import { fileAt, spelledHere } from "./notes";

/** The notes of the vault that is open in the app. Times and texts are kept by the path as this disk spells it. */
export class VaultFiles implements NoteFiles {
  private readonly typed = new Map<string, number>();
  /** What the plugin itself wrote last: an editor that changes to that text was not typed into. */
  private written = { path: "", text: "" };

  constructor(
    private readonly app: App,
    private readonly now: () => number,
  ) {}

  get configFolder(): string {
    return this.app.vault.configDir;
  }

  async read(path: string): Promise<Bytes | null> {
    const file = fileAt(this.app, path);
    return file === null ? null : new Uint8Array(await this.app.vault.readBinary(file));
  }

  open(path: string): OpenNote[] {
    const file = fileAt(this.app, path);
    // The view of a tab that has not been shown yet is no MarkdownView: it holds nothing.
    const views = this.app.workspace.getLeavesOfType("markdown").map((leaf) => leaf.view);
    return views
      .filter((view) => view instanceof MarkdownView)
      .filter((view) => file !== null && view.file?.path === file.path)
      .map((view) => this.openNote(view));
  }

  typedAt(path: string): number | null {
    return this.typed.get(fileAt(this.app, path)?.path ?? path) ?? null;
  }

  /** To be called whenever an editor has changed. */
  editorChanged(editor: Editor, file: TFile | null): void {
    if (file === null) return;
    if (this.written.path === file.path && this.written.text === asShown(editor.getValue())) return;
    this.typed.set(file.path, this.now());
  }

  async process(path: string, change: (text: string) => string): Promise<void> {
    const file = this.fileOf(path);
    await this.app.vault.process(file, (given) => {
      const text = change(given);
      this.written = { path: file.path, text: asShown(text) };
      return text;
    });
  }

  async create(path: string, text: string): Promise<void> {
    const { vault } = this.app;
    const here = spelledHere(this.app, path);
    for (let slash = here.indexOf("/"); slash >= 0; slash = here.indexOf("/", slash + 1)) {
      const folder = here.slice(0, slash);
      if (vault.getAbstractFileByPath(folder) === null) await vault.createFolder(folder);
    }
    await vault.create(here, text);
  }

  async trash(path: string): Promise<void> {
    await this.app.fileManager.trashFile(this.fileOf(path));
  }

  private fileOf(path: string): TFile {
    const file = fileAt(this.app, path);
    if (file === null) throw new Error("The note is gone.");
    return file;
  }

  private openNote(view: MarkdownView): OpenNote {
    const { editor } = view;
    const editing = view.getMode() === "source";
    return {
      editing,
      text: () => (editing ? editor.getValue() : view.getViewData()),
      replace: async (start, end, after) => {
        const text = editor.getValue();
        this.written = { path: view.file?.path ?? "", text: text.slice(0, start) + after + text.slice(end) };
        const changes = changesOf(text.slice(start, end), after, start).map((change) => ({
          text: change.after, from: editor.offsetToPos(change.start), to: editor.offsetToPos(change.end),
        }));
        editor.transaction({ changes });
        await view.save();
      },
    };
  }
}
