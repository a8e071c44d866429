import { Detail } from './detail.js';
import { byId, element } from './dom.js';
import { type Matches, findMatches, positionOf } from './filter.js';
import { FilterForm } from './filter-form.js';
import { FrameList } from './frame-list.js';
import { Overview } from './overview.js';
import { oneLine, payloadText } from './payload.js';
import type { ReportData } from './report-data.js';
import { Timeline, describeFrame } from './timeline.js';
import { listenToPointers } from './timeline-input.js';
import { counted } from './units.js';
import { Viewport } from './viewport.js';

/** Frames that Page Up and Page Down pass in the timeline, as a part of those that are to be seen. */
const PAGE_PART = 0.5;

/** Streams with fewer frames have no overview: the timeline is one. */
const MIN_OVERVIEW_FRAMES = 150;

const TOOLTIP_MESSAGE_LENGTH = 80;

/** The parts of the page, and what the user does with them. */
export class ReportView {
  readonly #data: ReportData;
  readonly #viewport: Viewport;
  readonly #timelineCanvas = byId('timeline', HTMLCanvasElement);
  readonly #listElement = byId('list', HTMLElement);
  readonly #timeline: Timeline;
  readonly #overview: Overview;
  readonly #list: FrameList;
  readonly #detail: Detail;
  readonly #form: FilterForm;
  #matches: Matches;
  #selected = 0;

  /** @param data the report, with a frame at least */
  constructor(data: ReportData) {
    this.#data = data;
    this.#viewport = new Viewport(data.frames.length);
    this.#timeline = new Timeline(this.#timelineCanvas, data, this.#viewport);
    const overview = byId('overview', HTMLCanvasElement);
    overview.hidden = data.frames.length < MIN_OVERVIEW_FRAMES;
    this.#overview = new Overview(overview, data, this.#viewport, () => {
      this.#moved();
    });
    this.#form = new FilterForm(data, () => {
      this.#filter();
    });
    this.#matches = findMatches(data, this.#form.criteria);
    this.#list = new FrameList(this.#listElement, byId('rows', HTMLElement), data, this.#matches, (frame) => {
      this.select(frame);
    });
    this.#detail = new Detail(byId('detail', HTMLElement), data);
  }

  /** Shows the report; what is selected first is the first frame with a message, or the first frame. */
  start(): void {
    listenToPointers(this.#timelineCanvas, this.#timeline, this.#viewport, {
      select: (frame, isMark) => {
        this.select(frame);
        if (isMark) this.#detail.focus(true);
      },
      hover: (frame, x, y) => {
        this.#showTooltip(frame, x, y);
      },
      move: () => {
        this.#moved();
      },
    });
    this.#listenToButtons();
    this.#listenToKeys();
    this.#listenToScreen();
    this.#filter();
    this.select(
      Math.max(
        0,
        this.#data.messageCounts.findIndex((count) => count > 0),
      ),
    );
    this.#moved();
  }

  /** Selects a frame everywhere. */
  select(frame: number): void {
    this.#selected = Math.max(0, Math.min(frame, this.#data.frames.length - 1));
    this.#viewport.reveal(this.#selected);
    this.#timeline.selected = this.#selected;
    this.#list.selected = this.#selected;
    this.#detail.show(this.#selected, this.#matches.test);
    this.#overview.update();
  }

  #filter(): void {
    const matches = findMatches(this.#data, this.#form.criteria);
    this.#matches = matches;
    this.#timeline.isMatch = matches.isMatch;
    this.#overview.isMatch = matches.isMatch;
    this.#list.matches = matches;
    const isNone = matches.frames.length === 0;
    byId('no-match', HTMLElement).hidden = !isNone;
    this.#listElement.hidden = isNone;
    const all = this.#data.frames.length;
    byId('matches', HTMLOutputElement).textContent =
      matches.frames.length === all
        ? counted(all, 'frame')
        : `${counted(matches.frames.length, 'frame')} of ${all.toLocaleString('en')}`;
    byId('previous', HTMLButtonElement).disabled = byId('next', HTMLButtonElement).disabled = isNone;
    if (!isNone && matches.isMatch[this.#selected] !== 1) this.#goToMatch(1);
    else this.#detail.show(this.#selected, matches.test);
    this.#moved();
  }

  #moved(): void {
    byId('zoom-in', HTMLButtonElement).disabled = this.#viewport.isClosest;
    this.#timeline.update();
    this.#overview.update();
    byId('zoom-out', HTMLButtonElement).disabled = byId('zoom-fit', HTMLButtonElement).disabled =
      this.#viewport.showsAll;
  }

  /** Selects the next match, or the one before; behind the last comes the first. */
  #goToMatch(step: 1 | -1): void {
    const { frames } = this.#matches;
    if (frames.length === 0) return;
    const at = positionOf(frames, step === 1 ? this.#selected + 1 : this.#selected) + (step === 1 ? 0 : -1);
    this.select(frames[(at + frames.length) % frames.length]);
  }

  /** Selects the next match with messages, or the one before. */
  #goToMessage(step: 1 | -1): void {
    const { isMatch } = this.#matches;
    const { messageCounts } = this.#data;
    for (let i = this.#selected + step; i >= 0 && i < isMatch.length; i += step) {
      if (isMatch[i] !== 1 || messageCounts[i] === 0) continue;
      this.select(i);
      return;
    }
  }

  #zoom(factor: number): void {
    const { start, count } = this.#viewport;
    const isVisible = this.#selected >= start && this.#selected < start + count;
    this.#viewport.zoom(factor, isVisible ? this.#selected + 0.5 : start + count / 2);
    this.#moved();
  }

  #fit(): void {
    this.#viewport.fit();
    this.#moved();
  }

  #listenToButtons(): void {
    const onClick = (id: string, act: () => void) => {
      byId(id, HTMLButtonElement).addEventListener('click', act);
    };
    onClick('zoom-in', () => {
      this.#zoom(0.5);
    });
    onClick('zoom-out', () => {
      this.#zoom(2);
    });
    onClick('zoom-fit', () => {
      this.#fit();
    });
    onClick('next', () => {
      this.#goToMatch(1);
    });
    onClick('previous', () => {
      this.#goToMatch(-1);
    });
    onClick('scale', () => {
      this.#timeline.isRoot = !this.#timeline.isRoot;
      byId('scale', HTMLButtonElement).setAttribute('aria-pressed', String(this.#timeline.isRoot));
      this.#moved();
    });
  }

  #listenToKeys(): void {
    const page = () => Math.max(1, Math.round(this.#viewport.count * PAGE_PART));
    const end = this.#data.frames.length - 1;
    const inTimeline: Readonly<Record<string, () => void>> = {
      ArrowLeft: () => {
        this.select(this.#selected - 1);
      },
      ArrowRight: () => {
        this.select(this.#selected + 1);
      },
      PageUp: () => {
        this.select(this.#selected - page());
      },
      PageDown: () => {
        this.select(this.#selected + page());
      },
      Home: () => {
        this.select(0);
      },
      End: () => {
        this.select(end);
      },
      Enter: () => {
        this.#detail.focus(this.#data.messageCounts[this.#selected] > 0);
      },
    };
    const moveInList = (rows: number) => {
      const { frames } = this.#matches;
      const position = positionOf(frames, this.#selected) + rows;
      this.select(frames[Math.max(0, Math.min(position, frames.length - 1))]);
    };
    const inList: Readonly<Record<string, () => void>> = {
      ArrowUp: () => {
        moveInList(-1);
      },
      ArrowDown: () => {
        moveInList(1);
      },
      PageUp: () => {
        moveInList(-this.#list.pageLength);
      },
      PageDown: () => {
        moveInList(this.#list.pageLength);
      },
      Home: () => {
        moveInList(-Infinity);
      },
      End: () => {
        moveInList(Infinity);
      },
      Enter: () => {
        this.#detail.focus(this.#data.messageCounts[this.#selected] > 0);
      },
    };
    const everywhere: Readonly<Record<string, () => void>> = {
      n: () => {
        this.#goToMessage(1);
      },
      p: () => {
        this.#goToMessage(-1);
      },
      '+': () => {
        this.#zoom(0.5);
      },
      '-': () => {
        this.#zoom(2);
      },
      '0': () => {
        this.#fit();
      },
      '/': () => {
        this.#form.focus();
      },
      Escape: () => {
        this.#timelineCanvas.focus();
      },
    };
    const listen = (target: HTMLElement, actions: Readonly<Record<string, () => void>>, isGlobal = false) => {
      target.addEventListener('keydown', (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
        const { key, target: source } = event;
        const isTyping = source instanceof HTMLElement && source.matches('input[type="search"], select');
        if (isGlobal && isTyping && key !== 'Escape') return;
        const name = key.length === 1 ? key.toLowerCase() : key;
        const act = Object.hasOwn(actions, name) ? actions[name] : undefined;
        if (act === undefined) return;
        event.preventDefault();
        act();
      });
    };
    listen(this.#timelineCanvas, inTimeline);
    listen(this.#listElement, inList);
    listen(document.body, everywhere, true);
  }

  /** Draws anew when the size, the colors or the paper are others. */
  #listenToScreen(): void {
    const draw = () => {
      this.#timeline.draw();
      this.#overview.draw();
      this.#list.draw();
    };
    const observer = new ResizeObserver(draw);
    observer.observe(this.#timelineCanvas);
    observer.observe(this.#listElement);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
    window.addEventListener('beforeprint', () => {
      document.documentElement.dataset['print'] = '';
      draw();
    });
    window.addEventListener('afterprint', () => {
      delete document.documentElement.dataset['print'];
      draw();
    });
  }

  #showTooltip(frame: number | undefined, x: number, y: number): void {
    const tooltip = byId('tooltip', HTMLElement);
    tooltip.hidden = frame === undefined;
    if (frame === undefined) return;
    tooltip.replaceChildren(describeFrame(this.#data, frame));
    for (const message of this.#data.frames[frame][5].slice(0, 3)) {
      const text = payloadText(message);
      if (text !== undefined && text !== '') {
        tooltip.append(element('p', { attributes: { dir: 'auto' } }, oneLine(text, TOOLTIP_MESSAGE_LENGTH)));
      }
    }
    const { clientWidth: width } = this.#timelineCanvas;
    const isRight = x > width / 2;
    tooltip.style.transform = `translate(${Math.round(x + (isRight ? -14 : 14))}px, ${Math.round(y + 14)}px) translateX(${isRight ? '-100%' : '0'})`;
  }
}
