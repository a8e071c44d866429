/** What a frame costs a server: with nothing to say, and with one message for each frame. */
import type * as Index from '../../src/index.js';
import type { Comparison, Task } from '../harness/comparison.js';
import { atLeastPerSecond, atMostNanoseconds } from '../harness/targets.js';
import { annexBFrame, targetBytes } from '../inputs.js';

const FRAME_LENGTH = 30_000;
/** Frames between two pauses in which messages are published. */
const FRAMES = 64;
const TEXT = 'a caption of some length, '.repeat(4);

const frame = () => annexBFrame(FRAME_LENGTH);

function idle(): Comparison {
  return {
    name: 'SeiInjector.inject, nothing pending',
    items: { unit: 'frames', count: 1 },
    quick: true,
    sides: 'auto',
    tasks({ library }) {
      const injector = new library.SeiInjector({ publisher: new library.SeiPublisher() });
      const data = frame();
      return { '': { run: () => injector.inject(data).length } };
    },
    targets: [atMostNanoseconds('injector', 50, 'auto')],
  };
}

type Injector = Index.SeiInjector;
type Call = (injector: Injector, data: Uint8Array) => number;

/** A copy is pending for each frame: each takes one message, once. */
function pendingTask(library: typeof Index, call: Call): Task {
  const publisher = new library.SeiPublisher({ repeatCount: 1, maxMessagesPerFrame: 1 });
  const injector = new library.SeiInjector({ publisher });
  const data = frame();
  let number = 0;
  return {
    calls: FRAMES,
    before() {
      if (injector.stats.framesInjected !== number) throw new Error('a frame got no message');
      for (let message = 0; message < FRAMES; message++) publisher.publishJson({ number: number++, text: TEXT });
    },
    run: () => call(injector, data),
  };
}

function pending(): Comparison {
  return {
    name: 'SeiInjector, frames of 30 kB with one copy pending each',
    bytes: FRAME_LENGTH,
    items: { unit: 'frames', count: 1 },
    quick: true,
    sides: 'auto',
    tasks({ library }) {
      const target = targetBytes(FRAME_LENGTH + 4096);
      return {
        inject: pendingTask(library, (injector, data) => injector.inject(data).length),
        injectInto: pendingTask(library, (injector, data) => injector.injectInto(data, target)),
        injectParts: pendingTask(library, (injector, data) => injector.injectParts(data).length),
      };
    },
    targets: [
      atLeastPerSecond('injector', 500_000, 'frames', 'auto, injectInto'),
      atLeastPerSecond('injector', 1_000_000, 'frames', 'auto, injectParts'),
    ],
  };
}

/** Idle and busy. */
export const comparisons: readonly Comparison[] = [idle(), pending()];
