/** One call to the daemon: token, JSON, and every failure as a FamulusError. */

import { FamulusError, readEnvelope } from "./errors";
import { parseJson } from "./json";

/** The platform's `fetch`. It is handed in: Obsidian's own `requestUrl` can neither stream nor be aborted. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface Connection {
  /** Without a trailing slash. */
  readonly url: string;
  readonly token: string;
}

export interface Call {
  readonly method: "GET" | "POST";
  /** Path and query; note paths belong in the query or in the body, never in a segment. */
  readonly path: string;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

/** The response, if its status is a success; otherwise throws FamulusError. An abort passes through as it is. */
export async function send(fetch: Fetch, connection: Connection, call: Call): Promise<Response> {
  const response = await reach(fetch, connection, call);
  if (response.ok) return response;
  throw await failureOf(response);
}

/** The JSON of a successful answer, null for an empty one. Throws FamulusError. */
export async function sendForJson(fetch: Fetch, connection: Connection, call: Call): Promise<unknown> {
  const response = await send(fetch, connection, call);
  const source = await readAll(response, call.signal);
  if (source === "") return null;
  const body = parseJson(source);
  if (body === undefined) throw new FamulusError("not_famulus", response.status);
  return body;
}

async function reach(fetch: Fetch, connection: Connection, call: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (connection.token !== "") headers["Authorization"] = `Bearer ${connection.token}`;
  const init: RequestInit = { method: call.method, headers, cache: "no-store", credentials: "omit", redirect: "error" };
  if (call.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(call.body);
  }
  if (call.signal) init.signal = call.signal;
  try {
    return await fetch(connection.url + call.path, init);
  } catch (error) {
    throw call.signal?.aborted === true ? error : new FamulusError("unreachable");
  }
}

async function readAll(response: Response, signal: AbortSignal | undefined): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw signal?.aborted === true ? error : new FamulusError("cut_off", response.status);
  }
}

async function failureOf(response: Response): Promise<FamulusError> {
  const body = parseJson(await readAll(response, undefined));
  // The plugin knows better than the daemon where in Obsidian the token is set.
  if (response.status === 401) return new FamulusError("unauthorized", 401);
  return readEnvelope(body, response.status) ?? new FamulusError("not_famulus", response.status);
}
