import { getLanguage, Plugin } from "obsidian";

import type { Link } from "./core/link";
import { stringsFor } from "./core/strings";
import { CHAT_VIEW, ChatView } from "./obsidian/chat-view";
import { addCommands } from "./obsidian/commands";
import { connect } from "./obsidian/connect";
import { Context } from "./obsidian/context";
import { INBOX_VIEW, InboxView } from "./obsidian/inbox-view";
import { RELATED_VIEW, RelatedView } from "./obsidian/related-view";
import { readSettings, type Settings } from "./obsidian/settings";
import { FamulusSettingTab } from "./obsidian/settings-tab";

/** Only what begins and ends with the plugin; Obsidian takes back everything that is registered here. */
export default class FamulusPlugin extends Plugin {
  override settings: Settings = readSettings(null);
  private link: Link | null = null;

  override async onload(): Promise<void> {
    this.settings = readSettings(await this.loadData());
    const context = new Context(this.app, stringsFor(getLanguage()), () => this.settings);
    this.registerView(CHAT_VIEW, (leaf) => new ChatView(leaf, context));
    this.registerView(RELATED_VIEW, (leaf) => new RelatedView(leaf, context));
    this.registerView(INBOX_VIEW, (leaf) => new InboxView(leaf, context));
    this.link = connect(this, context);
    this.addSettingTab(new FamulusSettingTab(this.app, this, context, this.link));
    addCommands(this, context);
  }

  override async onExternalSettingsChange(): Promise<void> {
    this.settings = readSettings(await this.loadData());
    this.link?.restart();
  }

  async saveSettings(settings: Settings): Promise<void> {
    this.settings = settings;
    this.link?.restart();
    await this.saveData(settings);
  }
}
