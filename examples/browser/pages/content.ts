/** What travels with the video. */
export type Content =
  | { readonly kind: 'caption'; readonly text: string }
  | { readonly kind: 'chat'; readonly user: string; readonly text: string };

/** The element with that id, of the kind that the caller knows it to be. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller names the type
export function element<Type extends HTMLElement>(id: string): Type {
  return document.getElementById(id) as Type;
}

/** Adds a line to a list. */
export function addLine(list: HTMLElement, text: string, note: string): HTMLElement {
  const line = document.createElement('li');
  const small = document.createElement('small');
  small.textContent = note;
  line.append(text, small);
  list.append(line);
  line.scrollIntoView({ block: 'nearest' });
  return line;
}
