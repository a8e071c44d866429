/** Stands behind the encoders: puts what the page publishes into the frames, for every viewer. */
import { SeiPublisher, createSeiSenderTransform, exposeSeiPublisher, pipeEncodedFrames } from 'h264-sei/browser';
import type { TransformScope } from './transform-scope.js';

const scope = self as unknown as TransformScope;
const publisher = new SeiPublisher();

exposeSeiPublisher(scope, publisher);

scope.onrtctransform = ({ transformer }) => {
  void pipeEncodedFrames(transformer, createSeiSenderTransform({ publisher }));
};
