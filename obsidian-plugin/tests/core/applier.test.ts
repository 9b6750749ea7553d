import { beforeEach, describe, expect, it } from "vitest";

import { Applier } from "../../src/core/applier";
import { ABSENT, type Answer, type Edit, hashOf, Refusal } from "../../src/core/edit";
import { ManualClock } from "../fakes/clock";
import { MemoryFiles } from "../fakes/files";
import { bytesOf, CASES, editOf } from "./edit-cases";

const PATH = "Folder/n.md";
const OLD = "🌲 old";
const NEW = "🌲 new";

const hash = (text: string): Promise<string> => hashOf(new TextEncoder().encode(text));

async function change(text: string, before: string, after: string): Promise<Edit> {
  const shown = text.replace(/^\uFEFF/, "");
  const start = shown.indexOf(before);
  return {
    path: PATH, baseHash: await hash(text), afterHash: await hash(text.replace(before, () => after)), start, end: start + before.length, before, after, remove: false,
  };
}

let files: MemoryFiles;
let clock: ManualClock;

beforeEach(() => {
  files = new MemoryFiles();
  clock = new ManualClock();
});

function apply(edit: Edit, guard: () => void = () => undefined): Promise<Answer> {
  return new Applier(files, clock).apply(edit, guard);
}

/** A note that holds `text`, and what it takes to make OLD of it into NEW. */
async function note(text = OLD): Promise<Edit> {
  files.put(PATH, text);
  files.writes = 0;
  return change(text, "old", "new");
}

describe("the cases that Python reads too", () => {
  it.each(CASES)("$name", async (one) => {
    for (const hidesMark of [false, true]) {
      files = new MemoryFiles();
      files.hidesMark = hidesMark;
      const bytes = bytesOf(one);
      if (bytes !== null) files.put(PATH, bytes);
      const answer = await apply(await editOf(one));
      const left = await files.read(PATH);
      expect(answer.outcome).toBe(one.error ?? "applied");
      expect(left).toEqual(one.error === null ? bytesOf({ ...one, text: one.expected }) : bytes);
      expect(answer.hash).toBe(await hashOf(left));
    }
  });
});

describe("a note that is not open", () => {
  it("is changed in the app's own turn", async () => {
    const edit = await note();
    expect(await apply(edit)).toEqual({ outcome: "applied", hash: edit.afterHash, reason: "" });
    expect(files.text(PATH)).toBe(NEW);
  });

  it("is left alone where it changes before the app's turn", async () => {
    const edit = await note();
    files.meanwhile = () => { files.put(PATH, "typed elsewhere"); };
    expect(await apply(edit)).toMatchObject({ outcome: "stale", reason: "The note was changed while it was being written." });
    expect(files.text(PATH)).toBe("typed elsewhere");
  });

  it("is left alone where the Edit is withdrawn before the app's turn", async () => {
    const edit = await note();
    let withdrawn = false;
    files.meanwhile = () => { withdrawn = true; };
    const answer = await apply(edit, () => { if (withdrawn) throw new Refusal("failed", "Withdrawn."); });
    expect(answer).toEqual({ outcome: "failed", hash: edit.baseHash, reason: "Withdrawn." });
    expect(files.text(PATH)).toBe(OLD);
  });

  it("is left alone where the user begins to type before the app's turn", async () => {
    const edit = await note();
    files.meanwhile = () => { files.typed.set(PATH, clock.now()); };
    expect(await apply(edit)).toMatchObject({ outcome: "busy" });
    expect(files.text(PATH)).toBe(OLD);
  });

  it("is not written where nothing would change", async () => {
    const edit = { ...(await note()), before: "old", after: "old" };
    expect(await apply({ ...edit, afterHash: edit.baseHash })).toMatchObject({ outcome: "applied", hash: edit.baseHash });
    expect(files.writes).toBe(0);
  });

  it("is not written where the result is not what the daemon promised", async () => {
    const edit = await note();
    expect(await apply({ ...edit, afterHash: await hash("something else") })).toMatchObject({ outcome: "failed", hash: edit.baseHash });
    expect(files.writes).toBe(0);
  });

  it("tells what the app says against it, and what lies there", async () => {
    const edit = await note();
    files.refusal = `The disk is full. ${"x".repeat(2_000)}`;
    const answer = await apply(edit);
    expect(answer).toMatchObject({ outcome: "failed", hash: edit.baseHash });
    expect(answer.reason).toMatch(/^Obsidian says: The disk is full\. x+$/);
    expect(answer.reason.length).toBeLessThanOrEqual(500);
  });

  it("counts as changed where the app complains after it wrote", async () => {
    const edit = await note();
    files.meanwhile = () => { files.put(PATH, NEW); };
    files.refusal = "Something else broke.";
    expect(await apply(edit)).toMatchObject({ outcome: "applied", hash: edit.afterHash });
  });

  it("is told to be otherwise where the app writes something else", async () => {
    const edit = await note();
    const put = files.put.bind(files);
    files.put = (path) => { put(path, "mangled"); };
    const answer = await apply(edit);
    expect(answer).toEqual({ outcome: "failed", hash: await hash("mangled"), reason: "The note does not hold what was written into it." });
  });

  it("is found by its other spelling", async () => {
    files.put("Папка/Й.md".normalize("NFD"), OLD);
    const edit = { ...(await change(OLD, "old", "new")), path: "Папка/Й.md".normalize("NFC") };
    expect(await apply(edit)).toMatchObject({ outcome: "applied" });
  });

  it("is refused where it is no UTF-8", async () => {
    const bytes = Uint8Array.from([0x61, 0xff]);
    files.put(PATH, bytes);
    const edit = { ...(await change("a", "a", "b")), baseHash: await hashOf(bytes) };
    expect(await apply(edit)).toMatchObject({ outcome: "failed", reason: "The note is not encoded in UTF-8." });
    expect(await files.read(PATH)).toEqual(bytes);
  });

  it.each(["config/n.md", ".hidden/n.md", "../n.md", "n.js", ".trash/n.md"])("is not even read at %s", async (path) => {
    files.read = () => Promise.reject(new Error("It was read."));
    expect(await apply({ ...(await change(OLD, "old", "new")), path })).toMatchObject({ outcome: "failed", hash: null, reason: expect.stringContaining("notes only") as string });
  });
});

describe("a note that is open in an editor", () => {
  it("is changed in the editor, as one step, and saved", async () => {
    const edit = await note();
    const [view, other] = [files.show(PATH), files.show(PATH, false)];
    expect(await apply(edit)).toMatchObject({ outcome: "applied", hash: edit.afterHash });
    expect([view.steps, view.buffer, other.steps]).toEqual([1, NEW, 0]);
    expect(files.text(PATH)).toBe(NEW);
  });

  it.each([["carriage returns", "a\r\nold\r\n"], ["a byte order mark", "\uFEFFold"]])("is changed on the disk where it has %s", async (_, text) => {
    const edit = await note(text);
    const view = files.show(PATH);
    expect(await apply(edit)).toMatchObject({ outcome: "applied", hash: edit.afterHash });
    expect(files.text(PATH)).toBe(text.replace("old", "new"));
    expect(view.steps).toBe(0);
  });

  it("is changed on the disk where the new text has carriage returns", async () => {
    await note();
    const view = files.show(PATH);
    expect(await apply(await change(OLD, "old", "new\r\n"))).toMatchObject({ outcome: "applied" });
    expect([view.steps, files.text(PATH)]).toEqual([0, "🌲 new\r\n"]);
  });

  it.each([true, false])("is busy where something is not saved yet (editor: %s)", async (editing) => {
    const edit = await note();
    files.show(PATH);
    const view = files.show(PATH, editing);
    view.buffer = `${OLD} and a thou`;
    expect(await apply(edit)).toMatchObject({ outcome: "busy", hash: edit.baseHash });
    expect([files.text(PATH), view.buffer]).toEqual([OLD, `${OLD} and a thou`]);
  });

  it("is busy for two seconds after the last key, whatever the clock does", async () => {
    const edit = await note();
    files.show(PATH);
    files.typed.set(PATH, clock.now());
    clock.advance(1_999);
    expect(await apply(edit)).toMatchObject({ outcome: "busy", reason: "The user is typing in this note." });
    clock.setBack(3_600_000);
    expect(await apply(edit)).toMatchObject({ outcome: "applied" });
  });

  it("is waited for while the app puts the saving off", async () => {
    const edit = await note();
    const view = files.show(PATH);
    view.save = () => Promise.resolve();
    const answer = apply(edit);
    await clock.armed(100);
    clock.advance(100);
    await clock.armed(400);
    files.put(PATH, view.buffer);
    clock.advance(400);
    expect(await answer).toMatchObject({ outcome: "applied", hash: edit.afterHash });
  });

  it("is told to have failed where the app never saves", async () => {
    const edit = await note();
    files.show(PATH).save = () => Promise.resolve();
    const answer = apply(edit);
    for (const delay of [100, 400, 2_000]) {
      await clock.armed(delay);
      clock.advance(delay);
    }
    expect(await answer).toMatchObject({ outcome: "failed", hash: edit.baseHash });
  });
});

describe("a new note", () => {
  const made = async (text: string): Promise<Edit> => ({ path: "A/B/neu.md", baseHash: ABSENT, afterHash: await hash(text), start: 0, end: 0, before: "", after: text, remove: false });

  it("is made with its folders", async () => {
    expect(await apply(await made("# Новая\n"))).toMatchObject({ outcome: "applied", hash: await hash("# Новая\n") });
    expect(files.text("A/B/neu.md")).toBe("# Новая\n");
    expect([...files.folders]).toEqual(["A", "A/B"]);
  });

  it("never replaces one that comes at the last moment", async () => {
    files.meanwhile = () => { files.put("A/B/neu.md", "mine"); };
    expect(await apply(await made("theirs"))).toMatchObject({ outcome: "stale", hash: await hash("mine"), reason: "A note of that name exists by now." });
    expect(files.text("A/B/neu.md")).toBe("mine");
  });
});

describe("a note that is to go", () => {
  const removal = async (): Promise<Edit> => ({ ...(await note()), start: 0, end: 0, before: "", after: "", afterHash: ABSENT, remove: true });

  it("goes to the trash", async () => {
    expect(await apply(await removal())).toEqual({ outcome: "applied", hash: "", reason: "" });
    expect(files.trashed).toEqual([PATH]);
  });

  it("stays where it has changed", async () => {
    const edit = await removal();
    files.put(PATH, `${OLD}!`);
    expect(await apply(edit)).toMatchObject({ outcome: "stale", hash: await hash(`${OLD}!`) });
    expect(files.trashed).toEqual([]);
  });

  it("stays while something is not saved yet", async () => {
    const edit = await removal();
    files.show(PATH).buffer = "typing";
    expect(await apply(edit)).toMatchObject({ outcome: "busy" });
    expect(files.trashed).toEqual([]);
  });

  it("is told to be gone already", async () => {
    const edit = await removal();
    await files.trash(PATH);
    expect(await apply(edit)).toEqual({ outcome: "stale", hash: "", reason: "The note is gone." });
  });
});
