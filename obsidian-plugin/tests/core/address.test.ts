import { describe, expect, it } from "vitest";

import { readAddress } from "../../src/core/address";

describe("readAddress", () => {
  it.each([
    ["127.0.0.1:8000", "http://127.0.0.1:8000", false],
    [" http://localhost:8000/ ", "http://localhost:8000", false],
    ["[::1]:8000", "http://[::1]:8000", false],
    ["https://home.example/famulus//", "https://home.example/famulus", false],
    ["HTTP://Box.local", "http://box.local", true],
    ["192.168.1.5:8000", "http://192.168.1.5:8000", true],
    ["127.evil.example", "http://127.evil.example", true],
  ])("reads %s", (text, url, exposed) => {
    expect(readAddress(text)).toEqual({ ok: true, url, exposed });
  });

  it.each([
    ["  ", "empty"],
    ["http://", "malformed"],
    ["a b", "malformed"],
    ["box:port", "malformed"],
    ["file:///etc/passwd", "scheme"],
    ["javascript://x", "scheme"],
    ["http://me:secret@box", "credentials"],
    ["http://box/?token=1", "extra"],
    ["http://box/#here", "extra"],
  ])("refuses %j as %s", (text, problem) => {
    expect(readAddress(text)).toEqual({ ok: false, problem });
  });
});
