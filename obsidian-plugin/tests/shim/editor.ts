/** The text of an open note, with line feeds only, as the app's editor holds it. */

export interface Position {
  readonly line: number;
  readonly ch: number;
}

export class Editor {
  private value = "";
  /** The texts before each change, oldest first. */
  readonly history: string[] = [];
  readonly inserted: string[] = [];

  constructor(private readonly changed: () => void) {}

  getValue(): string {
    return this.value;
  }

  /** Takes a text from the disk; it is no step of the history. */
  load(text: string): void {
    this.value = text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n");
  }

  /** What a user's keys do at the end of the note. */
  type(text: string): void {
    this.replace(this.value.length, this.value.length, text);
  }

  transaction({ changes }: { changes: readonly { text: string; from: Position; to: Position }[] }): void {
    // All places are those of the text before, and together they are one step of the history.
    const placed = changes.map(({ text, from, to }) => ({ text, start: this.offsetOf(from), end: this.offsetOf(to) }));
    let [value, position] = ["", 0];
    for (const { text, start, end } of placed) {
      value += this.value.slice(position, start) + text;
      position = end;
    }
    this.replace(0, this.value.length, value + this.value.slice(position));
  }

  offsetToPos(offset: number): Position {
    const lines = this.value.slice(0, offset).split("\n");
    return { line: lines.length - 1, ch: lines.at(-1)?.length ?? 0 };
  }

  getCursor(): Position {
    return { line: 0, ch: 3 };
  }

  getLine(): string {
    return "abc";
  }

  replaceRange(text: string): void {
    this.inserted.push(text);
  }

  private offsetOf({ line, ch }: Position): number {
    const above = this.value.split("\n").slice(0, line);
    return above.reduce((sum, text) => sum + text.length + 1, ch);
  }

  private replace(from: number, to: number, text: string): void {
    this.history.push(this.value);
    this.value = this.value.slice(0, from) + text + this.value.slice(to);
    this.changed();
  }
}
