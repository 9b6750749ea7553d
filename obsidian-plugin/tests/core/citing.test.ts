import { describe, expect, it } from "vitest";

import { answerMarkdown, label, wikilink } from "../../src/core/citing";
import { readCitations } from "../../src/core/wire";

const place = { heading: [] as string[], startLine: 1, endLine: 2 };
const one = { ...place, mark: "1", path: "Папка/Заметка.md", heading: ["Заметка", "Раздел"], quote: "Первая\n  строка." };
const two = { ...place, mark: "2", path: "b.md", quote: "" };

describe("wikilink", () => {
  it.each([
    ["a note", "a.md", [], "[[a|a]]"],
    ["a heading in a folder", "Папка/b.md", ["Раздел"], "[[Папка/b#Раздел|b › Раздел]]"],
    ["a path of headings", "b.md", ["One", "Two"], "[[b#One#Two|b › Two]]"],
    ["a heading that a link cannot hold", "b.md", ["A [[c]] | #1 ^x"], "[[b#A c 1 x|b › A c #1 ^x]]"],
    ["a name that a link cannot hold", "d/C# [x].md", ["H"], "[C# \\[x\\]](d/C%23%20%5Bx%5D.md#H)"],
    ["brackets in a Markdown link", "a#(b).md", [], "[a#(b)](a%23%28b%29.md)"],
  ])("names %s", (_, path, heading, link) => {
    expect(wikilink({ path, heading })).toBe(link);
  });
});

describe("label", () => {
  it("leaves out a heading that only repeats the name", () => {
    expect(label({ path: "x/Note.md", heading: ["Note"] })).toBe("Note");
    expect(label({ path: "x/Note.md", heading: ["Note", "Part"] })).toBe("Note › Part");
  });
});

describe("answerMarkdown", () => {
  it("turns marks into footnotes that name their source", () => {
    const text = answerMarkdown("Так [1]. And [2], [1]; not [3], nor [1](https://x).\n", [one, two]);
    const stem = /\[\^(f[0-9a-z]+)-1\]/.exec(text)?.[1] ?? "";
    expect(stem).not.toBe("");
    expect(text).toBe(
      [
        `Так [^${stem}-1]. And [^${stem}-2], [^${stem}-1]; not [3], nor [1](https://x).`,
        "",
        `[^${stem}-1]: [[Папка/Заметка#Заметка#Раздел|Заметка › Раздел]]: “Первая строка.”`,
        `[^${stem}-2]: [[b|b]]`,
      ].join("\n"),
    );
  });

  it("gives two answers labels of their own, and one answer the same ones again", () => {
    const labels = (answer: string): string => answerMarkdown(answer, [one]).split("]: [[")[0] ?? "";
    expect(labels("a [1]")).toBe(labels("a [1]"));
    expect(labels("a [1]").split("\n").at(-1)).not.toBe(labels("b [1]").split("\n").at(-1));
  });

  it("leaves an answer without citations alone", () => {
    expect(answerMarkdown(" plain [1] \n", [])).toBe("plain [1]");
  });
});

describe("readCitations", () => {
  it("reads marks in every dress, and drops what names nothing", () => {
    const marks = readCitations([
      { mark: "[1]", path: "a.md" },
      { mark: "[^2]", path: "a.md" },
      { mark: 3, path: "a.md", start_line: 9, end_line: 4 },
      { mark: "4" },
      { path: "a.md" },
      "x",
    ]);
    expect(marks.map((citation) => citation.mark)).toEqual(["1", "2", "3"]);
    expect(marks[2]).toMatchObject({ startLine: 9, endLine: 9, heading: [], quote: "" });
    expect(readCitations(undefined)).toEqual([]);
  });
});
