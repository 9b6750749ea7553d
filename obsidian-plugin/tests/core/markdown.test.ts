import { describe, expect, it } from "vitest";

import { type Block, readBlocks } from "../../src/core/blocks";
import { type Inline, plainText, readable, readInline } from "../../src/core/inline";
import { randomSource } from "../random";

const text = (words: string): Inline => ({ kind: "text", text: words });

describe("readInline", () => {
  it.each<[string, Inline[]]>([
    ["plain", [text("plain")]],
    ["**b** *i* ~~s~~", [
      { kind: "strong", children: [text("b")] }, text(" "),
      { kind: "emphasis", children: [text("i")] }, text(" "),
      { kind: "strike", children: [text("s")] },
    ]],
    ["**жирный и *курсив***", [{ kind: "strong", children: [text("жирный и "), { kind: "emphasis", children: [text("курсив")] }] }]],
    ["snake_case_name 2 * 3 * 4", [text("snake_case_name 2 * 3 * 4")]],
    ["`a **b**` ``c ` d``", [{ kind: "code", text: "a **b**" }, text(" "), { kind: "code", text: "c ` d" }]],
    ["Так [1][2].", [text("Так "), { kind: "mark", mark: "1" }, { kind: "mark", mark: "2" }, text(".")]],
    ["[^3]", [{ kind: "mark", mark: "3" }]],
    ["[[N#H|alias]] [[N]]", [{ kind: "wikilink", target: "N#H", text: "alias" }, text(" "), { kind: "wikilink", target: "N", text: "N" }]],
    ["[x](https://a.b/c)", [{ kind: "link", url: "https://a.b/c", text: "x" }]],
    ["see https://a.b.", [text("see "), { kind: "link", url: "https://a.b.", text: "https://a.b." }]],
    ["\\*not\\*", [text("*not*")]],
    ["unclosed **b and `c", [text("unclosed **b and `c")]],
  ])("reads %j", (source, pieces) => {
    expect(readInline(source)).toEqual(pieces);
  });

  it.each([
    "[x](javascript:alert(1))",
    "<img src=https://evil.example/x>",
    "[x](data:text/html,hi)",
  ])("makes no link and no element of %j", (source) => {
    expect(readInline(source).filter((piece) => piece.kind === "link" && !piece.url.startsWith("https://"))).toEqual([]);
    expect(readInline(source).every((piece) => piece.kind === "text" || piece.kind === "link")).toBe(true);
  });

  it("shows an image as a link that somebody must click", () => {
    expect(readInline("![x](https://evil.example/?q=secret)")).toEqual([text("!"), { kind: "link", url: "https://evil.example/?q=secret", text: "x" }]);
    expect(readInline("![[secret.png]]")).toEqual([{ kind: "wikilink", target: "secret.png", text: "secret.png" }]);
  });

  it("loses no letter of any text, and ends", () => {
    const parts = ["a", "ж", " ", "*", "**", "_", "`", "``", "[", "]", "[[", "]]", "|", "(", ")", "\\", "~~", "1", "!", "https://x.y", "<b>", "🗒"];
    for (let seed = 0; seed < 2000; seed++) {
      const random = randomSource(seed);
      const source = Array.from({ length: random(25) }, () => parts[random(parts.length)]).join("");
      const letters = (words: string): string => words.replace(/[^aж🗒]/gu, "");
      const seen = letters(plainText(readInline(source)));
      // An alias or the words of a link stand for what they name.
      const links = /\[\[|\]\(/.test(source);
      if (!links) expect(seen, source).toBe(letters(source));
    }
  });

  it("is quick with text made to be slow", () => {
    for (const sign of ["*", "_", "`", "[", "[[", "~~", "\\", "**a ", "_a "]) {
      expect(plainText(readInline(sign.repeat(3000))).length).toBeGreaterThan(0);
    }
  });
});

const kinds = (blocks: readonly Block[]): string[] => blocks.map((block) => block.kind);

describe("readBlocks", () => {
  it("reads every kind of block", () => {
    const source = [
      "# Title #", "", "one", "two", "- a", "  - b", "- c", "", "3. x", "4. y", "", "> q", "> r", "", "```js", "![x](y)", "```",
      "| a | b |", "|---|:-:|", "| 1 | 2 |", "", "---", "end",
    ].join("\n");
    const blocks = readBlocks(source);
    expect(kinds(blocks)).toEqual(["heading", "paragraph", "list", "list", "quote", "code", "table", "rule", "paragraph"]);
    expect(blocks[0]).toEqual({ kind: "heading", level: 1, text: [text("Title")] });
    expect(blocks[1]).toEqual({ kind: "paragraph", lines: [[text("one")], [text("two")]] });
    expect(blocks[5]).toEqual({ kind: "code", language: "js", text: "![x](y)" });
    expect(blocks[6]).toEqual({ kind: "table", head: [[text("a")], [text("b")]], rows: [[[text("1")], [text("2")]]] });
  });

  it("nests lists, and numbers them from where they start", () => {
    const [outer, ordered] = readBlocks("- a\n  - b\n\n  more\n- c\n\n7. x");
    expect(outer?.kind === "list" && outer.items.map(kinds)).toEqual([["paragraph", "list", "paragraph"], ["paragraph"]]);
    expect(ordered).toMatchObject({ kind: "list", start: 7 });
  });

  it("shows a code block that is still streaming in", () => {
    expect(readBlocks("```py\nprint(1)")).toEqual([{ kind: "code", language: "py", text: "print(1)" }]);
  });

  it("reads any lines, and ends", () => {
    const parts = ["", "a", "- b", "  - c", "1. d", "> e", "> - f", "```", "~~~", "# g", "|h|", "|-|", "---", "    i", "\t", "> > > > > > > > > > j"];
    for (let seed = 0; seed < 2000; seed++) {
      const random = randomSource(seed);
      const lines = Array.from({ length: random(15) }, () => parts[random(parts.length)]);
      const blocks = readBlocks(lines.join("\n"));
      expect(blocks.length > 0, `seed ${seed}`).toBe(lines.some((line) => (line ?? "").trim() !== ""));
    }
  });
});

describe("readable", () => {
  it.each([
    ["- [x] Replace the **gasket**\n- [ ] Descale it", "Replace the gasket · Descale it"],
    ["Kept in [[Projects/Ideas|another note]].\n\n1. One\n2. Two", "Kept in another note. · One · Two"],
    ["> [!note] Выноска\n> - пункт", "[!note] Выноска · пункт"],
    ["# Заголовок\nТекст - не список, 2. не номер", "Заголовок Текст - не список, 2. не номер"],
    ["", ""],
  ])("reads %j", (markdown, read) => {
    expect(readable(markdown)).toBe(read);
  });
});
