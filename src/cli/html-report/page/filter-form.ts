import { uuidName } from '../../names.js';
import { byId, element } from './dom.js';
import type { Criteria } from './filter.js';
import { PICTURE_NAMES } from './pictures.js';
import type { ReportData } from './report-data.js';
import { formatCount } from './units.js';

/** So many UUIDs are offered, the most frequent ones; hostile streams have one for each message. */
const MAX_OFFERED_UUIDS = 100;

/** Milliseconds without a key that end the typing of a word. */
const TYPING_MS = 120;

/** The filter as the user sees it. */
export class FilterForm {
  readonly #pictures: readonly (readonly [picture: number, box: HTMLInputElement])[];
  readonly #text = byId('text', HTMLInputElement);
  readonly #uuid = byId('uuid', HTMLSelectElement);
  readonly #withMessages = byId('with-messages', HTMLInputElement);

  /** @param data the report @param onChange called when the criteria are others */
  constructor(data: ReportData, onChange: () => void) {
    const counts = data.pictureCounts();
    const place = byId('pictures', HTMLElement);
    this.#pictures = PICTURE_NAMES.filter(({ picture }) => counts[picture] > 0).map(({ picture, short, long }) => {
      const box = element('input', { attributes: { type: 'checkbox', 'aria-label': `${long} frames` } });
      box.checked = true;
      const swatch = element('span', { class: 'swatch', attributes: { 'data-picture': String(picture) } });
      const count = element('small', {}, formatCount(counts[picture]));
      place.append(element('label', { class: 'chip', attributes: { title: long } }, box, swatch, short, count));
      return [picture, box];
    });
    const uuids = data.uuids();
    for (const [uuid, count] of uuids.slice(0, MAX_OFFERED_UUIDS)) {
      const name = uuidName(uuid);
      const label = `${name === undefined ? '' : `${name}: `}${uuid} (${formatCount(count)})`;
      this.#uuid.append(element('option', { attributes: { value: uuid } }, label));
    }
    this.#uuid.disabled = uuids.length === 0;
    const form = byId('filter', HTMLFormElement);
    let typing: ReturnType<typeof setTimeout> | undefined;
    form.addEventListener('input', ({ target }) => {
      clearTimeout(typing);
      typing = setTimeout(onChange, target === this.#text ? TYPING_MS : 0);
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
    });
  }

  /** What is asked for. */
  get criteria(): Criteria {
    return {
      text: this.#text.value,
      uuid: this.#uuid.value,
      pictures: new Set(this.#pictures.filter(([, box]) => box.checked).map(([picture]) => picture)),
      withMessages: this.#withMessages.checked,
    };
  }

  /** Goes to the field for text. */
  focus(): void {
    this.#text.focus();
    this.#text.select();
  }
}
