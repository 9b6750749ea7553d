import { describe, expect, it } from "vitest";

import { changesOf, type TextChange } from "../../src/core/changes";
import { randomSource } from "../random";

function applied(before: string, changes: readonly TextChange[], at: number): string {
  let [text, position] = ["", at];
  for (const { start, end, after } of changes) {
    expect(start).toBeGreaterThanOrEqual(position);
    text += before.slice(position - at, start - at) + after;
    position = end;
  }
  return text + before.slice(position - at);
}

describe("changesOf", () => {
  it("leaves the lines alone that are the same", () => {
    const before = "---\n---\none\ntwo\n";
    const after = "---\ntags: [a]\n---\none\n[[Two|two]]\nlast\n";
    const changes = changesOf(before, after, 10);
    expect(changes).toEqual([{ start: 14, end: 14, after: "tags: [a]\n" }, { start: 22, end: 25, after: "[[Two|two]]\nlast" }]);
    expect(changesOf("a 🌲 b", "a 🌳 b", 0)).toEqual([{ start: 2, end: 4, after: "🌳" }]);
    expect(applied(before, changes, 10)).toBe(after);
  });

  it("makes the one text of the other, whatever they are", () => {
    const random = randomSource(5);
    const text = (): string => Array.from({ length: random(9) }, () => ["a\n", "б\n", "\n", "🌲", "🌳", "a"][random(6)]).join("");
    for (let round = 0; round < 500; round++) {
      const [before, after] = [text(), text()];
      expect(applied(before, changesOf(before, after, 3), 3)).toBe(after);
    }
  });

  it("takes what is too long to compare as one change", () => {
    const [before, after] = ["a\n".repeat(2500), `${"a\n".repeat(2500)}b`];
    expect(changesOf(before, after, 0)).toEqual([{ start: 5000, end: 5000, after: "b" }]);
  });
});
