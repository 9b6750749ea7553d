/** The rows of a settings tab and what stands in them. */

class ButtonComponent {
  readonly buttonEl: HTMLButtonElement;

  constructor(parent: HTMLElement) {
    this.buttonEl = parent.createEl("button");
  }

  setButtonText(text: string): this {
    this.buttonEl.textContent = text;
    return this;
  }

  setCta(): this {
    this.buttonEl.classList.add("mod-cta");
    return this;
  }

  setDisabled(disabled: boolean): this {
    this.buttonEl.disabled = disabled;
    return this;
  }

  onClick(callback: () => unknown): this {
    this.buttonEl.addEventListener("click", () => void callback());
    return this;
  }
}

class TextComponent {
  readonly inputEl: HTMLInputElement;

  constructor(parent: HTMLElement) {
    this.inputEl = parent.createEl("input");
  }

  setValue(value: string): this {
    this.inputEl.value = value;
    return this;
  }

  onChange(callback: (value: string) => unknown): this {
    this.inputEl.addEventListener("input", () => void callback(this.inputEl.value));
    return this;
  }
}

/** In the app it picks the name of a secret; here the name is typed. */
export class SecretComponent extends TextComponent {
  constructor(_app: unknown, parent: HTMLElement) {
    super(parent);
  }
}

export class Setting {
  readonly settingEl: HTMLElement;
  readonly descEl: HTMLElement;
  private readonly nameEl: HTMLElement;
  private readonly controlEl: HTMLElement;

  constructor(parent: HTMLElement) {
    this.settingEl = parent.createDiv({ cls: "setting-item" });
    const info = this.settingEl.createDiv({ cls: "setting-item-info" });
    this.nameEl = info.createDiv({ cls: "setting-item-name" });
    this.descEl = info.createDiv({ cls: "setting-item-description" });
    this.controlEl = this.settingEl.createDiv({ cls: "setting-item-control" });
  }

  setName(name: string): this {
    this.nameEl.textContent = name;
    return this;
  }

  setDesc(text: string): this {
    this.descEl.textContent = text;
    return this;
  }

  setDisabled(disabled: boolean): this {
    for (const control of this.controlEl.querySelectorAll("button")) control.disabled = disabled;
    return this;
  }

  clear(): this {
    this.controlEl.replaceChildren();
    return this;
  }

  addButton(callback: (button: ButtonComponent) => unknown): this {
    callback(new ButtonComponent(this.controlEl));
    return this;
  }

  addText(callback: (field: TextComponent) => unknown): this {
    callback(new TextComponent(this.controlEl));
    return this;
  }

  addComponent(callback: (element: HTMLElement) => unknown): this {
    callback(this.controlEl);
    return this;
  }
}
