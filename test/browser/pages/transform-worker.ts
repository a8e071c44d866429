/** The worker of both sides: it has the transforms, the page has the rest. */
import {
  SeiPublisher,
  SeiSubscriber,
  createSeiReceiverTransform,
  createSeiSenderTransform,
  exposeSeiPublisher,
  forwardSeiMessages,
  pipeEncodedFrames,
} from 'h264-sei/browser';
import type { SideOptions } from '../results.js';

/** What is used of the global scope of a worker, whose types would clash with those of the page. */
interface WorkerScope {
  onrtctransform: ((event: { readonly transformer: Transformer }) => void) | null;
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

interface Transformer {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  readonly options: SideOptions;
}

const scope = self as unknown as WorkerScope;
const stats = new Map<string, () => unknown>();

function transformFor({ side, publisher: options = {}, maxFrameGrowth, strip, throws = false }: SideOptions) {
  if (side === 'sender') {
    const publisher = new SeiPublisher(options);
    exposeSeiPublisher(scope, publisher);
    const transform = createSeiSenderTransform({ publisher, maxFrameGrowth });
    stats.set('sender', () => transform.stats);
    stats.set('publisher', () => publisher.stats);
    return transform;
  }
  const forward = forwardSeiMessages(scope);
  const subscriber = new SeiSubscriber({
    onMessage: (message) => {
      forward(message);
      if (throws) throw new Error('a handler that fails');
    },
  });
  const transform = createSeiReceiverTransform({ subscriber, strip });
  stats.set('receiver', () => transform.stats);
  stats.set('subscriber', () => subscriber.stats);
  return transform;
}

scope.onrtctransform = ({ transformer }) => {
  void pipeEncodedFrames(transformer, transformFor(transformer.options));
};

scope.addEventListener('message', ({ data }) => {
  const { ask, streams, options } = data as { ask?: string; streams?: Transformer; options?: SideOptions };
  if (ask === 'stats') {
    scope.postMessage({ stats: Object.fromEntries([...stats].map(([name, answer]) => [name, answer()])) });
  }
  // Older Chrome hands the streams out in the page, and they can be transferred.
  if (streams !== undefined && options !== undefined) void pipeEncodedFrames(streams, transformFor(options));
});
