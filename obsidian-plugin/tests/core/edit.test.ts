import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { applyEdit, asShown, type Bytes, decodeNote, type Edit, encodeNote, hashOf, isNotePath, Refusal, resultOf } from "../../src/core/edit";
import { randomSource } from "../random";
import { bytesOf, CASES, editOf, noteOf } from "./edit-cases";

const EDIT: Edit = { path: "n.md", baseHash: "", afterHash: "", start: 0, end: 0, before: "", after: "", remove: false };

function refusal(work: () => unknown): Refusal {
  try {
    work();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error("It was not refused.");
}

describe("the cases that Python reads too", () => {
  it.each(CASES.filter((one) => one.base === undefined))("$name", async (one) => {
    const edit = await editOf(one);
    const note = noteOf(one);
    if (one.error !== null) expect(refusal(() => resultOf(note, edit)).outcome).toBe(one.error);
    else expect(encodeNote(resultOf(note, edit) ?? { mark: "", text: "" })).toEqual(bytesOf({ ...one, text: one.expected }));
  });

  it("are no few", () => {
    expect(CASES.length).toBeGreaterThan(40);
  });
});

describe("applyEdit", () => {
  it.each([[-1, 0], [0, 4], [4, 4], [2, 1], [0.5, 1], [Number.NaN, 0]])("refuses the span %d to %d", (start, end) => {
    expect(refusal(() => applyEdit("abc", { ...EDIT, start, end })).outcome).toBe("stale");
  });

  it("refuses half a character", () => {
    expect(refusal(() => applyEdit("", { ...EDIT, after: "a\uD83C" })).outcome).toBe("failed");
    expect(applyEdit("", { ...EDIT, after: "\uD83C\uDF32" })).toBe("🌲");
  });

  it("gives the same text again when it is turned round, and changes nothing beside", () => {
    const pieces = ["a", "ё", "🌲", "👨\u200D👩", "🇷🇺", "e\u0301", "\r\n", "\n", "\0", "\uFEFF", ""];
    for (let seed = 0; seed < 500; seed++) {
      const random = randomSource(seed);
      const words = (): string => Array.from({ length: random(8) }, () => pieces[random(pieces.length)]).join("");
      const [head, before, after, tail] = [words(), words(), words(), words()];
      const text = head + before + tail;
      const changed = applyEdit(text, { ...EDIT, start: head.length, end: head.length + before.length, before, after });
      expect(changed, `seed ${seed}`).toBe(head + after + tail);
      const back = { ...EDIT, start: head.length, end: head.length + after.length, before: after, after: before };
      expect(applyEdit(changed, back), `seed ${seed}`).toBe(text);
    }
  });
});

describe("resultOf", () => {
  it("is no note for a removal", () => {
    expect(resultOf({ mark: "", text: "a" }, { ...EDIT, remove: true })).toBeNull();
  });

  it("makes a new note whatever span is sent", () => {
    expect(resultOf(null, { ...EDIT, start: 7, end: 9, before: "x", after: "new" })).toEqual({ mark: "", text: "new" });
  });
});

describe("bytes", () => {
  it("come back as they were, for every mark and line ending", () => {
    for (const text of ["", "\uFEFF", "\uFEFF\uFEFFa", "ё🌲\r\n\ra\0", "\u2028"]) {
      const bytes = new TextEncoder().encode(text);
      expect(encodeNote(decodeNote(bytes))).toEqual(bytes);
    }
  });

  it.each([[[0xff, 0xfe]], [[0xed, 0xa0, 0x80]], [[0xc3]]])("that are no UTF-8 are refused: %j", (bytes) => {
    expect(refusal(() => decodeNote(Uint8Array.from(bytes))).outcome).toBe("failed");
  });

  it("have the hash that the daemon has for them", async () => {
    const bytes: Bytes = new TextEncoder().encode("\uFEFFЗаметка 🌲\r\n");
    expect(await hashOf(bytes)).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(await hashOf(new Uint8Array())).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(await hashOf(null)).toBe("");
  });
});

describe("asShown", () => {
  it.each([["a\r\nb\rc\nd", "a\nb\nc\nd"], ["\uFEFFa", "a"], ["\r\n\r\n", "\n\n"], ["", ""]])("%j", (text, shown) => {
    expect(asShown(text)).toBe(shown);
  });
});

describe("isNotePath", () => {
  it.each(["n.md", "Папка/Заметка.MD", "a.b/c.md", "A: B?.md", "configs/n.md"])("%s may be written", (path) => {
    expect(isNotePath(path, "config")).toBe(true);
  });

  it.each([
    "", "n.txt", "/n.md", "a//n.md", "../n.md", "a/../n.md", "./n.md", "config/n.md", ".trash/n.md", "a/.hidden.md", "a\\..\\n.md", "a\u0000.md", "n.md/",
  ])("%j may not", (path) => {
    expect(isNotePath(path, "config")).toBe(false);
  });

  it("knows the app's own folder by whatever name it has", () => {
    expect(isNotePath("Config/n.md", "config")).toBe(false);
    expect(isNotePath("Настройки\u0306/n.md".normalize("NFD"), "Настройки\u0306".normalize("NFC"))).toBe(false);
  });
});
