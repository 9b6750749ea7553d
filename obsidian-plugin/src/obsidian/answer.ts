import { type Block, type Cell, readBlocks } from "../core/blocks";
import type { Inline } from "../core/inline";

/** What the parts of an answer do when they are clicked. */
export interface AnswerLinks {
  /** The words for a mark that has a citation, or null: then it is shown as text. */
  readonly describeMark: (mark: string) => string | null;
  readonly openMark: (mark: string, event: MouseEvent) => void;
  readonly openLink: (target: string, event: MouseEvent) => void;
}

/** Shows the Markdown of an answer. Only text and links come out of it: nothing is loaded and nothing runs. */
export function renderAnswer(parent: HTMLElement, markdown: string, links: AnswerLinks): void {
  parent.empty();
  for (const block of readBlocks(markdown)) renderBlock(parent, block, links);
}

function renderBlock(parent: HTMLElement, block: Block, links: AnswerLinks): void {
  switch (block.kind) {
    case "paragraph":
      renderLines(parent.createEl("p"), block.lines, links);
      break;
    case "heading":
      // An answer stands under the view's own title.
      renderInline(parent.createDiv({ cls: "famulus-heading", attr: { role: "heading", "aria-level": block.level + 2 } }), block.text, links);
      break;
    case "code":
      parent.createEl("pre").createEl("code", { text: block.text });
      break;
    case "quote":
      renderBlocks(parent.createEl("blockquote"), block.children, links);
      break;
    case "list":
      renderList(parent, block, links);
      break;
    case "table":
      renderTable(parent, block, links);
      break;
    case "rule":
      parent.createEl("hr");
  }
}

function renderBlocks(parent: HTMLElement, blocks: readonly Block[], links: AnswerLinks): void {
  for (const block of blocks) renderBlock(parent, block, links);
}

function renderLines(parent: HTMLElement, lines: readonly (readonly Inline[])[], links: AnswerLinks): void {
  lines.forEach((line, index) => {
    if (index > 0) parent.createEl("br");
    renderInline(parent, line, links);
  });
}

function renderList(parent: HTMLElement, list: Extract<Block, { kind: "list" }>, links: AnswerLinks): void {
  const element = list.start === null ? parent.createEl("ul") : parent.createEl("ol", { attr: { start: list.start } });
  for (const item of list.items) {
    const row = element.createEl("li");
    const [first, ...rest] = item;
    // A paragraph inside an item would stand apart from its bullet.
    if (first?.kind === "paragraph") renderLines(row, first.lines, links);
    else if (first !== undefined) renderBlock(row, first, links);
    renderBlocks(row, rest, links);
  }
}

function renderTable(parent: HTMLElement, table: Extract<Block, { kind: "table" }>, links: AnswerLinks): void {
  const element = parent.createDiv({ cls: "famulus-table" }).createEl("table");
  renderRow(element.createEl("thead"), "th", table.head, links);
  const body = element.createEl("tbody");
  for (const row of table.rows) renderRow(body, "td", row, links);
}

function renderRow(parent: HTMLElement, tag: "th" | "td", cells: readonly Cell[], links: AnswerLinks): void {
  const row = parent.createEl("tr");
  for (const cell of cells) renderInline(row.createEl(tag), cell, links);
}

function renderInline(parent: HTMLElement, pieces: readonly Inline[], links: AnswerLinks): void {
  let line = parent;
  pieces.forEach((piece, index) => {
    const next = pieces[index + 1];
    const marked = next?.kind === "mark" && links.describeMark(next.mark) !== null;
    if (piece.kind !== "mark") line = parent;
    if (piece.kind === "text" && marked) line = renderBeforeMark(parent, piece.text);
    else renderPiece(line, piece, links);
  });
}

/** Shows text that a mark follows, and gives the element that keeps its last word and the mark on one line. */
function renderBeforeMark(parent: HTMLElement, text: string): HTMLElement {
  const trimmed = text.trimEnd();
  const lastWord = /\S{1,30}$/.exec(trimmed)?.[0] ?? "";
  parent.appendText(trimmed.slice(0, trimmed.length - lastWord.length));
  return parent.createSpan({ cls: "famulus-marked", text: lastWord });
}

const TAGS = { strong: "strong", emphasis: "em", strike: "del" } as const;

function renderPiece(parent: HTMLElement, piece: Inline, links: AnswerLinks): void {
  switch (piece.kind) {
    case "text":
      parent.appendText(piece.text);
      break;
    case "code":
      parent.createEl("code", { text: piece.text });
      break;
    case "strong":
    case "emphasis":
    case "strike":
      renderInline(parent.createEl(TAGS[piece.kind]), piece.children, links);
      break;
    case "link":
      parent.createEl("a", { cls: "external-link", text: piece.text, href: piece.url, attr: { rel: "noopener nofollow", target: "_blank" } });
      break;
    case "wikilink":
      renderWikilink(parent, piece.target, piece.text, links);
      break;
    case "mark":
      renderMark(parent, piece.mark, links);
  }
}

function renderWikilink(parent: HTMLElement, target: string, text: string, links: AnswerLinks): void {
  const link = parent.createEl("a", { cls: "internal-link", text, href: "#" });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    links.openLink(target, event);
  });
}

function renderMark(parent: HTMLElement, mark: string, links: AnswerLinks): void {
  const words = links.describeMark(mark);
  if (words === null) {
    parent.appendText(`[${mark}]`);
    return;
  }
  const button = parent.createEl("button", { cls: "famulus-mark clickable-icon", text: mark, attr: { "aria-label": words } });
  button.addEventListener("click", (event) => {
    links.openMark(mark, event);
  });
}
