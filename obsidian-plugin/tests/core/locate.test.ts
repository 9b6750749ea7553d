import { describe, expect, it } from "vitest";

import { lineOf } from "../../src/core/locate";

const note = ["# A", "", "quote here", "", "## B", "text", "", "## C", "quote here", "end"].join("\n");
const at = (startLine: number, heading: string[] = [], quote = ""): number =>
  lineOf(note, { path: "n.md", heading, startLine, endLine: startLine, quote });

describe("lineOf", () => {
  it("opens the old line where nothing has changed", () => {
    expect(at(6, ["A", "B"], "text")).toBe(5);
    expect(at(6, ["A", "B"])).toBe(5);
  });

  it("finds the quote that is nearest to where it was", () => {
    expect(at(2, [], "quote here\nand more")).toBe(2);
    expect(at(10, [], "quote here")).toBe(8);
  });

  it("falls back to the heading, then to the old line, and stays in the note", () => {
    expect(at(3, ["A", "C"], "gone")).toBe(7);
    expect(at(3, ["Gone"], "gone")).toBe(2);
    expect(at(500)).toBe(9);
    expect(at(-4)).toBe(0);
  });

  it("counts lines with every ending", () => {
    const place = { path: "n.md", heading: ["C"], startLine: 1, endLine: 1 };
    expect(lineOf(note.replace(/\n/g, "\r\n"), place)).toBe(7);
  });
});
