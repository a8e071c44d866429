/** What a frame costs a receiver: one without a message, which nearly every frame is, and one with. */
import type { Comparison, Side, Task } from '../harness/comparison.js';
import { annexBFrame } from '../inputs.js';

const FRAME_LENGTH = 30_000;
const FRAMES = 64;
const TEXT = 'a caption of some length, '.repeat(4);

function task({ library }: Side, hasMessages: boolean): Task {
  const publisher = new library.SeiPublisher({ repeatCount: 1, maxMessagesPerFrame: 1 });
  const injector = new library.SeiInjector({ publisher });
  let received = 0;
  const subscriber = new library.SeiSubscriber({ onMessage: () => received++ });
  const frames: Uint8Array[] = Array<Uint8Array>(FRAMES).fill(annexBFrame(FRAME_LENGTH));
  let number = 0;
  let next = 0;
  return {
    calls: FRAMES,
    before() {
      if (received !== number) throw new Error('a message was not received');
      next = 0;
      if (!hasMessages) return;
      for (let i = 0; i < FRAMES; i++) {
        publisher.publishJson({ number: number++, text: TEXT });
        frames[i] = injector.inject(annexBFrame(FRAME_LENGTH));
      }
    },
    run() {
      subscriber.processFrame(frames[next++]);
      return received;
    },
  };
}

/** Both kinds of frames. */
export const comparisons: readonly Comparison[] = [
  {
    name: 'SeiSubscriber.processFrame, frames of 30 kB',
    bytes: FRAME_LENGTH,
    items: { unit: 'frames', count: 1 },
    quick: true,
    sides: 'auto',
    tasks: (side) => ({ 'no message': task(side, false), 'a new message in each': task(side, true) }),
  },
];
