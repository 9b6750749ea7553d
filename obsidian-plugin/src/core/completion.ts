/** A streamed chat completion: bytes in, tokens and citations out. */

import { FamulusError, readEnvelope } from "./errors";
import { isRecord, parseJson, records, text } from "./json";
import { sseEvents } from "./sse";
import { type Citation, readCitations } from "./wire";

export type ChatEvent =
  | { readonly kind: "token"; readonly text: string }
  | { readonly kind: "citations"; readonly citations: readonly Citation[] }
  | { readonly kind: "finished"; readonly reason: string };

/** What one event means. Throws FamulusError where it carries an error. */
export function readChunk(data: string): ChatEvent[] {
  const body = parseJson(data);
  const failure = readEnvelope(body, 200);
  if (failure !== null) throw failure;
  const choice = isRecord(body) ? records(body["choices"])[0] : undefined;
  if (choice === undefined) return [];
  const delta = isRecord(choice["delta"]) ? choice["delta"] : {};
  const events: ChatEvent[] = [];
  const content = text(delta["content"]);
  if (content !== "") events.push({ kind: "token", text: content });
  if ("citations" in delta) events.push({ kind: "citations", citations: readCitations(delta["citations"]) });
  const reason = text(choice["finish_reason"]);
  if (reason !== "") events.push({ kind: "finished", reason });
  return events;
}

/** The events of an answer's body. An answer that ends without having finished throws `cut_off`. */
export async function* readCompletion(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
  let complete = false;
  for await (const event of sseEvents(body, signal)) {
    if (event.data === "[DONE]") return;
    for (const part of readChunk(event.data)) {
      complete ||= part.kind === "finished";
      yield part;
    }
  }
  if (!complete) throw new FamulusError("cut_off");
}
