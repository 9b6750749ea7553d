/** What the daemon tells on its line, for whoever in the plugin listens. */

export type Listener = (event: string) => void;

export class News {
  private readonly listeners = new Set<Listener>();

  /** Has `listener` told of every event; returns what ends that. */
  listen(listener: Listener): () => void {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  }

  tell(event: string): void {
    for (const listener of [...this.listeners]) listener(event);
  }
}
