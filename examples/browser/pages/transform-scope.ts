import type { EncodedStreams, SeiMessagePort } from 'h264-sei/browser';

/** The global scope of a worker with a transform: its types and those of a page exclude each other. */
export interface TransformScope extends SeiMessagePort {
  onrtctransform: (event: { readonly transformer: EncodedStreams }) => void;
}
