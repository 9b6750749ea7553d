/** The daemon's address as the user typed it, checked and made uniform. */

export type AddressProblem = "empty" | "malformed" | "scheme" | "credentials" | "extra";

export type Address =
  | { readonly ok: true; readonly url: string; readonly exposed: boolean }
  | { readonly ok: false; readonly problem: AddressProblem };

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads `host:port`, `http://host:port` or `https://host/prefix`. `url` never ends in a slash.
 * `exposed` is true where the token would cross a network unencrypted.
 */
export function readAddress(text: string): Address {
  const trimmed = text.trim();
  if (trimmed === "") return { ok: false, problem: "empty" };
  const url = parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  if (url === null) return { ok: false, problem: "malformed" };
  if (url.protocol !== "http:" && url.protocol !== "https:") return { ok: false, problem: "scheme" };
  if (url.username !== "" || url.password !== "") return { ok: false, problem: "credentials" };
  if (url.search !== "" || url.hash !== "") return { ok: false, problem: "extra" };
  const base = url.origin + url.pathname.replace(/\/+$/, "");
  return { ok: true, url: base, exposed: url.protocol === "http:" && !LOOPBACK.test(url.hostname) };
}

function parse(text: string): URL | null {
  // `URL` reads "http:// a" and "http://a b" leniently; an address with a space in it is a slip.
  if (/\s/.test(text)) return null;
  try {
    return new URL(text);
  } catch {
    return null;
  }
}
