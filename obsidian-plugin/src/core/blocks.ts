/**
 * The Markdown of an answer, as blocks. Obsidian's own renderer is not used for answers: it loads remote images and
 * runs what other plugins registered for code blocks, and the text of an answer can come from a stranger's page
 * that was saved as a note.
 */

import { type Inline, readInline } from "./inline";

export type Block =
  | { readonly kind: "paragraph"; readonly lines: readonly (readonly Inline[])[] }
  | { readonly kind: "heading"; readonly level: number; readonly text: readonly Inline[] }
  | { readonly kind: "code"; readonly language: string; readonly text: string }
  | { readonly kind: "quote"; readonly children: readonly Block[] }
  | { readonly kind: "list"; readonly start: number | null; readonly items: readonly (readonly Block[])[] }
  | { readonly kind: "table"; readonly head: readonly Cell[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: "rule" };

export type Cell = readonly Inline[];

const FENCE = /^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*$/;
const HEADING = /^ {0,3}(#{1,6})[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*$/;
const RULE = /^ {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$/;
const QUOTE = /^ {0,3}> ?/;
const ITEM = /^( {0,3})([-*+]|(\d{1,9})[.)])([ \t]+)(?=\S)/;
const TABLE_RULE = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const DEEPEST = 8;

interface Step {
  readonly block: Block;
  /** The index of the first line after the block. */
  readonly next: number;
}

/** The blocks of an answer; half an answer, as it streams in, gives what stands so far. */
export function readBlocks(markdown: string): Block[] {
  return blocksOf(markdown.split(/\r\n|\r|\n/), 0);
}

function blocksOf(lines: readonly string[], depth: number): Block[] {
  const blocks: Block[] = [];
  let at = 0;
  while (at < lines.length) {
    if (lineAt(lines, at).trim() === "") {
      at += 1;
      continue;
    }
    const step = readBlock(lines, at, depth);
    blocks.push(step.block);
    at = step.next;
  }
  return blocks;
}

function readBlock(lines: readonly string[], at: number, depth: number): Step {
  const leaf = codeAt(lines, at) ?? headingAt(lines, at) ?? ruleAt(lines, at) ?? tableAt(lines, at);
  if (leaf !== null) return leaf;
  const nested = depth < DEEPEST ? (quoteAt(lines, at, depth) ?? listAt(lines, at, depth)) : null;
  return nested ?? paragraphAt(lines, at, depth);
}

function lineAt(lines: readonly string[], at: number): string {
  return lines[at] ?? "";
}

function codeAt(lines: readonly string[], at: number): Step | null {
  const open = FENCE.exec(lineAt(lines, at));
  if (open === null) return null;
  const fence = open[1] ?? "";
  const close = new RegExp(`^ {0,3}\\${fence.charAt(0)}{${fence.length},}[ \\t]*$`);
  let end = at + 1;
  while (end < lines.length && !close.test(lineAt(lines, end))) end += 1;
  const text = lines.slice(at + 1, end).join("\n");
  return { block: { kind: "code", language: open[2] ?? "", text }, next: end + 1 };
}

function headingAt(lines: readonly string[], at: number): Step | null {
  const found = HEADING.exec(lineAt(lines, at));
  if (found === null) return null;
  return { block: { kind: "heading", level: (found[1] ?? "#").length, text: readInline(found[2] ?? "") }, next: at + 1 };
}

function ruleAt(lines: readonly string[], at: number): Step | null {
  return RULE.test(lineAt(lines, at)) ? { block: { kind: "rule" }, next: at + 1 } : null;
}

function tableAt(lines: readonly string[], at: number): Step | null {
  const second = lineAt(lines, at + 1);
  if (!lineAt(lines, at).includes("|") || !second.includes("|") || !TABLE_RULE.test(second)) return null;
  let end = at + 2;
  while (end < lines.length && lineAt(lines, end).includes("|")) end += 1;
  const rows = lines.slice(at + 2, end).map(cellsOf);
  return { block: { kind: "table", head: cellsOf(lineAt(lines, at)), rows }, next: end };
}

function cellsOf(line: string): Cell[] {
  const inner = line.trim().replace(/^\|/, "").replace(/\|$/, "");
  return inner.split("|").map((cell) => readInline(cell.trim()));
}

function quoteAt(lines: readonly string[], at: number, depth: number): Step | null {
  let end = at;
  while (end < lines.length && QUOTE.test(lineAt(lines, end))) end += 1;
  if (end === at) return null;
  const inner = lines.slice(at, end).map((line) => line.replace(QUOTE, ""));
  return { block: { kind: "quote", children: blocksOf(inner, depth + 1) }, next: end };
}

function listAt(lines: readonly string[], at: number, depth: number): Step | null {
  const first = ITEM.exec(lineAt(lines, at));
  if (first === null) return null;
  const ordered = first[3] !== undefined;
  const items: Block[][] = [];
  let next = at;
  for (;;) {
    const item = ITEM.exec(lineAt(lines, next));
    if (item === null || (item[3] !== undefined) !== ordered) break;
    const end = endOfItem(lines, next, item[0].length);
    items.push(blocksOf(itemLines(lines.slice(next, end), item[0].length), depth + 1));
    next = end;
  }
  return { block: { kind: "list", start: ordered ? Number(first[3]) : null, items }, next };
}

/** An item reaches as far as what is indented under it, and over blank lines between such lines. */
function endOfItem(lines: readonly string[], start: number, width: number): number {
  let end = start + 1;
  for (let at = end; at < lines.length; at++) {
    const line = lineAt(lines, at);
    if (line.trim() === "") continue;
    const indent = line.length - line.trimStart().length;
    const lazy = at === end && indent < Math.min(width, 2) && !startsBlock(lines, at);
    if (indent < Math.min(width, 2) && !lazy) break;
    end = at + 1;
  }
  while (end < lines.length && lineAt(lines, end).trim() === "") end += 1;
  return end;
}

function itemLines(lines: readonly string[], width: number): string[] {
  return lines.map((line, index) => {
    if (index === 0) return line.slice(width);
    const indent = line.length - line.trimStart().length;
    return line.slice(Math.min(indent, width));
  });
}

function startsBlock(lines: readonly string[], at: number): boolean {
  const line = lineAt(lines, at);
  if (FENCE.test(line) || HEADING.test(line) || RULE.test(line)) return true;
  return QUOTE.test(line) || ITEM.test(line) || tableAt(lines, at) !== null;
}

function paragraphAt(lines: readonly string[], at: number, depth: number): Step {
  let end = at + 1;
  while (end < lines.length && lineAt(lines, end).trim() !== "" && (depth >= DEEPEST || !startsBlock(lines, end))) end += 1;
  return { block: { kind: "paragraph", lines: lines.slice(at, end).map((line) => readInline(line.trim())) }, next: end };
}
