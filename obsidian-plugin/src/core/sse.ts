/** Server-sent events, out of pieces of text that may be cut anywhere. */

import { FamulusError } from "./errors";

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

/**
 * The events of a response's body, until it ends. Throws `cut_off` where it breaks. `heard` is told of every piece, also
 * of one that holds no event and only shows that the other side is there.
 */
export async function* sseEvents(
  body: ReadableStream<Uint8Array>,
  signal?: AbortSignal,
  heard?: () => void,
): AsyncGenerator<SseEvent> {
  const parser = new SseParser();
  const decoder = new TextDecoder();
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await readPiece(reader, signal);
      if (done) return;
      heard?.();
      yield* parser.push(decoder.decode(value, { stream: true }));
    }
  } finally {
    // Whoever stops listening hangs up, so that the daemon stops too. A stream that is already broken can refuse.
    await reader.cancel().catch(() => undefined);
  }
}

async function readPiece(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  signal?: AbortSignal,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch (error) {
    throw signal?.aborted === true ? error : new FamulusError("cut_off");
  }
}
