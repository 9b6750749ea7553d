import type { Plugin, WorkspaceLeaf } from "obsidian";

import { CHAT_VIEW, ChatView } from "./chat-view";
import type { Context } from "./context";
import { INBOX_VIEW } from "./inbox-view";
import { currentNote } from "./notes";
import { RELATED_VIEW } from "./related-view";
import { SuggestionsModal } from "./suggestions-modal";

/** The commands, and the icon that opens the chat. */
export function addCommands(plugin: Plugin, context: Context): void {
  const words = context.strings.commands;
  const openChat = (): void => {
    context.run(revealChat(context, null));
  };
  plugin.addRibbonIcon("message-circle-question", words.open, openChat);
  plugin.addCommand({ id: "open-chat", name: words.open, icon: "message-circle-question", callback: openChat });
  plugin.addCommand({
    id: "open-inbox",
    name: words.inbox,
    icon: "inbox",
    callback: () => {
      context.run(reveal(context, INBOX_VIEW));
    },
  });
  addNoteCommand(plugin, context, "ask-about-note", words.ask, (path) => revealChat(context, path));
  addNoteCommand(plugin, context, "show-related-notes", words.related, () => reveal(context, RELATED_VIEW));
  addNoteCommand(plugin, context, "link-note", words.link, (path) => {
    new SuggestionsModal(context, path).open();
    return Promise.resolve();
  });
}

function addNoteCommand(
  plugin: Plugin,
  context: Context,
  id: string,
  name: string,
  act: (path: string) => Promise<unknown>,
): void {
  plugin.addCommand({
    id,
    name,
    checkCallback: (checking) => {
      const note = currentNote(context.app);
      if (note === null) return false;
      if (!checking) context.run(act(note.path));
      return true;
    },
  });
}

async function revealChat(context: Context, about: string | null): Promise<void> {
  const leaf = await reveal(context, CHAT_VIEW);
  // A deferred view is loaded by now; anything else has taken the place of ours.
  if (leaf.view instanceof ChatView) leaf.view.askAbout(about);
}

async function reveal(context: Context, type: string): Promise<WorkspaceLeaf> {
  const { workspace } = context.app;
  const leaf = workspace.getLeavesOfType(type)[0] ?? (await workspace.ensureSideLeaf(type, "right", { active: true }));
  await workspace.revealLeaf(leaf);
  return leaf;
}
