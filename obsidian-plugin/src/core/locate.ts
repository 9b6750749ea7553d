/** Where a cited place is now, in a note that may have changed since it was read. */

import type { Citation, Place } from "./wire";

/** The line, from 0, to open `note` at: the quote nearest to where it was, else the heading, else the old line. */
export function lineOf(note: string, place: Place & Partial<Pick<Citation, "quote">>): number {
  const lines = note.split(/\r\n|\r|\n/);
  const expected = Math.min(Math.max(place.startLine - 1, 0), lines.length - 1);
  const quote = firstLine(place.quote ?? "");
  if (quote !== "") {
    const found = nearest(lines, expected, (line) => line.includes(quote));
    if (found !== null) return found;
  }
  const heading = place.heading.at(-1);
  if (heading === undefined || within(lines, place, heading)) return expected;
  return nearest(lines, expected, (line) => isHeading(line, heading)) ?? expected;
}

function firstLine(quote: string): string {
  return quote.trim().split(/\r\n|\r|\n/)[0]?.trim() ?? "";
}

/** Whether the old line still stands under its heading: then it is better than the heading itself. */
function within(lines: readonly string[], place: Place, heading: string): boolean {
  for (let index = Math.min(place.startLine - 1, lines.length - 1); index >= 0; index--) {
    const line = lines[index] ?? "";
    if (/^#{1,6}\s/.test(line)) return isHeading(line, heading);
  }
  return false;
}

function isHeading(line: string, heading: string): boolean {
  return /^#{1,6}\s/.test(line) && line.replace(/^#{1,6}\s+/, "").replace(/\s+#+\s*$/, "").trim() === heading.trim();
}

function nearest(lines: readonly string[], from: number, matches: (line: string) => boolean): number | null {
  for (let distance = 0; distance < lines.length; distance++) {
    for (const index of [from - distance, from + distance]) {
      const line = lines[index];
      if (line !== undefined && matches(line)) return index;
    }
  }
  return null;
}
