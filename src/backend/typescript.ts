import { scanStartCodes } from '../codec/start-code-scan.js';
import { escape, escapedLength, unescape } from '../codec/emulation-prevention.js';
import { detect } from '../codec/format-detection.js';
import { locate } from '../codec/locate.js';
import { joinNalUnits, splitNalUnits } from '../codec/nal-unit-bounds.js';
import { extractSeiRecords } from '../codec/sei-extraction.js';
import { removeSei } from '../codec/sei-removal.js';
import { inject, splice } from '../codec/splice.js';
import type { Backend } from './backend.js';

/** The backend that runs everywhere: the functions of codec/ as they are. */
export const typescriptBackend: Backend = {
  name: 'typescript',
  kernel: 'typescript',
  scanStartCodes,
  escapedLength,
  escape: (rbsp, target) => escape(rbsp, target),
  unescape: (bytes, target) => unescape(bytes, target),
  detect,
  locate,
  splice,
  inject,
  extractSeiRecords,
  removeSei,
  splitNalUnits,
  joinNalUnits,
};
