/** What holds for the project as a whole, each with the reason. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

const ROOT = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const json = (path: string): Record<string, unknown> => JSON.parse(read(path)) as Record<string, unknown>;

function sources(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

describe("layers", () => {
  it.each(sources("src/core"))("%s runs without the app, so that it can be tested without it", (path) => {
    expect(read(path)).not.toMatch(/from "(obsidian|.*\/obsidian\/.*|.*\/main)"/);
    expect(read(path)).not.toMatch(/\b(window|document|app)\./);
  });

  it("keeps the plugin's class to its lifecycle", () => {
    expect(read("src/main.ts").split("\n").length).toBeLessThanOrEqual(50);
  });

  it.each(sources("src"))("%s works on a phone: no Node, no lookbehind", (path) => {
    expect(read(path)).not.toMatch(/\(\?<[=!]|from "(node:|fs|path|http|electron)|require\(/);
  });
});

describe("release", () => {
  const manifest = json("manifest.json");

  it("has a manifest that Obsidian takes", () => {
    const known = ["id", "name", "version", "minAppVersion", "description", "author", "authorUrl", "fundingUrl", "isDesktopOnly"];
    expect(Object.keys(manifest).filter((key) => !known.includes(key))).toEqual([]);
    expect(manifest).toMatchObject({ id: "famulus", name: "Famulus", isDesktopOnly: false });
    expect(manifest["version"]).toMatch(/^\d+\.\d+\.\d+$/);
    expect(manifest["description"]).toMatch(/^[ -~]{1,249}\.$/);
  });

  it("names the oldest app that has a keychain for plugins", () => {
    const [major = 0, minor = 0, patch = 0] = String(manifest["minAppVersion"]).split(".").map(Number);
    expect(major * 1e6 + minor * 1e3 + patch).toBeGreaterThanOrEqual(1_011_004);
  });

  it("says the same version everywhere", () => {
    expect(json("versions.json")).toHaveProperty([String(manifest["version"])], manifest["minAppVersion"]);
    expect(json("package.json")["version"]).toBe(manifest["version"]);
    expect(json("package-lock.json")["version"]).toBe(manifest["version"]);
  });

  it("pins every dependency, from no registry in particular", () => {
    const pins = Object.values(json("package.json")["devDependencies"] as Record<string, string>);
    expect(pins.filter((pin) => !/^\d+\.\d+\.\d+$/.test(pin))).toEqual([]);
    expect(json("package.json")).not.toHaveProperty("dependencies");
    expect(read("package-lock.json")).not.toContain('"resolved"');
  });

  it("keeps the token out of the stored settings", () => {
    expect(read("src/obsidian/settings.ts")).toContain("tokenSecret");
    expect(sources("src").filter((path) => /localStorage|console\.log|innerHTML/.test(read(path)))).toEqual([]);
  });

  it.each(["README.md", "LICENSE", "styles.css"])("has %s", (path) => {
    expect(existsSync(join(ROOT, path))).toBe(true);
  });
});
