/** What differs between two texts, so that an editor is changed only there and the cursor stays where it is. */

export interface TextChange {
  /** Offsets in the text before, in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  readonly after: string;
}

/** Lines of both texts that may be compared with each other; beyond that all of it is one change. */
const MOST = 4_000_000;

/** The changes that make `after` of `before`, in order; `at` is where `before` begins. */
export function changesOf(before: string, after: string, at: number): TextChange[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  if (old.length * now.length > MOST) return [narrowed(before, after, at)];
  const changes: TextChange[] = [];
  let [i, j, offset] = [0, 0, at];
  for (const [row, column] of [...common(old, now), [old.length, now.length] as const]) {
    const [gone, come] = [old.slice(i, row).join(""), now.slice(j, column).join("")];
    if (gone !== come) changes.push(narrowed(gone, come, offset));
    offset += gone.length + (old[row]?.length ?? 0);
    [i, j] = [row + 1, column + 1];
  }
  return changes;
}

/** The same change without what both begin and end with. */
function narrowed(gone: string, come: string, at: number): TextChange {
  const most = Math.min(gone.length, come.length);
  let [first, last] = [0, 0];
  while (first < most && gone[first] === come[first]) first++;
  if (isHalf(gone, first) || isHalf(come, first)) first--;
  while (last < most - first && gone[gone.length - 1 - last] === come[come.length - 1 - last]) last++;
  if (isHalf(gone, gone.length - last) || isHalf(come, come.length - last)) last--;
  return { start: at + first, end: at + gone.length - last, after: come.slice(first, come.length - last) };
}

/** Whether a character that takes two units would be divided at this place. */
function isHalf(text: string, at: number): boolean {
  return at > 0 && /[\uDC00-\uDFFF]/.test(text[at] ?? "") && /[\uD800-\uDBFF]/.test(text[at - 1] ?? "");
}

/** Lines with their ends. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** The longest common run of equal lines, as pairs of places in both, by the table of its lengths. */
function common(old: readonly string[], now: readonly string[]): (readonly [number, number])[] {
  const width = now.length + 1;
  const lengths = new Uint32Array((old.length + 1) * width);
  const lengthAt = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      lengths[i * width + j] = old[i] === now[j] ? lengthAt(i + 1, j + 1) + 1 : Math.max(lengthAt(i + 1, j), lengthAt(i, j + 1));
    }
  }
  const pairs: (readonly [number, number])[] = [];
  for (let [i, j] = [0, 0]; i < old.length && j < now.length; ) {
    if (old[i] === now[j]) pairs.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}
