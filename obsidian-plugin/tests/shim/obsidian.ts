/**
 * Stands in for the module "obsidian" in a browser, as far as the plugin uses it, so that the built main.js can run
 * in a page. It is no second Obsidian: what it does not have, the plugin does not use.
 */

import { extendDom, setIcon } from "./dom";
import { Editor } from "./editor";
import { TFile, Vault } from "./vault";

export { SecretComponent, Setting } from "./controls";
export { Modal, Notice } from "./modal";
export { setIcon, TFile };

extendDom();

export interface Opened {
  readonly path: string;
  readonly line: number | null;
}

interface Command {
  readonly id: string;
  readonly name: string;
  readonly callback?: () => void;
  readonly checkCallback?: (checking: boolean) => boolean;
}

type ViewMaker = (leaf: Leaf) => View;

class Leaf {
  view: View | null = null;

  constructor(
    readonly app: App,
    readonly element: HTMLElement,
  ) {}

  openFile(file: TFile, state?: { eState?: { line?: number } }): Promise<void> {
    this.app.opened.push({ path: file.path, line: state?.eState?.line ?? null });
    this.app.activeFile = file;
    if (this.view instanceof MarkdownView) this.view.load(file);
    showNote(this.element, file.path, this.app.notes.get(file.path) ?? "", state?.eState?.line ?? null);
    return Promise.resolve();
  }
}

function showNote(parent: HTMLElement, path: string, text: string, current: number | null): void {
  parent.replaceChildren();
  const title = document.createElement("div");
  title.className = "note-title";
  title.textContent = path.replace(/\.md$/, "");
  parent.append(title);
  text.split("\n").forEach((line, index) => {
    const row = document.createElement("div");
    const level = /^#+/.exec(line)?.[0].length ?? 0;
    row.className = `line level-${level}${index === current ? " is-flashing" : ""}`;
    row.textContent = line.replace(/^#+ /, "") || "\u00a0";
    parent.append(row);
  });
}

export class App {
  readonly vault = new Vault();
  readonly notes = this.vault.notes;
  readonly opened: Opened[] = [];
  readonly secrets = new Map<string, string>();
  readonly makers = new Map<string, ViewMaker>();
  readonly commands = new Map<string, Command>();
  readonly sideLeaves: Leaf[] = [];
  readonly main: Leaf;
  /** The one note that can be open. */
  readonly view: MarkdownView;
  activeFile: TFile | null = null;
  private editorChanged: (editor: Editor, info: MarkdownView) => void = () => undefined;

  constructor() {
    this.main = new Leaf(this, need("main"));
    this.view = new MarkdownView(this.main);
    this.main.view = this.view;
    this.vault.written = (path) => { this.view.fileWritten(path); };
  }

  readonly secretStorage = { getSecret: (name: string): string | null => this.secrets.get(name) ?? null };

  readonly fileManager = { trashFile: (file: TFile): Promise<void> => this.vault.remove(file) };

  readonly workspace = {
    getActiveFile: (): TFile | null => this.activeFile,
    getLeaf: (): Leaf => this.main,
    getMostRecentLeaf: (): Leaf => this.main,
    getLeavesOfType: (type: string): Leaf[] => [this.main, ...this.sideLeaves].filter((leaf) => leaf.view?.getViewType() === type),
    ensureSideLeaf: (type: string): Promise<Leaf> => this.sideLeaf(type),
    revealLeaf: (leaf: Leaf): Promise<void> => {
      for (const other of this.sideLeaves) other.element.hidden = other !== leaf;
      return Promise.resolve();
    },
    openLinkText: (target: string): Promise<void> => {
      this.opened.push({ path: target, line: null });
      return Promise.resolve();
    },
    on: (name: string, callback: (editor: Editor, info: MarkdownView) => void): object => {
      if (name === "editor-change") this.editorChanged = callback;
      return {};
    },
    onLayoutReady: (callback: () => void): void => {
      callback();
    },
  };

  tellOfChange(view: MarkdownView): void {
    this.editorChanged(view.editor, view);
  }

  run(id: string): boolean {
    const command = this.commands.get(id);
    if (command?.checkCallback !== undefined) return command.checkCallback(true) && command.checkCallback(false);
    command?.callback?.();
    return command !== undefined;
  }

  private async sideLeaf(type: string): Promise<Leaf> {
    const element = document.createElement("div");
    element.className = "leaf";
    need("side").append(element);
    const leaf = new Leaf(this, element);
    this.sideLeaves.push(leaf);
    const view = this.makers.get(type)?.(leaf);
    if (view === undefined) throw new Error(`No view is called ${type}.`);
    leaf.view = view;
    await view.open();
    return leaf;
  }
}

function need(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element ${id}.`);
  return element;
}

class Component {
  protected readonly cleanUp: (() => void)[] = [];

  registerEvent(): void {
    // Nothing here outlives the page.
  }

  register(callback: () => void): void {
    this.cleanUp.push(callback);
  }
}

export class Plugin extends Component {
  constructor(
    readonly app: App,
    readonly manifest: unknown,
    private data: unknown,
  ) {
    super();
  }

  registerDomEvent(target: EventTarget, type: string, callback: () => void): void {
    target.addEventListener(type, callback);
    this.register(() => {
      target.removeEventListener(type, callback);
    });
  }

  unload(): void {
    for (const callback of this.cleanUp) callback();
  }

  loadData(): Promise<unknown> {
    return Promise.resolve(this.data);
  }

  saveData(data: unknown): Promise<void> {
    this.data = data;
    return Promise.resolve();
  }

  registerView(type: string, maker: ViewMaker): void {
    this.app.makers.set(type, maker);
  }

  addCommand(command: Command): void {
    this.app.commands.set(command.id, command);
  }

  addRibbonIcon(): void {
    // The page has no ribbon; the command does the same.
  }

  addSettingTab(tab: PluginSettingTab): void {
    settingTabs.push(tab);
  }
}

export const settingTabs: PluginSettingTab[] = [];

abstract class View extends Component {
  readonly app: App;

  constructor(readonly leaf: Leaf) {
    super();
    this.app = leaf.app;
  }

  abstract getViewType(): string;
  abstract getDisplayText(): string;

  protected onOpen(): Promise<void> {
    return Promise.resolve();
  }

  async open(): Promise<void> {
    await this.onOpen();
  }
}

export class ItemView extends View {
  icon = "";
  readonly contentEl: HTMLElement;
  private readonly header: HTMLElement;
  private readonly title: HTMLElement;

  constructor(leaf: Leaf) {
    super(leaf);
    this.header = leaf.element.createDiv({ cls: "view-header" });
    this.title = this.header.createDiv({ cls: "view-header-title" });
    this.contentEl = leaf.element.createDiv({ cls: "view-content" });
  }

  getViewType(): string {
    return "";
  }

  getDisplayText(): string {
    return "";
  }

  override async open(): Promise<void> {
    await super.open();
    this.title.textContent = this.getDisplayText();
  }

  addAction(icon: string, title: string, callback: () => void): HTMLElement {
    const button = this.header.createEl("button", { cls: "clickable-icon", attr: { "aria-label": title } });
    setIcon(button, icon);
    button.addEventListener("click", callback);
    return button;
  }
}

export class MarkdownView extends View {
  file: TFile | null = null;
  readonly editor = new Editor(() => { this.app.tellOfChange(this); });

  load(file: TFile): void {
    this.file = file;
    this.editor.load(this.app.vault.notes.get(file.path) ?? "");
  }

  /** The app shows what somebody else wrote into the file. */
  fileWritten(path: string): void {
    if (this.file?.path !== path) return;
    this.load(this.file);
    this.app.tellOfChange(this);
  }

  getViewData(): string {
    return this.editor.getValue();
  }

  async save(): Promise<void> {
    if (this.file !== null) await this.app.vault.modify(this.file, this.editor.getValue());
  }

  getViewType(): string {
    return "markdown";
  }

  getDisplayText(): string {
    return "";
  }

  getMode(): string {
    return "source";
  }
}

export class PluginSettingTab {
  icon = "";
  readonly containerEl = document.body.createDiv({ cls: "settings" });

  constructor(
    readonly app: App,
    readonly plugin: Plugin,
  ) {}

  display(): void {
    // For those who extend it.
  }

  hide(): void {
    this.containerEl.empty();
  }
}

export const Keymap = { isModEvent: (event: MouseEvent): boolean => event.ctrlKey };

export function getLanguage(): string {
  return document.documentElement.lang;
}

export function debounce<T extends unknown[]>(callback: (...args: T) => void): (...args: T) => void {
  return callback;
}
