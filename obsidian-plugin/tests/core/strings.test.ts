import { describe, expect, it } from "vitest";

import { explain, FamulusError, oneLine } from "../../src/core/errors";
import { stringsFor } from "../../src/core/strings";
import { en } from "../../src/core/strings/en";
import { ru } from "../../src/core/strings/ru";

describe("stringsFor", () => {
  it.each([["ru", ru], ["ru-RU", ru], ["en", en], ["de", en], ["", en]])("%j", (language, strings) => {
    expect(stringsFor(language)).toBe(strings);
  });

  it("leaves no Russian string in English", () => {
    const walk = (node: object, path: string): void => {
      for (const [key, value] of Object.entries(node)) {
        if (typeof value === "object" && value !== null) walk(value as object, `${path}.${key}`);
        if (typeof value === "string" && value !== "") expect(value, `${path}.${key}`).toMatch(/[а-яё]/i);
      }
    };
    walk(ru, "ru");
  });
});

describe("explain", () => {
  it("speaks the user's language about what the plugin found out itself", () => {
    expect(explain(new FamulusError("unreachable"), ru).effect).toBe("Famulus не ответил.");
  });

  const said = { effect: "The engine takes no more requests now.", cause: "8 wait.", fix: "Ask again in 3 s." };

  it.each(["unauthorized", "engine_loading", "engine_busy", "index_busy", "vault_unavailable", "stale", "note_busy"])(
    "says %s of the daemon in Russian, and in English what the daemon says",
    (code) => {
      const error = new FamulusError(code, 503, said);
      const shown = Object.values(explain(error, ru));
      expect(shown).toHaveLength(3);
      for (const part of shown) expect(part).toMatch(/[а-яё]/i);
      expect(explain(error, en)).toEqual(said);
    },
  );

  it("leaves to the daemon what says more than its code", () => {
    expect(explain(new FamulusError("write_refused", 409, said), ru)).toEqual(said);
  });

  it("shows what it does not know as it is", () => {
    expect(oneLine(explain(new FamulusError("odd", 500, { effect: "E.", cause: "", fix: "F." }), en))).toBe("E. F.");
    expect(explain(new TypeError("boom"), en).cause).toBe("TypeError: boom");
  });
});
