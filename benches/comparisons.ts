/** The modules of comparisons, by their paths below benches/: a new one needs its line here. */
export const MODULES: readonly string[] = [
  'codec/byte-stream.ts',
  'codec/emulation-prevention.ts',
  'frame/detect.ts',
  'frame/sei-nal-unit.ts',
  'frame/inject.ts',
  'frame/extract.ts',
  'frame/strip.ts',
  'frame/convert.ts',
  'frame/linear.ts',
  'publish/injector.ts',
  'receive/subscriber.ts',
  'rtp/forward.ts',
  'cli/inject.ts',
];

/** What `npm run bench:peers` measures. */
export const PEER_MODULES: readonly string[] = ['peers/frame.ts', 'cli/inject.ts'];
