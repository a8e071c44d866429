import { Encoding } from '../model.js';
import { seiPayloadTypeName } from '../../names.js';
import { Redraw } from './canvas.js';
import { pictureBadge } from './detail.js';
import { element } from './dom.js';
import { type Matches, positionOf } from './filter.js';
import { oneLine } from './payload.js';
import type { ReportData } from './report-data.js';
import { describeFrame } from './timeline.js';
import { formatBytes, formatCount, formatTime } from './units.js';

/** The height of a row; the style sheet has it as well. */
const ROW_HEIGHT = 48;

/** Browsers lay out nothing that is much higher. A longer list scrolls by more than it is moved. */
const MAX_HEIGHT = 8_000_000;

/** Characters of a message in a row. */
const PREVIEW_LENGTH = 120;

/** The frames that the filter lets through, of which only the rows that are to be seen exist. */
export class FrameList {
  readonly #list: HTMLElement;
  readonly #rows: HTMLElement;
  readonly #data: ReportData;
  readonly #redraw = new Redraw(() => {
    this.draw();
  });
  #matches: Matches;
  #selected = 0;

  /**
   * @param list scrolls
   * @param rows is as high as all rows
   * @param data the report
   * @param matches which frames there are at first
   * @param onSelect called with the frame that was clicked
   */
  constructor(
    list: HTMLElement,
    rows: HTMLElement,
    data: ReportData,
    matches: Matches,
    onSelect: (frame: number) => void,
  ) {
    this.#list = list;
    this.#rows = rows;
    this.#data = data;
    this.#matches = matches;
    list.addEventListener('scroll', () => {
      this.#redraw.ask();
    });
    rows.addEventListener('click', ({ target }) => {
      const row = target instanceof Element ? target.closest<HTMLElement>('[data-frame]') : null;
      if (row !== null) onSelect(Number(row.dataset['frame']));
    });
  }

  /** Changes which frames there are. */
  set matches(matches: Matches) {
    this.#matches = matches;
    this.#rows.style.height = `${this.#height}px`;
    this.#reveal();
    this.#redraw.ask();
  }

  /** Marks a frame and goes to it. */
  set selected(frame: number) {
    this.#selected = frame;
    this.#reveal();
    this.#redraw.ask();
  }

  /** How many rows are to be seen. */
  get pageLength(): number {
    return Math.max(1, Math.floor(this.#list.clientHeight / ROW_HEIGHT) - 1);
  }

  /** Makes the rows that are to be seen. */
  draw(): void {
    const { frames } = this.#matches;
    const offset = this.#offset;
    const first = Math.max(0, Math.floor(offset / ROW_HEIGHT) - 2);
    const end = Math.min(frames.length, first + Math.ceil(this.#list.clientHeight / ROW_HEIGHT) + 5);
    const rows: HTMLElement[] = [];
    for (let i = first; i < end; i++) {
      const row = this.#row(frames[i], i);
      row.style.transform = `translateY(${i * ROW_HEIGHT - offset + this.#list.scrollTop}px)`;
      rows.push(row);
    }
    this.#rows.replaceChildren(...rows);
    const isSelectedThere = rows.some((row) => row.ariaSelected === 'true');
    if (isSelectedThere) this.#list.setAttribute('aria-activedescendant', `frame-${this.#selected}`);
    else this.#list.removeAttribute('aria-activedescendant');
  }

  get #fullHeight(): number {
    return this.#matches.frames.length * ROW_HEIGHT;
  }

  get #height(): number {
    return Math.min(this.#fullHeight, MAX_HEIGHT);
  }

  /** How far the rows are scrolled, were all of them there. */
  get #offset(): number {
    const range = this.#height - this.#list.clientHeight;
    if (range <= 0) return 0;
    return (this.#list.scrollTop / range) * (this.#fullHeight - this.#list.clientHeight);
  }

  #reveal(): void {
    const { frames, isMatch } = this.#matches;
    if (isMatch[this.#selected] !== 1) return;
    const top = positionOf(frames, this.#selected) * ROW_HEIGHT;
    const visible = this.#list.clientHeight;
    const offset = this.#offset;
    const wanted = top < offset ? top : Math.max(offset, top + ROW_HEIGHT - visible);
    const range = this.#fullHeight - visible;
    if (wanted !== offset && range > 0) this.#list.scrollTop = (wanted / range) * (this.#height - visible);
  }

  #row(index: number, position: number): HTMLElement {
    const [, size, picture, milliseconds, , messages] = this.#data.frames[index];
    const count = this.#data.messageCounts[index];
    const number = element('span', { class: 'number' }, element('b', {}, formatCount(index)));
    if (milliseconds !== null) number.append(element('small', {}, formatTime(milliseconds)));
    const amount = element('span', { class: 'amount' }, formatBytes(size));
    if (count > 0) amount.append(element('small', {}, `${formatCount(count)} SEI`));
    const { test } = this.#matches;
    const message =
      (test === undefined ? undefined : messages.find(test)) ??
      messages.find(([, , , uuid]) => uuid !== '') ??
      messages[0];
    const preview = element('span', { class: 'preview', attributes: { dir: 'auto' } });
    if (message !== undefined) {
      const [, payloadType, , , encoding, content] = message;
      const isText = encoding === Encoding.text && content !== '';
      preview.textContent = isText ? oneLine(content, PREVIEW_LENGTH) : seiPayloadTypeName(payloadType);
    }
    return element(
      'div',
      {
        class: 'row',
        attributes: {
          id: `frame-${index}`,
          role: 'option',
          'data-frame': String(index),
          'aria-label': describeFrame(this.#data, index),
          'aria-posinset': String(position + 1),
          'aria-setsize': String(this.#matches.frames.length),
          'aria-selected': String(index === this.#selected),
        },
      },
      pictureBadge(picture),
      number,
      preview,
      amount,
    );
  }
}
