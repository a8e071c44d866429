/**
 * For browsers: all of `h264-sei`, on the TypeScript backend, with what else works there: WebRTC encoded transforms,
 * WebCodecs, web streams, and a way from the page to the worker that has the transform. One ES module, of which a
 * bundler keeps what is used.
 *
 * @module
 */
export * from '../index.js';
export * from '../integrations/webcodecs.js';
export {
  type SeiExtractStreamOptions,
  type SeiExtractStreamStats,
  type SeiExtractVideoOptions,
} from '../streams/extract.js';
export { type SeiInjectStreamOptions, type SeiInjectStreamStats } from '../streams/inject.js';
export { type SeiWebTransform, createSeiExtractWebStream, createSeiInjectWebStream } from '../streams/web.js';

export { type EncodedFrameMetadata, type EncodedVideoFrame } from './encoded-frame.js';
export { type EncodedStreams, type SeiFrameTransform, pipeEncodedFrames } from './frame-transform.js';
export {
  type SeiReceiverTransformOptions,
  type SeiReceiverTransformStats,
  createSeiReceiverTransform,
} from './receiver-transform.js';
export {
  DEFAULT_MAX_FRAME_GROWTH,
  type SeiSenderTransformOptions,
  type SeiSenderTransformStats,
  createSeiSenderTransform,
} from './sender-transform.js';
export { type SeiMessagePort } from './message-port.js';
export { forwardSeiMessages, onSeiMessage } from './remote-messages.js';
export { type RemoteSeiPublisher, connectSeiPublisher, exposeSeiPublisher } from './remote-publisher.js';
