/** The daemon as the plugin sees it. Every method throws FamulusError. */

import { type ChatEvent, readCompletion } from "./completion";
import type { Answer } from "./edit";
import { FamulusError } from "./errors";
import { type Call, type Connection, type Fetch, send, sendForJson } from "./http";
import { type SseEvent, sseEvents } from "./sse";
import {
  type Decided,
  readDecided,
  readSuggestionPage,
  readSuggestions,
  readSummary,
  type Suggestion,
  type SuggestionPage,
  type Summary,
  type Waits,
} from "./suggestions";
import { type Health, type Proof, readHealth, readProof, readRelated, type RelatedNote } from "./wire";

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface Question {
  readonly messages: readonly Message[];
  /** The note that the question is about, or null for the whole vault. */
  readonly about: string | null;
}

/** Which suggestions; "" means all kinds and the whole vault, null any score. With `hidden` also those with too low a score. */
export interface SuggestionQuery {
  readonly state: Waits;
  readonly kind: string;
  readonly folder: string;
  readonly least: number | null;
  readonly hidden: boolean;
  readonly limit: number;
}

export class Client {
  constructor(
    private readonly connection: Connection,
    private readonly fetch: Fetch,
  ) {}

  /** Asks for the health, which needs no token, and then for the models, which does. */
  async test(signal?: AbortSignal): Promise<Health> {
    const health = readHealth(await this.get("/api/health", signal));
    if (health === null) throw new FamulusError("not_famulus", 200);
    await this.get("/v1/models", signal);
    return health;
  }

  async related(path: string, signal?: AbortSignal): Promise<RelatedNote[]> {
    return readRelated(await this.get(`/api/related?path=${encodeURIComponent(path)}`, signal));
  }

  /** Has the daemon look for links for this note now; the pending suggestions. */
  async suggest(path: string, signal?: AbortSignal): Promise<Suggestion[]> {
    return readSuggestions(await this.post("/api/suggestions", { path }, signal));
  }

  async suggestions(query: SuggestionQuery, signal?: AbortSignal): Promise<SuggestionPage> {
    const parameters = new URLSearchParams({ state: query.state, limit: String(query.limit), hidden: String(query.hidden) });
    if (query.kind !== "") parameters.set("kind", query.kind);
    if (query.folder !== "") parameters.set("folder", query.folder);
    if (query.least !== null) parameters.set("min_score", String(query.least));
    return readSuggestionPage(await this.get(`/api/suggestions?${parameters.toString()}`, signal));
  }

  /** What the inbox holds, by kind and folder, and what decisions taught. */
  async summary(signal?: AbortSignal): Promise<Summary> {
    return readSummary(await this.get("/api/suggestions/summary", signal));
  }

  /** Decides on many; each is answered for itself. With the run of an earlier answer the writes join that run. */
  async decide(decision: "accept" | "reject" | "restore", ids: readonly string[], run = ""): Promise<Decided> {
    return readDecided(await this.post(`/api/suggestions/${decision}`, { ids, run }));
  }

  /** Throws with status 409 where the note has changed since. */
  async accept(id: string): Promise<void> {
    await this.post(`/api/suggestions/${encodeURIComponent(id)}/accept`);
  }

  async reject(id: string): Promise<void> {
    await this.post(`/api/suggestions/${encodeURIComponent(id)}/reject`);
  }

  /** Streams an answer until it is complete or `signal` aborts it. */
  async *ask(question: Question, signal?: AbortSignal): AsyncGenerator<ChatEvent> {
    const focus = question.about === null ? {} : { famulus: { path: question.about } };
    const body = { model: "famulus", stream: true, messages: question.messages, ...focus };
    yield* readCompletion(await this.stream({ method: "POST", path: "/v1/chat/completions", body, signal }), signal);
  }

  /** What the daemon tells this plugin, until the stream ends or breaks. `heard` is told of every sign of life. */
  async *events(plugin: string, signal: AbortSignal, heard: () => void): AsyncGenerator<SseEvent> {
    const path = `/api/events?plugin=${encodeURIComponent(plugin)}`;
    yield* sseEvents(await this.stream({ method: "GET", path, signal }), signal, heard);
  }

  /** Shows by hashes of notes, null for a note that is not there, which files the plugin sees. */
  async prove(plugin: string, hashes: Readonly<Record<string, string | null>>, signal: AbortSignal): Promise<Proof> {
    return readProof(await this.post("/api/plugin/proof", { plugin, hashes }, signal));
  }

  /** Tells what became of an Edit. */
  async answer(plugin: string, id: string, answer: Answer): Promise<void> {
    await this.post("/api/plugin/edits", { plugin, id, ...answer });
  }

  private async stream(call: Call): Promise<ReadableStream<Uint8Array>> {
    const response = await send(this.fetch, this.connection, call);
    if (response.body === null) throw new FamulusError("cut_off", response.status);
    return response.body;
  }

  private get(path: string, signal?: AbortSignal): Promise<unknown> {
    return sendForJson(this.fetch, this.connection, { method: "GET", path, signal });
  }

  private post(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    return sendForJson(this.fetch, this.connection, { method: "POST", path, body, signal });
  }
}
