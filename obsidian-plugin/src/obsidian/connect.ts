import type { Plugin } from "obsidian";

import { Link } from "../core/link";
import type { Context } from "./context";
import { VaultFiles } from "./vault-files";

/** The line to the daemon, open from the moment the layout is ready until the plugin unloads. */
export function connect(plugin: Plugin, context: Context): Link {
  const { workspace } = context.app;
  const clock = {
    now: () => Date.now(),
    after: (delay: number, callback: () => void) => {
      const timer = window.setTimeout(callback, delay);
      return () => {
        window.clearTimeout(timer);
      };
    },
  };
  const files = new VaultFiles(context.app, clock.now);
  const link = new Link({ plugin: crypto.randomUUID(), daemon: () => context.client(), files, clock, told: (event) => { context.news.tell(event); } });
  plugin.registerEvent(
    workspace.on("editor-change", (editor, info) => {
      files.editorChanged(editor, info.file);
    }),
  );
  plugin.registerDomEvent(window, "online", () => {
    link.wake();
  });
  plugin.registerDomEvent(document, "visibilitychange", () => {
    if (document.visibilityState === "visible") link.wake();
  });
  let loaded = true;
  plugin.register(() => {
    loaded = false;
    link.stop();
  });
  workspace.onLayoutReady(() => {
    if (loaded) link.start();
  });
  return link;
}
