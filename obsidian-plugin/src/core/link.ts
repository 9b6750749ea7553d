/** The plugin's line to the daemon: kept open, proved to see the same notes, and listened to for Edits. */

import { Applier } from "./applier";
import type { Client } from "./client";
import { Alarm, type Clock } from "./clock";
import { type Answer, hashOf, isNotePath } from "./edit";
import { EditQueue } from "./edit-queue";
import { FamulusError } from "./errors";
import type { NoteFiles } from "./files";
import { isRecord, parseJson, text } from "./json";
import type { SseEvent } from "./sse";
import { readEditRequest, readHello } from "./wire";

export type LinkState =
  | { readonly kind: "connecting" }
  /** The line is broken, or was too slow; another try follows by itself. */
  | { readonly kind: "off"; readonly error: unknown }
  /** The daemon does not believe that the plugin sees its files. */
  | { readonly kind: "unproven"; readonly reason: string }
  /** The daemon has its Edits applied here. */
  | { readonly kind: "proven" };

type Daemon = Pick<Client, "events" | "prove" | "answer">;

export interface LinkParts {
  /** New each time the plugin loads. */
  readonly plugin: string;
  /** The daemon of the settings of this moment. Throws FamulusError where they are not complete. */
  readonly daemon: () => Daemon;
  readonly files: NoteFiles;
  readonly clock: Clock;
  /** Told of every event on the line. */
  readonly told?: (event: string) => void;
}

/** Milliseconds between tries: doubled from the one to the other. */
const SHORTEST = 1_000;
const LONGEST = 30_000;
/** The daemon shows every 15 s that it is there: three times nothing means that it is not. */
const SILENCE = 45_000;
/** After a time in which the app may have slept, less is enough. */
const SUSPICIOUS = 20_000;
/** A proof can fail because a sync is under way, and an Edit be late because the device was asleep. */
const PROVE_AGAIN_AFTER = 60_000;
const MOST_PROOFS = 5;

const PROVE_AGAIN = new FamulusError("prove_again");

export class Link {
  private shown: LinkState = { kind: "connecting" };
  private watcher: () => void = () => undefined;
  private running: AbortController | null = null;
  private connection: AbortController | null = null;
  private pause = SHORTEST;
  private endPause: (goOn: boolean) => void = () => undefined;
  private heardAt = 0;
  private readonly edits: EditQueue;

  constructor(private readonly parts: LinkParts) {
    const { files, clock } = parts;
    const applier = new Applier(files, clock);
    this.edits = new EditQueue({ apply: (edit, guard) => applier.apply(edit, guard), now: () => clock.now() });
  }

  get state(): LinkState {
    return this.shown;
  }

  /** Has `watcher` told of every change of the state, in place of the one before. */
  watch(watcher: () => void): void {
    this.watcher = watcher;
  }

  start(): void {
    this.stop();
    this.running = new AbortController();
    this.pause = SHORTEST;
    this.show({ kind: "connecting" });
    void this.keep(this.running.signal);
  }

  /** Begins anew, with other settings, if it has begun at all. */
  restart(): void {
    if (this.running !== null) this.start();
  }

  /** Tries at once: the app came back to the network or to the screen. */
  wake(): void {
    this.pause = SHORTEST;
    this.endPause(true);
    if (this.parts.clock.now() - this.heardAt > SUSPICIOUS) this.connection?.abort(new FamulusError("line_lost"));
  }

  stop(): void {
    this.running?.abort();
    this.running = null;
    this.connection?.abort();
    this.endPause(false);
  }

  private async keep(signal: AbortSignal): Promise<void> {
    do {
      const error = await this.listen();
      if (!signal.aborted && error !== PROVE_AGAIN) this.show({ kind: "off", error });
    } while (await this.rest(signal));
  }

  /** Waits for the next try; false where there is to be none. */
  private async rest(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const delay = this.pause;
    this.pause = Math.min(delay * 2, LONGEST);
    return new Promise((resolve) => {
      const callOff = this.parts.clock.after(delay, () => { resolve(true); });
      this.endPause = (goOn) => {
        callOff();
        resolve(goOn);
      };
    });
  }

  /** One connection from its beginning to its end; why it ended. */
  private async listen(): Promise<unknown> {
    const connection = new AbortController();
    this.connection = connection;
    const silence = new Alarm(this.parts.clock, SILENCE, () => {
      connection.abort(new FamulusError("line_lost"));
    });
    const heard = (): void => {
      this.heardAt = this.parts.clock.now();
      silence.set();
    };
    try {
      const daemon = this.parts.daemon();
      heard();
      for await (const event of daemon.events(this.parts.plugin, connection.signal, heard)) this.take(event, daemon, connection);
      return new FamulusError("line_lost");
    } catch (error) {
      return error instanceof FamulusError && error.code === "cut_off" ? new FamulusError("line_lost") : error;
    } finally {
      silence.cancel();
      // Edits that have not begun end with it.
      connection.abort();
    }
  }

  private take({ event, data }: SseEvent, daemon: Daemon, connection: AbortController): void {
    const body = parseJson(data);
    this.parts.told?.(event);
    if (event === "hello") void this.prove(readHello(body), daemon, connection);
    if (event === "edit.withdrawn" && isRecord(body)) this.withdraw(text(body["id"]), connection);
    const request = event === "edit.apply" ? readEditRequest(body) : null;
    if (request === null) return;
    this.edits.ask(request, (id, answer) => this.report(id, answer, daemon, connection), connection.signal);
  }

  private async prove(paths: readonly string[], daemon: Daemon, connection: AbortController): Promise<void> {
    try {
      const hashes = await this.hashesOf(paths.slice(0, MOST_PROOFS));
      const proof = await daemon.prove(this.parts.plugin, hashes, connection.signal);
      if (connection.signal.aborted) return;
      this.pause = SHORTEST;
      this.show(proof.proven ? { kind: "proven" } : { kind: "unproven", reason: proof.reason });
      if (!proof.proven) this.proveLater(connection);
    } catch (error) {
      connection.abort(error);
    }
  }

  /** The daemon waited in vain and asks for no more, until it is shown again which files the plugin sees. */
  private withdraw(id: string, connection: AbortController): void {
    this.edits.withdraw(id);
    this.show({ kind: "off", error: new FamulusError("too_late") });
    this.proveLater(connection);
  }

  private proveLater(connection: AbortController): void {
    const callOff = this.parts.clock.after(PROVE_AGAIN_AFTER, () => { connection.abort(PROVE_AGAIN); });
    connection.signal.addEventListener("abort", callOff);
  }

  private async hashesOf(paths: readonly string[]): Promise<Record<string, string | null>> {
    const { files } = this.parts;
    const hashes: Record<string, string | null> = {};
    for (const path of paths) {
      const bytes = isNotePath(path, files.configFolder) ? await files.read(path) : null;
      hashes[path] = bytes === null ? null : await hashOf(bytes);
    }
    return hashes;
  }

  /** An answer that does not arrive ends the connection: the daemon asks again, and gets the same answer. */
  private async report(id: string, answer: Answer, daemon: Daemon, connection: AbortController): Promise<void> {
    try {
      await daemon.answer(this.parts.plugin, id, answer);
    } catch (error) {
      // A refusal means that it arrived and that nobody waits for it any more.
      const refused = error instanceof FamulusError && error.status >= 400 && error.status < 500;
      if (!refused) connection.abort(error);
    }
  }

  private show(state: LinkState): void {
    this.shown = state;
    this.watcher();
  }
}
