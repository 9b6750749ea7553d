import { type App, type Plugin, PluginSettingTab, SecretComponent, Setting, type SettingDefinitionItem } from "obsidian";

import { readAddress } from "../core/address";
import { explain, oneLine } from "../core/errors";
import type { Link } from "../core/link";
import type { Health } from "../core/wire";
import type { Context } from "./context";
import type { Settings } from "./settings";

interface Host extends Plugin {
  readonly settings: Settings;
  saveSettings(settings: Settings): Promise<void>;
}

interface Row {
  readonly name: string;
  readonly desc: string;
  readonly render: (setting: Setting) => void;
}

export class FamulusSettingTab extends PluginSettingTab {
  /** What stands in the field and is not settled yet: the token must not go to half an address. */
  private typed: string | null = null;

  constructor(
    app: App,
    private readonly host: Host,
    private readonly context: Context,
    private readonly link: Link,
  ) {
    super(app, host);
    this.icon = "message-circle-question";
  }

  /** From Obsidian 1.13 on; makes the settings searchable. */
  override getSettingDefinitions(): SettingDefinitionItem[] {
    return this.rows().map((row) => ({
      ...row,
      render: (setting: Setting) => {
        row.render(setting);
      },
    }));
  }

  /** Before Obsidian 1.13: the same rows. */
  override display(): void {
    this.containerEl.empty();
    for (const row of this.rows()) {
      row.render(new Setting(this.containerEl).setName(row.name).setDesc(row.desc));
    }
  }

  override hide(): void {
    this.settle();
    this.link.watch(() => undefined);
    super.hide();
  }

  private rows(): Row[] {
    const words = this.context.strings.settings;
    return [
      { name: words.address, desc: words.addressText, render: this.renderAddress },
      { name: words.token, desc: words.tokenText, render: this.renderToken },
      { name: words.test, desc: words.testText, render: this.renderTest },
      { name: words.writing, desc: "", render: this.renderWriting },
    ];
  }

  private readonly renderAddress = (setting: Setting): void => {
    this.judge(setting, this.host.settings.address);
    setting.addText((field) => {
      field.inputEl.type = "url";
      field.setValue(this.host.settings.address).onChange((address) => {
        this.judge(setting, address);
        this.typed = address.trim();
      });
      field.inputEl.addEventListener("change", () => {
        this.settle();
      });
    });
  };

  private settle(): void {
    const address = this.typed;
    this.typed = null;
    if (address !== null && address !== this.host.settings.address) {
      this.context.run(this.host.saveSettings({ ...this.host.settings, address }));
    }
  }

  private judge(setting: Setting, text: string): void {
    const words = this.context.strings;
    const address = readAddress(text);
    const plain = address.ok && !address.exposed;
    setting.setDesc(address.ok ? (address.exposed ? words.settings.exposed : words.settings.addressText) : words.address[address.problem]);
    setting.descEl.toggleClass("mod-warning", !plain);
  }

  private readonly renderToken = (setting: Setting): void => {
    setting.addComponent((element) =>
      new SecretComponent(this.app, element).setValue(this.host.settings.tokenSecret).onChange((tokenSecret) => {
        this.context.run(this.host.saveSettings({ ...this.host.settings, tokenSecret }));
      }),
    );
  };

  private readonly renderTest = (setting: Setting): void => {
    setting.addButton((button) => {
      button.setButtonText(this.context.strings.settings.testButton).onClick(async () => {
        button.setDisabled(true);
        setting.setDesc(this.context.strings.settings.testing);
        const { text, failed } = await this.test();
        setting.setDesc(text);
        setting.descEl.toggleClass("mod-warning", failed);
        button.setDisabled(false);
      });
    });
  };

  private readonly renderWriting = (setting: Setting): void => {
    const show = (): void => {
      setting.setDesc(this.writing());
    };
    show();
    this.link.watch(show);
  };

  private writing(): string {
    const words = this.context.strings.settings;
    const { state } = this.link;
    switch (state.kind) {
      case "connecting":
        return words.connecting;
      case "proven":
        return words.throughObsidian;
      case "unproven":
        return words.notThroughObsidian(state.reason);
      case "off":
        return words.notThroughObsidian(oneLine(explain(state.error, this.context.strings)));
    }
  }

  private async test(): Promise<{ text: string; failed: boolean }> {
    this.settle();
    try {
      return { text: this.describe(await this.context.client().test()), failed: false };
    } catch (error) {
      return { text: oneLine(explain(error, this.context.strings)), failed: true };
    }
  }

  private describe(health: Health): string {
    const words = this.context.strings.settings;
    const connected = words.connected(health.version, health.notes);
    return health.pending > 0 ? `${connected} ${words.pending(health.pending, health.minutesLeft)}` : connected;
  }
}
