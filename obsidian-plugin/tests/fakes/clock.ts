/** A clock that a test moves. */

import type { Clock } from "../../src/core/clock";

interface Timer {
  readonly due: number;
  readonly delay: number;
  readonly callback: () => void;
}

export class ManualClock implements Clock {
  private time = 1_000_000;
  private timers: Timer[] = [];
  private waiting: { readonly delay: number; readonly resolve: () => void }[] = [];

  now(): number {
    return this.time;
  }

  after(delay: number, callback: () => void): () => void {
    const timer = { due: this.time + delay, delay, callback };
    this.timers.push(timer);
    for (const waiter of this.waiting.filter((one) => one.delay === delay)) waiter.resolve();
    this.waiting = this.waiting.filter((one) => one.delay !== delay);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  /** Resolves once a timer of this length is running. */
  async armed(delay: number): Promise<void> {
    if (this.timers.some((timer) => timer.delay === delay)) return;
    await new Promise<void>((resolve) => {
      this.waiting.push({ delay, resolve });
    });
  }

  /** The lengths of the timers that are running. */
  get running(): number[] {
    return this.timers.map((timer) => timer.delay);
  }

  advance(by: number): void {
    this.time += by;
    const due = this.timers.filter((timer) => timer.due <= this.time).sort((one, other) => one.due - other.due);
    this.timers = this.timers.filter((timer) => timer.due > this.time);
    for (const timer of due) timer.callback();
  }

  /** As when the user or the network corrects the time: no timer is touched. */
  setBack(by: number): void {
    this.time -= by;
  }
}
