import { uuidName } from '../../names.js';
import { element } from './dom.js';
import { PICTURE_NAMES } from './pictures.js';
import type { ReportData } from './report-data.js';
import { counted, formatBitRate, formatBytes, formatCount, formatShare, formatTime } from './units.js';

/** What a figure says: its name, its value, and what explains it. */
type Figure = readonly [name: string, value: string, note: string];

function figuresOf(data: ReportData): Figure[] {
  const { summary } = data;
  const { size, frames, milliseconds, messages, seiBytes } = summary;
  const counts = data.pictureCounts();
  const kinds = PICTURE_NAMES.filter(({ picture }) => counts[picture] > 0)
    .map(({ picture, short }) => `${formatCount(counts[picture])} ${short}`)
    .join(' · ');
  const uuids = data.uuids();
  const withMessages = data.messageCounts.reduce((sum, count) => sum + Math.min(count, 1), 0);
  const isTimed = milliseconds !== null && milliseconds > 0;
  const mean = `${formatBytes(size / Math.max(1, frames))} a frame`;
  const rate = isTimed
    ? `${String(Number(((1000 * frames) / milliseconds).toFixed(3)))} frames/s`
    : 'no frame rate is known';
  return [
    ['Frames', formatCount(frames), kinds],
    ['Duration', isTimed ? formatTime(milliseconds) : '–', rate],
    ['Bitrate', isTimed ? formatBitRate((8000 * size) / milliseconds) : '–', mean],
    ['SEI messages', formatCount(messages), `in ${counted(withMessages, 'frame')}`],
    ['SEI share', formatShare(seiBytes, size), `${formatBytes(seiBytes)} of ${formatBytes(size)}`],
    ['UUIDs', formatCount(uuids.length), uuidNote(uuids)],
  ];
}

function uuidNote(uuids: readonly (readonly [string, number])[]): string {
  const names = uuids.map(([uuid]) => uuidName(uuid)).filter((name) => name !== undefined);
  return names.length > 0 ? names.join(', ') : uuids.length > 0 ? 'none of them known' : 'none';
}

/** Shows the figures of the stream. */
export function showFigures(place: HTMLElement, data: ReportData): void {
  for (const [name, value, note] of figuresOf(data)) {
    const figure = element('div', { class: 'figure' }, element('dt', {}, name), element('dd', {}, value));
    figure.append(element('small', {}, note));
    place.append(figure);
  }
}
