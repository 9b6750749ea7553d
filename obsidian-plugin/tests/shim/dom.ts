/** What Obsidian adds to the DOM, as far as the plugin uses it. */

interface ElementInfo {
  readonly cls?: string;
  readonly text?: string;
  readonly href?: string;
  readonly placeholder?: string;
  readonly attr?: Readonly<Record<string, string | number | boolean | null>>;
}

function createIn(parent: HTMLElement, tag: string, info: ElementInfo = {}): HTMLElement {
  const element = document.createElement(tag);
  if (info.cls !== undefined) element.className = info.cls;
  if (info.text !== undefined) element.textContent = info.text;
  const attributes: ElementInfo["attr"] = { ...info.attr, href: info.href ?? null, placeholder: info.placeholder ?? null };
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, String(value));
  }
  parent.append(element);
  return element;
}

const helpers = {
  createEl(this: HTMLElement, tag: string, info?: ElementInfo) {
    return createIn(this, tag, info);
  },
  createDiv(this: HTMLElement, info?: ElementInfo) {
    return createIn(this, "div", info);
  },
  createSpan(this: HTMLElement, info?: ElementInfo) {
    return createIn(this, "span", info);
  },
  empty(this: HTMLElement) {
    this.replaceChildren();
  },
  appendText(this: HTMLElement, text: string) {
    this.append(text);
  },
  setText(this: HTMLElement, text: string) {
    this.textContent = text;
  },
  addClass(this: HTMLElement, ...names: string[]) {
    this.classList.add(...names);
  },
  toggleClass(this: HTMLElement, name: string, on: boolean) {
    this.classList.toggle(name, on);
  },
  setCssProps(this: HTMLElement, props: Record<string, string>) {
    for (const [name, value] of Object.entries(props)) this.style.setProperty(name, value);
  },
  find(this: HTMLElement, selector: string) {
    return this.querySelector(selector);
  },
  findAll(this: HTMLElement, selector: string) {
    return [...this.querySelectorAll(selector)];
  },
};

export function extendDom(): void {
  Object.assign(HTMLElement.prototype, helpers);
  Object.assign(UIEvent.prototype, {
    instanceOf(this: UIEvent, type: { readonly prototype: UIEvent }) {
      return Object.prototype.isPrototypeOf.call(type.prototype, this);
    },
  });
}

const ICONS: Readonly<Record<string, string>> = {
  "arrow-up": "M12 19V5M6 11l6-6 6 6",
  square: "M7 7h10v10H7z",
  x: "M6 6l12 12M18 6L6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  "text-cursor-input": "M9 5v14M6 5h6M6 19h6M14 8h6v8h-6M4 8H3v8h1",
  "rotate-ccw": "M5 5v5h5M5.5 10a8 8 0 1 1-1 5",
  "square-pen": "M12 4H4v16h16v-8M10 14l1-4 8-8 3 3-8 8z",
  inbox: "M4 13h4l2 3h4l2-3h4M4 13l3-8h10l3 8v6H4z",
  "refresh-cw": "M20 5v5h-5M4 19v-5h5M19 10a8 8 0 0 0-14-2M5 14a8 8 0 0 0 14 2",
};

const SVG = "http://www.w3.org/2000/svg";

export function setIcon(parent: HTMLElement, name: string): void {
  const svg = document.createElementNS(SVG, "svg");
  const shape = { viewBox: "0 0 24 24", width: "16", height: "16", fill: "none", stroke: "currentColor", "stroke-width": "2" };
  for (const [key, value] of Object.entries(shape)) svg.setAttribute(key, value);
  svg.append(document.createElementNS(SVG, "path"));
  svg.firstElementChild?.setAttribute("d", ICONS[name] ?? "M4 12h16");
  parent.replaceChildren(svg);
}
