/** Everything that can go wrong with the daemon, as effect, cause and fix. */

import { isRecord, text } from "./json";
import type { Strings } from "./strings/en";

/** What the plugin itself can find out; everything else comes with words from the daemon. */
export type LocalCode =
  | "unreachable"
  | "unauthorized"
  | "not_configured"
  | "no_token"
  | "not_famulus"
  | "cut_off"
  | "line_lost"
  | "too_late";

export interface Explanation {
  readonly effect: string;
  readonly cause: string;
  readonly fix: string;
}

/** A failed call. `status` is 0 where no answer came at all. */
export class FamulusError extends Error {
  readonly code: string;
  readonly status: number;
  readonly explanation: Explanation | null;

  constructor(code: string, status = 0, explanation: Explanation | null = null) {
    super(explanation?.effect ?? code);
    this.name = "FamulusError";
    this.code = code;
    this.status = status;
    this.explanation = explanation;
  }
}

/** The error in a `{"error": …}` envelope, or null where `body` is none. */
export function readEnvelope(body: unknown, status: number): FamulusError | null {
  if (!isRecord(body) || !isRecord(body["error"])) return null;
  const error = body["error"];
  // Below /v1 the message says cause and fix, too, for programs that show nothing else.
  const effect = text(error["effect"]) || text(error["message"]);
  if (effect === "") return null;
  const explanation = { effect, cause: text(error["cause"]), fix: text(error["fix"]) };
  return new FamulusError(text(error["code"]) || "unknown", status, explanation);
}

/**
 * Words for any error, in the user's language where the plugin knows the case.
 *
 * A message of the daemon may say more than its code; what only it knows is shown as it says it.
 */
export function explain(error: unknown, strings: Strings): Explanation {
  if (!(error instanceof FamulusError)) {
    return { effect: strings.errors.unexpected.effect, cause: String(error), fix: strings.errors.unexpected.fix };
  }
  const known: Readonly<Record<string, Explanation>> = strings.errors;
  return strings.daemon[error.code] ?? error.explanation ?? known[error.code] ?? { effect: error.message, cause: "", fix: "" };
}

/** The explanation as one line, for a notice. */
export function oneLine(explanation: Explanation): string {
  return [explanation.effect, explanation.cause, explanation.fix].filter((part) => part !== "").join(" ");
}
