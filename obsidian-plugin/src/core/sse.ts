/** Server-sent events, out of pieces of text that may be cut anywhere. */

export interface SseEvent {
  readonly event: string;
  readonly data: string;
}

/** Holds what has not become an event yet. An event without data is none, as the standard says. */
export class SseParser {
  private pending = "";
  private name = "";
  private lines: string[] = [];
  private afterCarriageReturn = false;

  /** The events that this piece completes. */
  push(piece: string): SseEvent[] {
    // A CR may end one piece and its LF begin the next: together they are one line ending.
    let fresh = piece;
    if (this.afterCarriageReturn && fresh.startsWith("\n")) fresh = fresh.slice(1);
    if (piece !== "") this.afterCarriageReturn = piece.endsWith("\r");
    const lines = (this.pending + fresh).split(/\r\n|\r|\n/);
    this.pending = lines.pop() ?? "";
    const events: SseEvent[] = [];
    for (const line of lines) {
      const event = this.read(line);
      if (event !== null) events.push(event);
    }
    return events;
  }

  private read(line: string): SseEvent | null {
    if (line === "") return this.flush();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") this.lines.push(value);
    if (field === "event") this.name = value;
    return null;
  }

  private flush(): SseEvent | null {
    const event = this.lines.length > 0 ? { event: this.name || "message", data: this.lines.join("\n") } : null;
    this.name = "";
    this.lines = [];
    return event;
  }
}
