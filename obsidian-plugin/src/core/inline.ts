/** The inside of a paragraph of an answer. Images and HTML stay text, so that showing an answer can load nothing. */

export type Inline =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  | { readonly kind: "strong" | "emphasis" | "strike"; readonly children: readonly Inline[] }
  | { readonly kind: "link"; readonly url: string; readonly text: string }
  | { readonly kind: "wikilink"; readonly target: string; readonly text: string }
  | { readonly kind: "mark"; readonly mark: string };

interface Rule {
  readonly pattern: RegExp;
  readonly build: (match: RegExpExecArray) => Inline;
}

// Tried in this order at every place; all are sticky, so that each looks only where the reader stands.
const RULES: readonly Rule[] = [
  { pattern: /\\([!-/:-@[-`{-~])/y, build: (match) => ({ kind: "text", text: match[1] ?? "" }) },
  { pattern: /(`+)(?!`)([^\n]*?[^`\n])\1(?!`)/y, build: (match) => ({ kind: "code", text: (match[2] ?? "").trim() }) },
  { pattern: /!?\[\[([^[\]|\n]{1,300})(?:\|([^[\]\n]{1,300}))?\]\]/y, build: wikilinkOf },
  { pattern: /\[([^[\]\n]{1,300})\]\((https?:\/\/[^\s()<>]{1,2000})\)/y, build: linkOf },
  { pattern: /\[\^?(\d{1,4})\](?![(:])/y, build: (match) => ({ kind: "mark", mark: match[1] ?? "" }) },
  { pattern: /https?:\/\/[^\s()<>"'`\]]{1,2000}/y, build: bareLinkOf },
  { pattern: /\*\*(?=\S)([^\n]{0,2000}?\S)\*\*(?!\*)/y, build: (match) => wrapped("strong", match) },
  { pattern: /__(?=\S)([^\n]{0,2000}?\S)__(?![\p{L}\p{N}])/uy, build: (match) => wrapped("strong", match) },
  { pattern: /~~(?=\S)([^\n]{0,2000}?\S)~~/y, build: (match) => wrapped("strike", match) },
  { pattern: /\*(?=[^\s*])([^*\n]{0,2000}?[^\s*])\*(?!\*)/y, build: (match) => wrapped("emphasis", match) },
  { pattern: /_(?=[^\s_])([^_\n]{0,2000}?[^\s_])_(?![\p{L}\p{N}_])/uy, build: (match) => wrapped("emphasis", match) },
];

const WORD = /[\p{L}\p{N}]/u;
const DEEPEST = 6;

/** The pieces of a paragraph, in order. Every character of it is in one of them or is markup. */
export function readInline(source: string, depth = 0): Inline[] {
  const pieces: Inline[] = [];
  let plain = "";
  let at = 0;
  while (at < source.length) {
    const found = depth < DEEPEST && mayBegin(source, at) ? match(source, at, depth) : null;
    if (found === null) {
      plain += source.charAt(at);
      at += 1;
      continue;
    }
    if (found.piece.kind === "text") {
      plain += found.piece.text;
    } else {
      if (plain !== "") pieces.push({ kind: "text", text: plain });
      plain = "";
      pieces.push(found.piece);
    }
    at = found.end;
  }
  if (plain !== "") pieces.push({ kind: "text", text: plain });
  return pieces;
}

function mayBegin(source: string, at: number): boolean {
  const sign = source.charAt(at);
  if (!"\\`[!h*_~".includes(sign)) return false;
  // `snake_case` and `xhttp://` are words.
  return !((sign === "_" || sign === "h") && at > 0 && WORD.test(source.charAt(at - 1)));
}

function match(source: string, at: number, depth: number): { piece: Inline; end: number } | null {
  for (const rule of RULES) {
    rule.pattern.lastIndex = at;
    const found = rule.pattern.exec(source);
    if (found === null) continue;
    const end = rule.pattern.lastIndex;
    const piece = rule.build(found);
    return { piece: "children" in piece ? { ...piece, children: readInline(found[1] ?? "", depth + 1) } : piece, end };
  }
  return null;
}

function wrapped(kind: "strong" | "emphasis" | "strike", match: RegExpExecArray): Inline {
  return { kind, children: [{ kind: "text", text: match[1] ?? "" }] };
}

function wikilinkOf(match: RegExpExecArray): Inline {
  const target = (match[1] ?? "").trim();
  return { kind: "wikilink", target, text: (match[2] ?? target).trim() };
}

function linkOf(match: RegExpExecArray): Inline {
  return { kind: "link", url: match[2] ?? "", text: match[1] ?? "" };
}

function bareLinkOf(match: RegExpExecArray): Inline {
  return { kind: "link", url: match[0], text: match[0] };
}

/** What a reader sees of the pieces, without markup. */
export function plainText(pieces: readonly Inline[]): string {
  return pieces
    .map((piece) => {
      if ("children" in piece) return plainText(piece.children);
      return piece.kind === "mark" ? `[${piece.mark}]` : piece.text;
    })
    .join("");
}

const BULLET = /(^|\n)[ \t]*(?:>[ \t]*)*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[.\][ \t]+)?/g;

/** A piece of a note in one line, as a reader sees it: without marks of lists, tasks, quotes, headings and emphasis. */
export function readable(markdown: string): string {
  const lines = markdown.replace(BULLET, "$1· ").replace(/(^|\n)[ \t]*(?:>[ \t]*|#{1,6}[ \t]+)/g, "$1");
  return plainText(readInline(lines)).replace(/^· /, "").replace(/\s+/g, " ").trim();
}
