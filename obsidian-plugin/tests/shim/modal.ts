/** What stands above the page. */

import type { App } from "./obsidian";

export class Modal {
  readonly modalEl: HTMLElement;
  readonly contentEl: HTMLElement;
  private readonly titleEl: HTMLElement;

  constructor(readonly app: App) {
    this.modalEl = document.body.createDiv({ cls: "modal" });
    this.modalEl.hidden = true;
    this.titleEl = this.modalEl.createDiv({ cls: "modal-title" });
    this.contentEl = this.modalEl.createDiv({ cls: "modal-content" });
  }

  setTitle(title: string): this {
    this.titleEl.textContent = title;
    return this;
  }

  open(): void {
    this.modalEl.hidden = false;
    this.onOpen();
  }

  close(): void {
    this.onClose();
    this.modalEl.remove();
  }

  onOpen(): void {
    // For those who extend it.
  }

  onClose(): void {
    // For those who extend it.
  }
}

export class Notice {
  readonly messageEl: HTMLElement;

  constructor(message: string) {
    this.messageEl = document.body.createDiv({ cls: "notice", text: message });
  }
}
