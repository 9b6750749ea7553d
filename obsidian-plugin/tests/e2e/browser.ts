/** A real browser with the built plugin in a page that comes from an origin of Obsidian's mobile app. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { buildSync } from "esbuild";
import { type Browser, chromium, type Page } from "playwright-core";

import type { StartOptions } from "../shim/page";

const ROOT = join(import.meta.dirname, "../..");
const ORIGIN = "http://localhost";
const CANDIDATES = [process.env["CHROMIUM"] ?? "", "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The browser's program, or null where there is none. */
export const executable = CANDIDATES.find((path) => path !== "" && existsSync(path)) ?? null;

export const MISSING = "No Chromium here. Install the package chromium, or name the program in CHROMIUM.";

export async function launch(): Promise<Browser> {
  return chromium.launch({
    executablePath: executable ?? "",
    // The page and the daemon are both on this machine; the browser needs nothing else.
    args: ["--no-sandbox", "--disable-background-networking", "--disable-gpu", "--disable-features=LocalNetworkAccessChecks"],
  });
}

function files(theme: string, language: string): Record<string, { contentType: string; body: string }> {
  const bundle = buildSync({ entryPoints: [join(ROOT, "tests/shim/page.ts")], bundle: true, write: false, format: "iife", target: "es2022" });
  const main = readFileSync(join(ROOT, "main.js"), "utf8");
  const css = readFileSync(join(ROOT, "tests/shim/page.css"), "utf8") + readFileSync(join(ROOT, "styles.css"), "utf8");
  const html = `<!doctype html><html lang="${language}"><meta charset="utf-8"><link rel="stylesheet" href="/page.css"><body class="${theme}"><div id="main"></div><div id="side"></div><script src="/main.js"></script><script src="/page.js"></script>`;
  return {
    "/": { contentType: "text/html", body: html },
    "/page.css": { contentType: "text/css", body: css },
    "/page.js": { contentType: "text/javascript", body: bundle.outputFiles[0]?.text ?? "" },
    "/main.js": { contentType: "text/javascript", body: `window.loadPlugin = (module, exports, require) => {\n${main}\n};` },
  };
}

/** A page with the plugin loaded. `foreign` gathers the addresses that it asked for beyond its own and the daemon's. */
export async function openPlugin(
  browser: Browser,
  options: StartOptions,
  look: { theme?: "theme-light" | "theme-dark"; language?: string } = {},
): Promise<{ page: Page; foreign: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 820 } });
  const served = files(look.theme ?? "theme-light", look.language ?? "en");
  const foreign: string[] = [];
  await page.route("**/*", async (route) => {
    const url = new URL(route.request().url());
    const file = url.origin === ORIGIN ? served[url.pathname] : undefined;
    if (file !== undefined) await route.fulfill(file);
    else if (url.origin === new URL(options.address).origin) await route.continue();
    else {
      if (url.pathname !== "/favicon.ico") foreign.push(url.href);
      await route.abort();
    }
  });
  await page.goto(`${ORIGIN}/`);
  await page.evaluate((chosen) => window.startPlugin(chosen), options);
  return { page, foreign };
}
