import { describe, expect, it } from "vitest";

import { type SseEvent, SseParser } from "../../src/core/sse";
import { cut, randomSource } from "../random";

function parse(pieces: readonly string[]): SseEvent[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

const message = (data: string): SseEvent => ({ event: "message", data });

describe("SseParser", () => {
  it.each([
    ["one event", "data: a\n\n", [message("a")]],
    ["two events", "data: a\n\ndata: b\n\n", [message("a"), message("b")]],
    ["lines of one event", "data: a\ndata: b\n\n", [message("a\nb")]],
    ["no space after the colon", "data:a\n\n", [message("a")]],
    ["only the first space is markup", "data:  a\n\n", [message(" a")]],
    ["a colon in the data", 'data: {"a": "b: c"}\n\n', [message('{"a": "b: c"}')]],
    ["a named event", "event: note\ndata: a\n\ndata: b\n\n", [{ event: "note", data: "a" }, message("b")]],
    ["comments and unknown fields", ": hello\nid: 7\nretry: 5\ndata: a\n\n", [message("a")]],
    ["an empty data field", "data\n\n", [message("")]],
    ["an event without data", "event: note\n\n", []],
    ["an event that is not complete", "data: a\n", []],
    ["carriage returns", "data: a\r\rdata: b\r\r", [message("a"), message("b")]],
  ])("reads %s", (_, text, events) => {
    expect(parse([text])).toEqual(events);
  });

  it("gives the same events wherever the text is cut, with every line ending", () => {
    const lines = ["event: x", "data: Заметка 🗒 один", "data: {\"b\": 1}", "", ": c", "data: [DONE]", "", "data", "data: z", "", ""];
    for (const ending of ["\n", "\r\n", "\r"]) {
      const text = lines.join(ending);
      const whole = parse([lines.join("\n")]);
      expect(whole).toHaveLength(3);
      for (let seed = 0; seed < 200; seed++) {
        expect(parse(cut(text, randomSource(seed))), `seed ${seed}`).toEqual(whole);
      }
    }
  });
});
