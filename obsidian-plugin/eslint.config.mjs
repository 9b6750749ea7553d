import obsidianmd from "eslint-plugin-obsidianmd";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const core = ["src/core/**/*.ts"];
const development = ["tests/**/*.ts", "*.config.{mjs,ts}"];

export default defineConfig([
  globalIgnores(["main.js", "node_modules", "package-lock.json"]),
  ...obsidianmd.configs.recommendedWithLocalesEn,
  {
    files: ["**/*.ts"],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      complexity: ["error", 12],
      "max-lines": ["error", 350],
      "max-lines-per-function": ["error", { max: 60, skipComments: true }],
      eqeqeq: "error",
    },
  },
  {
    files: core,
    rules: {
      "@typescript-eslint/no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["obsidian", "**/obsidian/**", "../main"], message: "The core runs without the app, so that it can be tested without it." },
          ],
        },
      ],
    },
  },
  {
    // These run in Node while developing and are never part of main.js.
    files: development,
    languageOptions: { globals: { process: "readonly" } },
    rules: {
      "obsidianmd/no-nodejs-modules": "off",
      "import/no-nodejs-modules": "off",
      "obsidianmd/prefer-window-timers": "off",
      "obsidianmd/prefer-create-el": "off",
      "obsidianmd/no-global-this": "off",
      "no-restricted-globals": "off",
      "max-lines-per-function": "off",
    },
  },
]);
