import { NalUnitType, nalUnitType } from '../../../codec/nal-unit.js';
import { nalUnitTypeName } from '../../names.js';
import { type FrameRow, NAL_UNIT_LENGTH, Picture } from '../model.js';
import { element } from './dom.js';
import { messageView } from './message-view.js';
import { pictureName } from './pictures.js';
import type { MessageTest, ReportData } from './report-data.js';
import { counted, formatBytes, formatCount, formatShare, formatTime } from './units.js';

/** So many messages of a frame are open at once; the others are when they are clicked. */
const MAX_OPEN_MESSAGES = 6;

const TIME_NAMES = { decoding: 'Decoding time', presentation: 'Presentation time' } as const;

/** A NAL unit, read out of a row. */
interface NalUnitFacts {
  /** In the file; where that is not one place, in the frame. */
  readonly offset: number;
  readonly size: number;
  readonly type: number;
  readonly refIdc: number;
  readonly picture: number;
}

function nalUnitsOf([offset, , , , numbers]: FrameRow): NalUnitFacts[] {
  const nalUnits: NalUnitFacts[] = [];
  for (let at = 0; at < numbers.length; at += NAL_UNIT_LENGTH) {
    const [offsetInFrame, size, header, picture] = numbers.slice(at, at + NAL_UNIT_LENGTH);
    const type = nalUnitType(header);
    nalUnits.push({ offset: (offset ?? 0) + offsetInFrame, size, type, refIdc: (header >> 5) & 3, picture });
  }
  return nalUnits;
}

/** A badge with the kind of a picture. */
export function pictureBadge(picture: number): HTMLElement {
  const { short, long } = pictureName(picture);
  return element('span', { class: 'badge', attributes: { 'data-picture': String(picture), title: long } }, short);
}

function fact(name: string, value: string): HTMLElement {
  return element('span', {}, `${name} `, element('b', {}, value));
}

/** The NAL units one behind the other, each as wide as it is large. */
function strip(nalUnits: readonly NalUnitFacts[]): HTMLElement {
  const parts = nalUnits.map(({ size, type, picture }) => {
    const part = element('span', { attributes: { 'data-picture': String(picture) } });
    if (type === NalUnitType.sei) part.className = 'sei';
    part.style.flex = `${size} 0 0`;
    return part;
  });
  return element('div', { class: 'strip', attributes: { 'aria-hidden': 'true' } }, ...parts);
}

function nalUnitTable(nalUnits: readonly NalUnitFacts[], frameSize: number): HTMLElement {
  const amount = (text: string) => element('td', { class: 'amount' }, text);
  const rows = nalUnits.map(({ offset, size, type, refIdc, picture }, i) => {
    const isSlice = picture !== Picture.none && type !== NalUnitType.idrSlice;
    const name = isSlice ? `${nalUnitTypeName(type)} (${pictureName(picture).short})` : nalUnitTypeName(type);
    return element(
      'tr',
      type === NalUnitType.sei ? { class: 'sei' } : {},
      amount(String(i + 1)),
      element('td', { class: 'name' }, name),
      amount(String(type)),
      amount(String(refIdc)),
      amount(formatCount(size)),
      amount(formatShare(size, frameSize)),
      amount(formatCount(offset)),
    );
  });
  const amountHead = (text: string) => element('th', { class: 'amount', attributes: { scope: 'col' } }, text);
  const columnHead = (text: string) => element('th', { class: 'name', attributes: { scope: 'col' } }, text);
  const head = element(
    'tr',
    {},
    amountHead('No.'),
    columnHead('Name'),
    amountHead('Type'),
    amountHead('Ref'),
    amountHead('Bytes'),
    amountHead('Share'),
    amountHead('Offset'),
  );
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...rows));
  return element(
    'div',
    { class: 'scroll', attributes: { tabindex: '0', role: 'group', 'aria-label': 'NAL units' } },
    table,
  );
}

function heading(title: string, listed: number, unlisted: number): HTMLElement {
  const more = unlisted === 0 ? '' : `, the first ${formatCount(listed)} are listed`;
  return element('h3', {}, title, element('small', {}, ` ${formatCount(listed + unlisted)}${more}`));
}

/** Shows everything about one frame. */
export class Detail {
  readonly #place: HTMLElement;
  readonly #data: ReportData;

  /** @param place what holds it @param data the report */
  constructor(place: HTMLElement, data: ReportData) {
    this.#place = place;
    this.#data = data;
  }

  /**
   * Shows a frame.
   *
   * @param index which
   * @param test tells which of its messages the filter asks for
   */
  show(index: number, test: MessageTest | undefined): void {
    const frame = this.#data.frames[index];
    const [offset, size, picture, milliseconds, , messages, unlistedNalUnits = 0, unlistedMessages = 0] = frame;
    const nalUnits = nalUnitsOf(frame);
    const title = `Frame ${formatCount(index)}`;
    this.#place.setAttribute('aria-label', title);
    this.#place.replaceChildren(
      element('div', { class: 'detail-head' }, element('h2', {}, title), pictureBadge(picture)),
      element(
        'div',
        { class: 'facts' },
        fact('Size', size < 1000 ? counted(size, 'byte') : `${formatBytes(size)} (${counted(size, 'byte')})`),
        ...(milliseconds === null ? [] : [fact(TIME_NAMES[this.#data.summary.timeKind], formatTime(milliseconds))]),
        ...(offset === null ? [] : [fact('Offset', formatCount(offset))]),
      ),
      strip(nalUnits),
    );
    if (messages.length + unlistedMessages > 0) {
      this.#place.append(heading('SEI messages', messages.length, unlistedMessages));
      messages.forEach((message, i) => {
        this.#place.append(messageView(message, i < MAX_OPEN_MESSAGES, test?.(message) === true));
      });
    }
    this.#place.append(heading('NAL units', nalUnits.length, unlistedNalUnits), nalUnitTable(nalUnits, size));
  }

  /** Goes to what is shown; to the first message that the filter asks for, or the first, where a message was chosen. */
  focus(isMessage: boolean): void {
    const messages = this.#place.querySelector<HTMLElement>('.message.is-match, .message');
    const target = isMessage && messages !== null ? messages : this.#place;
    target.scrollIntoView({ block: 'nearest' });
    (target.querySelector<HTMLElement>('summary') ?? target).focus({ preventScroll: true });
  }
}
