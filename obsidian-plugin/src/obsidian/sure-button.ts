/** A button for many things at once: the first press asks, the second does it. Who looks away has not said yes. */
export class SureButton {
  private readonly element: HTMLButtonElement;
  private sure = false;
  private count = 0;
  private text = "";
  private question = "";

  constructor(parent: HTMLElement, act: () => void) {
    this.element = parent.createEl("button");
    this.element.addEventListener("click", () => {
      const ready = this.sure || this.count === 1;
      this.set(!ready);
      if (ready) act();
    });
    this.element.addEventListener("blur", () => { this.set(false); });
  }

  /** What it says and asks, for how many things it stands, and whether it is there at all; for nothing it never is. */
  show(text: string, question: string, count: number, wanted: boolean): void {
    const there = wanted && count > 0;
    if (count !== this.count || !there) this.sure = false;
    this.count = count;
    this.text = text;
    this.question = question;
    this.element.toggleClass("is-hidden", !there);
    this.set(this.sure);
  }

  private set(sure: boolean): void {
    this.sure = sure;
    this.element.setText(sure ? this.question : this.text);
    this.element.toggleClass("mod-warning", sure);
  }
}
