/** Making and finding elements. Text goes in as text, whatever it says. */

/** What an element is made with. */
export interface ElementOptions {
  /** Its class. */
  readonly class?: string;
  /** Its attributes. */
  readonly attributes?: Readonly<Record<string, string>>;
}

/**
 * Makes an element.
 *
 * @param tag its name
 * @param options its class and attributes
 * @param children elements, and strings that become text
 */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: ElementOptions = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  if (options.class !== undefined) made.className = options.class;
  for (const [name, value] of Object.entries(options.attributes ?? {})) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * Finds the element with an id.
 *
 * @throws Error where there is none of that kind, which is a mistake in the page
 */
export function byId<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} ${id}`);
}
