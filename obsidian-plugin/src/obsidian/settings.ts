import { isRecord, text } from "../core/json";

/** What `data.json` holds. The token is not in it: it lies in the keychain under the name `tokenSecret`. */
export interface Settings {
  readonly address: string;
  readonly tokenSecret: string;
}

const DEFAULT_ADDRESS = "http://127.0.0.1:8000";

/** The settings out of stored data of any shape. */
export function readSettings(data: unknown): Settings {
  const stored = isRecord(data) ? data : {};
  return { address: text(stored["address"]) || DEFAULT_ADDRESS, tokenSecret: text(stored["tokenSecret"]) };
}
