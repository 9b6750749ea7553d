/** A daemon that speaks the contract of the real one, with answers that a test chooses. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

export type Handler = (received: Received, response: ServerResponse) => void | Promise<void>;

/** Bound to a port of its own. Routes are named like "GET /api/health"; what has no route answers 404. */
export class FakeDaemon {
  /** The calls that reached a route. */
  readonly received: Received[] = [];
  private readonly server: Server;

  private constructor(
    private readonly token: string,
    private readonly routes: Record<string, Handler>,
  ) {
    this.server = createServer((request, response) => {
      void this.handle(request, response);
    });
  }

  static async start(token: string, routes: Record<string, Handler>): Promise<FakeDaemon> {
    const daemon = new FakeDaemon(token, routes);
    await new Promise<void>((resolve) => daemon.server.listen(0, "127.0.0.1", resolve));
    return daemon;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", this.url);
    const allowed = { "Access-Control-Allow-Origin": request.headers.origin ?? "null", Vary: "Origin" };
    for (const [name, value] of Object.entries(allowed)) response.setHeader(name, value);
    if (request.method === "OPTIONS") {
      response.setHeader("Access-Control-Allow-Headers", "Authorization, Content-Type");
      response.setHeader("Access-Control-Allow-Methods", "GET, POST");
      response.writeHead(204).end();
      return;
    }
    const received = { method: request.method ?? "", path: url.pathname, query: url.searchParams, headers: request.headers, body: await bodyOf(request) };
    if (url.pathname !== "/api/health" && request.headers.authorization !== `Bearer ${this.token}`) {
      sendError(response, 401, "unauthorized", "The call was refused.", "The token is wrong.", "Send the token.");
      return;
    }
    const route = this.routes[`${received.method} ${received.path}`];
    if (route === undefined) sendError(response, 404, "not_found", "There is no such route.");
    else {
      this.received.push(received);
      await route(received, response);
    }
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = "";
  request.setEncoding("utf8");
  for await (const piece of request) text += String(piece);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
}

export function sendJson(response: ServerResponse, body: unknown, status = 200): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

export function sendError(response: ServerResponse, status: number, code: string, message: string, cause = "", fix = ""): void {
  sendJson(response, { error: { message, type: "invalid_request_error", code, cause, fix } }, status);
}

export function startStream(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
}

export function sendEvent(response: ServerResponse, data: unknown, name = "message"): void {
  response.write(`${name === "message" ? "" : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`);
}

/** One chunk of a streamed completion. */
export function chunk(delta: Record<string, unknown>, finish: string | null = null): unknown {
  return { object: "chat.completion.chunk", model: "famulus", choices: [{ index: 0, delta, finish_reason: finish }] };
}

export const HEALTH = {
  status: "ok",
  version: "0.1.0",
  vault: "notes",
  index: { notes: 42, chunks: 180, pending: 0, failed: 0, embedded_since_start: 0, ready: true },
  engines: [],
};

/** Things that come one after the other, for a test to wait for. */
export class Inbox<T> {
  readonly all: T[] = [];
  private taken = 0;
  private waiting: (() => void)[] = [];

  put(item: T): void {
    this.all.push(item);
    for (const wake of this.waiting.splice(0)) wake();
  }

  /** The next one that was not taken yet. */
  async next(): Promise<T> {
    while (this.all.length <= this.taken) await new Promise<void>((resolve) => this.waiting.push(resolve));
    return this.all[this.taken++] as T;
  }
}

export interface ProofBody {
  readonly plugin: string;
  readonly hashes: Record<string, string | null>;
}

export interface AnswerBody {
  readonly plugin: string;
  readonly id: string;
  readonly outcome: string;
  readonly hash: string | null;
  readonly reason: string;
}

/** The daemon's end of the plugin's line: it says hello, and gathers proofs and answers. */
export class FakeLine {
  readonly streams = new Inbox<ServerResponse>();
  readonly plugins: (string | null)[] = [];
  readonly proofs = new Inbox<ProofBody>();
  readonly answers = new Inbox<AnswerBody>();
  /** What a proof is answered with. */
  verdict: unknown = { proven: true, reason: "" };
  /** The status of the replies to answers. */
  status = 200;

  constructor(private readonly prove: readonly string[]) {}

  readonly routes: Record<string, Handler> = {
    "GET /api/events": ({ query }, response) => {
      startStream(response);
      sendEvent(response, { version: "0.1.0", prove: this.prove }, "hello");
      this.plugins.push(query.get("plugin"));
      this.streams.put(response);
    },
    "POST /api/plugin/proof": ({ body }, response) => {
      sendJson(response, this.verdict);
      this.proofs.put(body as ProofBody);
    },
    "POST /api/plugin/edits": ({ body }, response) => {
      sendJson(response, { ok: true }, this.status);
      this.answers.put(body as AnswerBody);
    },
  };
}
