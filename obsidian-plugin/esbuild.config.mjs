import { context } from "esbuild";

const watch = process.argv.includes("--watch");

const bundle = await context({
  entryPoints: ["src/main.ts"],
  outfile: "main.js",
  bundle: true,
  format: "cjs",
  platform: "browser",
  // iOS 16.4 and Obsidian's oldest supported installers understand this much.
  target: "es2022",
  // Obsidian gives these to every plugin; a second copy of CodeMirror would break the editor.
  external: ["obsidian", "electron", "@codemirror/*", "@lezer/*"],
  // Readable output: the store forbids obfuscation, and a user may want to look.
  minify: false,
  sourcemap: watch ? "inline" : false,
  treeShaking: true,
  logLevel: "warning",
});

if (watch) {
  await bundle.watch();
} else {
  await bundle.rebuild();
  await bundle.dispose();
}
