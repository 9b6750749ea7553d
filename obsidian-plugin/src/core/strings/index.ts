/** The words for a language, by the code that Obsidian gives. */

import { en, type Strings } from "./en";
import { ru } from "./ru";

export type { Strings } from "./en";

/** Russian for `ru`, English for every language that has no table yet. */
export function stringsFor(language: string): Strings {
  return language.toLowerCase().split(/[-_]/)[0] === "ru" ? ru : en;
}
