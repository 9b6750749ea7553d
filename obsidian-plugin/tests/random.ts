/** Repeatable randomness: a test that failed once fails again. */
export function randomSource(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** `text` cut into pieces at random places, some of them empty. */
export function cut(text: string, random: (below: number) => number): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (at < text.length) {
    const length = random(5);
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}
