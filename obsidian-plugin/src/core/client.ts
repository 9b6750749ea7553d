/** The daemon as the plugin sees it. Every method throws FamulusError. */

import { type ChatEvent, readCompletion } from "./completion";
import { FamulusError } from "./errors";
import { type Connection, type Fetch, send, sendForJson } from "./http";
import { type Health, readHealth, readRelated, readSuggestions, type RelatedNote, type Suggestion } from "./wire";

export interface Message {
  readonly role: "user" | "assistant";
  readonly content: string;
}

export interface Question {
  readonly messages: readonly Message[];
  /** The note that the question is about, or null for the whole vault. */
  readonly about: string | null;
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
    const call = { method: "POST", path: "/v1/chat/completions", body, signal } as const;
    const response = await send(this.fetch, this.connection, call);
    if (response.body === null) throw new FamulusError("cut_off", response.status);
    yield* readCompletion(response.body, signal);
  }

  private get(path: string, signal?: AbortSignal): Promise<unknown> {
    return sendForJson(this.fetch, this.connection, { method: "GET", path, signal });
  }

  private post(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown> {
    return sendForJson(this.fetch, this.connection, { method: "POST", path, body, signal });
  }
}
