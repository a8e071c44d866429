/** The script of the page that `h264-sei inspect --html` writes. */
import { byId } from './dom.js';
import { showFigures } from './figures.js';
import { type ReportData, readReportData } from './report-data.js';
import { ReportView } from './report-view.js';
import { counted, formatBytes, formatCount } from './units.js';

function showHeader({ summary }: ReportData): void {
  const { name, generator, size, frames, listedFrames, nalUnits } = summary;
  document.title = `${name} – ${generator}`;
  byId('name', HTMLElement).textContent = name;
  byId('origin', HTMLElement).textContent = `${formatBytes(size)} in ${counted(nalUnits, 'NAL unit')} · ${generator}`;
  if (listedFrames < frames) {
    const notice = byId('notice', HTMLElement);
    notice.textContent = `The report has room for the first ${formatCount(listedFrames)} of ${counted(frames, 'frame')}. Types and UUIDs are counted in those, everything else in all.`;
    notice.hidden = false;
  }
}

function start(): void {
  const data = readReportData();
  showHeader(data);
  showFigures(byId('figures', HTMLElement), data);
  if (data.frames.length === 0) return;
  byId('main', HTMLElement).hidden = false;
  new ReportView(data).start();
}

try {
  start();
} catch (error) {
  byId('origin', HTMLElement).textContent = `This report cannot be shown: ${String(error)}`;
}
