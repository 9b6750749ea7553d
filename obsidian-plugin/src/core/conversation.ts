/** A conversation as data, and what each thing that happens does to it. Pure. */

import type { Message } from "./client";
import type { Citation } from "./wire";

export type TurnStatus = "waiting" | "streaming" | "done" | "stopped" | "failed";

export interface Turn {
  readonly question: string;
  /** The note that the question is about, or null for the whole vault. */
  readonly about: string | null;
  /** Byte for byte what the daemon sent, so that it recognises its own words when they come back. */
  readonly answer: string;
  readonly citations: readonly Citation[];
  readonly status: TurnStatus;
  /** What went wrong, where the status is "failed". */
  readonly error: unknown;
}

export type Conversation = readonly Turn[];

export type Happening =
  | { readonly kind: "asked"; readonly question: string; readonly about: string | null }
  | { readonly kind: "token"; readonly text: string }
  | { readonly kind: "citations"; readonly citations: readonly Citation[] }
  | { readonly kind: "finished"; readonly reason: string }
  | { readonly kind: "stopped" }
  | { readonly kind: "failed"; readonly error: unknown }
  | { readonly kind: "withdrawn" }
  | { readonly kind: "cleared" };

/** The conversation after `happening`. What arrives when no answer is under way changes nothing. */
export function after(conversation: Conversation, happening: Happening): Conversation {
  if (happening.kind === "cleared") return [];
  if (happening.kind === "withdrawn") return conversation.slice(0, -1);
  if (happening.kind === "asked") return isBusy(conversation) ? conversation : [...conversation, asked(happening)];
  const last = conversation.at(-1);
  if (last === undefined || !isBusy(conversation)) return conversation;
  return [...conversation.slice(0, -1), { ...last, ...changeOf(last, happening) }];
}

function asked(happening: { question: string; about: string | null }): Turn {
  const { question, about } = happening;
  return { question, about, answer: "", citations: [], status: "waiting", error: null };
}

type Progress = Exclude<Happening, { readonly kind: "asked" | "cleared" | "withdrawn" }>;

function changeOf(turn: Turn, happening: Progress): Partial<Turn> {
  switch (happening.kind) {
    case "token":
      return { answer: turn.answer + happening.text, status: "streaming" };
    case "citations":
      return { citations: happening.citations };
    case "finished":
      return { status: "done" };
    case "stopped":
      return { status: "stopped" };
    case "failed":
      return { status: "failed", error: happening.error };
  }
}

/** Whether an answer is under way. */
export function isBusy(conversation: Conversation): boolean {
  const status = conversation.at(-1)?.status;
  return status === "waiting" || status === "streaming";
}

/** What goes to the daemon: every turn that has an answer, and the newest question. */
export function messagesOf(conversation: Conversation): Message[] {
  return conversation.flatMap((turn, index): Message[] => {
    const question: Message = { role: "user", content: turn.question };
    if (index === conversation.length - 1) return [question];
    // A failed turn is not repeated: half an answer would be taken for a whole one.
    return turn.answer === "" || turn.status === "failed" ? [] : [question, { role: "assistant", content: turn.answer }];
  });
}
