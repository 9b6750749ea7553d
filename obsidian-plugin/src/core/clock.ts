/** Time, as far as the core needs it; handed in, so that tests need not wait. */

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** Calls back once after `delay` milliseconds; what it returns calls that off. */
  after(delay: number, callback: () => void): () => void;
}

export function sleep(clock: Clock, delay: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(delay, resolve);
  });
}

/** Rings when it has not been set again for `delay` milliseconds. */
export class Alarm {
  private off: () => void = () => undefined;

  constructor(
    private readonly clock: Clock,
    private readonly delay: number,
    private readonly ring: () => void,
  ) {}

  set(): void {
    this.off();
    this.off = this.clock.after(this.delay, this.ring);
  }

  cancel(): void {
    this.off();
  }
}
