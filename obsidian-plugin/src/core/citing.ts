/** Citations as Obsidian writes them: wikilinks and footnotes. */

import { type Citation, noteName, type Place } from "./wire";

/** A link that names a note or a heading; never a line, for Obsidian has no such link. */
export function wikilink(place: Pick<Place, "path" | "heading">): string {
  const target = place.path.replace(/\.md$/i, "");
  const subpath = place.heading.map(linkable).filter((part) => part !== "");
  if (UNLINKABLE.test(target)) return markdownLink(place.path, subpath);
  const alias = label(place).replace(/[[\]|\s]+/g, " ").trim();
  return `[[${[target, ...subpath].join("#")}|${alias}]]`;
}

/** The note's name and its last heading, for people. */
export function label(place: Pick<Place, "path" | "heading">): string {
  const heading = place.heading.at(-1);
  const name = noteName(place.path);
  return heading === undefined || heading === name ? name : `${name} › ${heading}`;
}

// Names with these exist where another program made the file; a wikilink cannot hold them.
const UNLINKABLE = /[#^|[\]\\]|%%/;

/** A heading as it stands after `#` in a link: Obsidian takes a space for what it cannot hold. */
function linkable(heading: string): string {
  return heading.replace(/%%|[|#^\\[\]\r\n]/g, " ").replace(/\s+/g, " ").trim();
}

function markdownLink(path: string, subpath: readonly string[]): string {
  const text = noteName(path).replace(/[\\[\]]/g, "\\$&");
  const anchor = subpath.length > 0 ? `#${encodeURIComponent(subpath.join("#"))}` : "";
  return `[${text}](${path.split("/").map(encodeLinkPart).join("/")}${anchor})`;
}

function encodeLinkPart(part: string): string {
  return encodeURIComponent(part).replace(/[()]/g, (sign) => (sign === "(" ? "%28" : "%29"));
}

/**
 * The answer as Markdown for a note: each mark that has a citation becomes a footnote to its source.
 * The labels come from the text itself, so that two answers in one note do not share one.
 */
export function answerMarkdown(answer: string, citations: readonly Citation[]): string {
  const body = answer.trim();
  if (citations.length === 0) return body;
  const stem = `f${hash(body + citations.map((citation) => citation.path).join("\n"))}`;
  const known = new Map(citations.map((citation) => [citation.mark, citation]));
  const text = body.replace(/\[\^?([^[\]\n]{1,12})\](?!\()/g, (whole, mark: string) =>
    known.has(mark) ? `[^${stem}-${slug(mark)}]` : whole,
  );
  const notes = [...known.values()].map((citation) => `[^${stem}-${slug(citation.mark)}]: ${footnote(citation)}`);
  return `${text}\n\n${notes.join("\n")}`;
}

function footnote(citation: Citation): string {
  const quote = citation.quote.replace(/\s+/g, " ").trim();
  return quote === "" ? wikilink(citation) : `${wikilink(citation)}: “${quote}”`;
}

function slug(mark: string): string {
  return mark.replace(/[^\p{L}\p{N}-]/gu, "-");
}

function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  }
  return (value >>> 0).toString(36);
}
