/** Loads the built plugin into the page, the way the app does. */

import * as obsidian from "./obsidian";

interface LoadedPlugin {
  onload(): Promise<void>;
  unload(): void;
}

interface PluginModule {
  default?: new (app: obsidian.App, manifest: unknown, data: unknown) => LoadedPlugin;
}

export interface StartOptions {
  readonly address: string;
  readonly token: string;
  readonly notes: Readonly<Record<string, string>>;
  readonly active: string | null;
  readonly anyNote: boolean;
}

declare global {
  interface Window {
    loadPlugin(module: { exports: PluginModule }, exports: PluginModule, require: (name: string) => unknown): void;
    startPlugin(options: StartOptions): Promise<void>;
    fakeApp: obsidian.App;
    showSettings(): void;
    hideSettings(): void;
    unloadPlugin(): void;
  }
}

window.startPlugin = async (options) => {
  const app = new obsidian.App();
  window.fakeApp = app;
  app.vault.anyNote = options.anyNote;
  for (const [path, text] of Object.entries(options.notes)) app.notes.set(path, text);
  app.secrets.set("famulus-token", options.token);
  if (options.active !== null) await app.main.openFile(new obsidian.TFile(options.active));
  const module: { exports: PluginModule } = { exports: {} };
  window.loadPlugin(module, module.exports, (name) => {
    if (name !== "obsidian") throw new Error(`The plugin asks for ${name}, which a phone does not have.`);
    return obsidian;
  });
  const Loaded = module.exports.default;
  if (Loaded === undefined) throw new Error("main.js exports no plugin.");
  const plugin = new Loaded(app, {}, { address: options.address, tokenSecret: "famulus-token" });
  window.unloadPlugin = () => { plugin.unload(); };
  await plugin.onload();
};

window.showSettings = () => {
  for (const tab of obsidian.settingTabs) tab.display();
};

window.hideSettings = () => {
  for (const tab of obsidian.settingTabs) tab.hide();
};
