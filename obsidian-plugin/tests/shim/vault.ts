/** The page's notes, as files that a note in an editor is saved to. */

export class TFile {
  readonly extension = "md";

  constructor(readonly path: string) {}
}

export class Vault {
  readonly configDir = "config";
  /** The files' text, with a byte order mark where there is one. */
  readonly notes = new Map<string, string>();
  readonly folders = new Set<string>();
  readonly trashed: string[] = [];
  /** Where the vault is not at hand, every path that the daemon names is taken to exist. */
  anyNote = false;
  /** Told of every file that is written. */
  written: (path: string) => void = () => undefined;

  getFileByPath(path: string): TFile | null {
    return this.anyNote || this.notes.has(path) ? new TFile(path) : null;
  }

  getAbstractFileByPath(path: string): TFile | object | null {
    return this.getFileByPath(path) ?? (this.folders.has(path) ? { path } : null);
  }

  cachedRead(file: TFile): Promise<string> {
    return Promise.resolve(this.notes.get(file.path) ?? "");
  }

  readBinary(file: TFile): Promise<ArrayBuffer> {
    return Promise.resolve(new TextEncoder().encode(this.notes.get(file.path) ?? "").buffer);
  }

  modify(file: TFile, text: string): Promise<void> {
    this.notes.set(file.path, text);
    this.written(file.path);
    return Promise.resolve();
  }

  async process(file: TFile, change: (text: string) => string): Promise<string> {
    const text = change(this.notes.get(file.path) ?? "");
    await this.modify(file, text);
    return text;
  }

  async create(path: string, text: string): Promise<TFile> {
    if (this.getAbstractFileByPath(path) !== null) throw new Error("File already exists.");
    const slash = path.lastIndexOf("/");
    if (slash >= 0 && !this.folders.has(path.slice(0, slash))) throw new Error("The folder does not exist.");
    const file = new TFile(path);
    await this.modify(file, text);
    return file;
  }

  createFolder(path: string): Promise<void> {
    if (this.folders.has(path)) throw new Error("Folder already exists.");
    this.folders.add(path);
    return Promise.resolve();
  }

  remove(file: TFile): Promise<void> {
    this.notes.delete(file.path);
    this.trashed.push(file.path);
    return Promise.resolve();
  }
}
