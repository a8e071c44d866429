/**
 * Metadata in H.264 byte streams (Annex B) in any chunking: Node streams for pipes and sockets, and web streams.
 *
 * @module
 */
export { type SeiExtractStreamOptions, type SeiExtractStreamStats, type SeiExtractVideoOptions } from './extract.js';
export { type SeiInjectStreamOptions, type SeiInjectStreamStats } from './inject.js';
export { type AbortOptions, type SeiTransform, createSeiExtractStream, createSeiInjectStream } from './node.js';
export { type SeiWebTransform, createSeiExtractWebStream, createSeiInjectWebStream } from './web.js';
