import { type App, Notice } from "obsidian";

import { readAddress } from "../core/address";
import { Client } from "../core/client";
import { explain, FamulusError, oneLine } from "../core/errors";
import { News } from "../core/news";
import type { Strings } from "../core/strings";
import type { Settings } from "./settings";

/** What every view and command needs. */
export class Context {
  readonly news = new News();

  constructor(
    readonly app: App,
    readonly strings: Strings,
    private readonly settings: () => Settings,
  ) {}

  /** A client for the settings of this moment. Throws FamulusError where they are not complete. */
  client(): Client {
    const { address, tokenSecret } = this.settings();
    const read = readAddress(address);
    if (!read.ok) throw new FamulusError("not_configured");
    const token = tokenSecret === "" ? null : this.app.secretStorage.getSecret(tokenSecret);
    if (token === null || token.trim() === "") throw new FamulusError("no_token");
    // Not `requestUrl`: it can neither stream an answer nor be aborted.
    return new Client({ url: read.url, token: token.trim() }, (url, init) => window.fetch(url, init));
  }

  /** Tells the user what went wrong, in a notice. */
  report(error: unknown): void {
    new Notice(oneLine(explain(error, this.strings)), 10_000);
  }

  /** Runs work that nobody waits for, so that no failure goes unseen. */
  run(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      this.report(error);
    });
  }
}
