import { seiPayloadTypeName, uuidName } from '../../names.js';
import type { MessageRow } from '../model.js';
import { element } from './dom.js';
import { hexDump, payloadBytes, payloadText, prettyJson } from './payload.js';
import { jsonBlock, textBlock } from './payload-text.js';
import { counted, formatCount } from './units.js';

/** A way to look at a payload. */
interface PayloadView {
  readonly name: string;
  /** What is copied. */
  readonly text: string;
  readonly make: () => HTMLElement;
}

function viewsOf(message: MessageRow): PayloadView[] {
  const text = payloadText(message);
  const pretty = text === undefined ? undefined : prettyJson(text);
  const dump = hexDump(payloadBytes(message));
  const hex = (): HTMLElement => element('pre', { class: 'hex', attributes: { dir: 'ltr', tabindex: '0' } }, dump);
  return [
    ...(pretty === undefined ? [] : [{ name: 'JSON', text: pretty, make: () => jsonBlock(pretty) }]),
    ...(text === undefined ? [] : [{ name: 'Text', text, make: () => textBlock(text) }]),
    { name: 'Hex', text: dump, make: hex },
  ];
}

function copyButton(text: () => string): HTMLElement {
  const button = element('button', { class: 'copy', attributes: { type: 'button' } }, 'Copy');
  button.addEventListener('click', () => {
    navigator.clipboard.writeText(text()).then(
      () => {
        button.textContent = 'Copied';
      },
      () => {
        button.textContent = 'Not allowed';
      },
    );
  });
  return button;
}

function bodyOf(message: MessageRow): HTMLElement {
  const [, , size, , , content] = message;
  const body = element('div', { class: 'message-body' });
  if (content === '') {
    body.append(element('p', {}, size === 0 ? 'No payload.' : 'The report has no room for this payload.'));
    return body;
  }
  const views = viewsOf(message);
  let shown = views[0];
  const place = element('div', {});
  const tabs = views.map((view) => {
    const tab = element('button', { attributes: { type: 'button' } }, view.name);
    tab.addEventListener('click', () => {
      show(view);
    });
    return tab;
  });
  const show = (view: PayloadView) => {
    shown = view;
    tabs.forEach((tab, i) => {
      tab.setAttribute('aria-pressed', String(views[i] === view));
    });
    place.replaceChildren(view.make());
  };
  show(shown);
  const group = element('div', { class: 'tabs', attributes: { role: 'group', 'aria-label': 'Show as' } }, ...tabs);
  if (window.isSecureContext) group.append(copyButton(() => shown.text));
  body.append(group, place);
  const length = payloadBytes(message).length;
  if (length < size) {
    body.append(element('p', { class: 'cut' }, `The first ${formatCount(length)} of ${counted(size, 'byte')}.`));
  }
  return body;
}

/**
 * A message: its type, UUID and size, and its payload as JSON, text or a hex dump.
 *
 * @param isOpen whether the payload is shown at once; it is made when it is
 * @param isMatch whether the filter asks for it
 */
export function messageView(message: MessageRow, isOpen: boolean, isMatch: boolean): HTMLDetailsElement {
  const [nalUnit, payloadType, size, uuid] = message;
  const title = element('b', {}, seiPayloadTypeName(payloadType));
  const summary = element(
    'summary',
    {},
    title,
    element('small', {}, ` type ${payloadType} · ${counted(size, 'byte')} · in NAL unit ${nalUnit + 1}`),
  );
  if (uuid !== '') {
    const name = uuidName(uuid);
    const line = element('span', { class: 'uuid-line' }, uuid);
    if (name !== undefined) line.append(element('small', {}, ` ${name}`));
    summary.append(line);
  }
  const view = element('details', { class: isMatch ? 'message is-match' : 'message' }, summary);
  view.addEventListener('toggle', () => {
    if (view.open && view.childElementCount === 1) view.append(bodyOf(message));
  });
  if (isOpen) view.append(bodyOf(message));
  view.open = isOpen;
  return view;
}
