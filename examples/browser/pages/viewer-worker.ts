/** Stands in front of the decoder: reads the frames, and hands the messages on to the page. */
import { SeiSubscriber, createSeiReceiverTransform, forwardSeiMessages, pipeEncodedFrames } from 'h264-sei/browser';
import type { TransformScope } from './transform-scope.js';

const scope = self as unknown as TransformScope;
const subscriber = new SeiSubscriber({ onMessage: forwardSeiMessages(scope) });

scope.onrtctransform = ({ transformer }) => {
  void pipeEncodedFrames(transformer, createSeiReceiverTransform({ subscriber }));
};
