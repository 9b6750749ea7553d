import { type App, MarkdownView, Notice, type PaneType, TFile } from "obsidian";

import { lineOf } from "../core/locate";
import type { Citation, Place } from "../core/wire";
import type { Context } from "./context";

/** A path that the daemon sent, each name as this disk spells it: two spellings of one name in Unicode are one name. */
export function spelledHere(app: App, path: string): string {
  let here = "";
  for (const name of path.split("/")) {
    const spellings = ["NFC", "NFD"].map((form) => (here === "" ? "" : `${here}/`) + name.normalize(form));
    const [composed = ""] = spellings;
    here = spellings.find((spelling) => app.vault.getAbstractFileByPath(spelling) !== null) ?? composed;
  }
  return here;
}

/** The file of a path that the daemon sent. */
export function fileAt(app: App, path: string): TFile | null {
  return app.vault.getFileByPath(path) ?? app.vault.getFileByPath(spelledHere(app, path));
}

/** Opens the note of a place at its line, where the cited words are now. */
export async function openPlace(
  context: Context,
  place: Place & Partial<Pick<Citation, "quote">>,
  pane: PaneType | boolean,
): Promise<void> {
  const { app, strings } = context;
  const file = fileAt(app, place.path);
  if (file === null) {
    new Notice(strings.open.missing(place.path));
    return;
  }
  const line = file.extension === "md" ? lineOf(await app.vault.cachedRead(file), place) : 0;
  const leaf = app.workspace.getLeaf(pane);
  await leaf.openFile(file, { active: true, eState: { line } });
}

/** The note that the user is in, or was in before turning to a side bar. */
export function currentNote(app: App): TFile | null {
  const file = app.workspace.getActiveFile();
  return file instanceof TFile && file.extension === "md" ? file : null;
}

/** Puts `markdown` after the cursor of the note that was edited last; false where none is open for editing. */
export function insertIntoNote(app: App, markdown: string): boolean {
  const view = app.workspace.getMostRecentLeaf()?.view;
  if (!(view instanceof MarkdownView) || view.getMode() !== "source") return false;
  const { editor } = view;
  const at = editor.getCursor("to");
  const before = editor.getLine(at.line).slice(0, at.ch);
  // A paragraph of its own, so that it neither joins nor breaks the user's sentence.
  const lead = before.trim() === "" ? "" : "\n\n";
  editor.replaceRange(`${lead}${markdown}\n`, at);
  return true;
}
