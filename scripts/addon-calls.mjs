// Calls every function of an addon, for a checker of memory that watches the process:
//
//     node scripts/addon-calls.mjs <file of the addon> <rounds>
//
// Frames depend on the round alone. All memory is a block of its own, as large as it has to be, and what is written to
// has not been written before. What the addon says it has written is handed to it once more, to be read there: whether
// a byte was never written shows where something depends on it.
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [file, rounds] = process.argv.slice(2);
const addon = createRequire(import.meta.url)(resolve(file));

const NUMBERS_OF_RECORD = 7;
/** What src/codec/results.ts packs its numbers by. */
const OFFSET_SCALE = 0x20000;
const COUNT_SCALE = 0x100;
const IN_SCRATCH = 1;
const MAX_PACKET_SIZE = 1200;
const ANNEX_B = 1;
const AVCC_4 = 0x14;
const HINTS = [0, 0x10, ANNEX_B, 2, 0x11, 0x12, AVCC_4];

const PIECES = [
  [0, 0, 0, 1], [0, 0, 1], [0, 0, 3], [0, 0, 0, 5], [0, 5], [5], [0x09, 0xf0], [0x67, 66, 0, 30, 1], [0x68, 0xce, 0x80],
  [0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21], [0x41, 0x9a, 0x21], [0x6e, 0x40, 0x80], [0, 0, 1, 6, 5, 3, 1, 0, 0, 3, 1, 0x80],
  [0x06, 0x05, 0xff, 0xff, 0x10, 0, 0, 3], [0x78], [0x7c, 0x85], [0, 0, 0, 0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff],
]; // prettier-ignore

/** mulberry32. */
function randomOf(seed) {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** A block of the heap that has not been written to, even for a few bytes. */
const blockOf = (size) => Buffer.allocUnsafeSlow(size);

function bytesOf(values) {
  const block = blockOf(values.length);
  block.set(values);
  return block;
}

function frameOf(random) {
  const values = [];
  const size = random(4) === 0 ? random(1500) : random(200);
  while (values.length < size) {
    values.push(...PIECES[random(PIECES.length)]);
    for (let run = random(3) === 0 ? random(80) : 0; run > 0; run--) values.push(random(256));
  }
  return bytesOf(values.slice(0, size));
}

/** Has the addon read what it has written: bytes, or the numbers of a table. */
function readBack(memory, length) {
  addon.escapedLength(new Uint8Array(memory.buffer, memory.byteOffset, length));
}

function rewrite(frame) {
  const escaped = blockOf(addon.escapedLength(frame));
  readBack(escaped, addon.escape(frame, escaped));
  const rbsp = blockOf(escaped.length);
  readBack(rbsp, addon.unescape(escaped, rbsp));
  readBack(rbsp, addon.unescape(frame, rbsp));
  refused(() => addon.escape(frame, blockOf(Math.max(escaped.length - 1, 0))), frame.length > 0);
}

function scan(frame) {
  const count = addon.scanStartCodes(frame, new Uint32Array(0));
  const offsets = new Uint32Array(blockOf(4 * count).buffer);
  addon.scanStartCodes(frame, offsets);
  readBack(offsets, 4 * count);
}

/** Writes into plenty of room, then into exactly enough, then into a byte less. */
function write(room, call) {
  const written = call(blockOf(room));
  if (written <= 0) return;
  const exact = blockOf(written);
  readBack(exact, call(exact));
  call(blockOf(written - 1));
}

function splice(frame, nalUnits, hint) {
  addon.detect(frame, hint);
  const units = Array.isArray(nalUnits) ? nalUnits : [nalUnits];
  const room = frame.length + units.reduce((sum, { length }) => sum + length + 4, 64);
  const location = addon.locate(frame, hint);
  if (location >= OFFSET_SCALE) write(room, (target) => addon.splice(frame, nalUnits, target, location));
  write(room, (target) => addon.inject(frame, nalUnits, target, hint, MAX_PACKET_SIZE));
}

function extract(frame, hint, random) {
  const records = new Uint32Array(blockOf(4 * NUMBERS_OF_RECORD * random(6)).buffer);
  const scratch = blockOf(random(2) === 0 ? frame.length : random(frame.length + 1));
  const result = addon.extractSeiRecords(frame, hint, random(2) === 0, records, scratch);
  const found = Math.min(Math.floor(result / COUNT_SCALE), records.length / NUMBERS_OF_RECORD);
  if (found <= 0) return;
  readBack(records, 4 * NUMBERS_OF_RECORD * found);
  for (let at = 0; at < found * NUMBERS_OF_RECORD; at += NUMBERS_OF_RECORD) {
    const [offset, length, flags] = records.subarray(at + 4, at + NUMBERS_OF_RECORD);
    addon.escapedLength(((flags & IN_SCRATCH) === 0 ? frame : scratch).subarray(offset, offset + length));
  }
  const isRemoved = bytesOf(Array.from({ length: found }, () => random(2)));
  const framing = result % COUNT_SCALE;
  write(2 * frame.length, (target) => addon.removeSei(frame, framing, records, isRemoved, target));
  refused(() => addon.removeSei(frame.subarray(0, frame.length >> 1), framing, records, isRemoved, scratch), false);
}

function convert(frame, hint, random) {
  const bounds = new Uint32Array(blockOf(8 * random(20)).buffer);
  const result = addon.splitNalUnits(frame, hint, bounds);
  const count = Math.floor(result / COUNT_SCALE);
  if (count <= 0 || 2 * count > bounds.length) return;
  readBack(bounds, 8 * count);
  const table = bounds.slice(0, 2 * count);
  for (const framing of [ANNEX_B, AVCC_4]) {
    write(frame.length + 4 * count, (target) => addon.joinNalUnits(frame, table, framing, target));
  }
}

/** A call that has to throw, unless it may do either. */
function refused(call, isRefused = true) {
  try {
    call();
  } catch {
    return;
  }
  if (isRefused) throw new Error(`an argument was not refused: ${call}`);
}

function refuseArguments(frame, unit) {
  refused(() => addon.detect('text', 0));
  refused(() => addon.detect(frame, 3));
  refused(() => addon.escape(frame));
  refused(() => addon.inject(frame, [unit, 5], frame, 0, MAX_PACKET_SIZE));
  refused(() => addon.splice(frame, unit, frame, (frame.length + 1) * OFFSET_SCALE + ANNEX_B));
  refused(() => addon.splice(frame, unit, frame, ANNEX_B));
  refused(() => addon.joinNalUnits(frame, Uint32Array.of(0, frame.length + 1), ANNEX_B, frame));
  refused(() => addon.joinNalUnits(frame, Uint32Array.of(1, 0), ANNEX_B, frame));
  refused(() => addon.inject(frame, Array.from({ length: 20 }), frame, 0, MAX_PACKET_SIZE));
  refused(() => addon.inject(frame, unit, frame, 0, -1));
  refused(() => addon.extractSeiRecords(frame, 3, false, new Uint32Array(7), frame));
  refused(() => addon.selectKernel(5));
}

const kernels = addon.kernels();
for (let round = 0; round < Number(rounds); round++) {
  const random = randomOf(round);
  const frame = frameOf(random);
  const units = Array.from({ length: random(2) === 0 ? random(4) : 20 }, () => bytesOf([6, 4, 1, random(256), 0x80]));
  const unit = bytesOf([6, 5, 1, 7, ...Array(random(300)).fill(8), 0x80]);
  if (!addon.selectKernel(kernels[round % kernels.length])) throw new Error('a kernel cannot be selected');
  rewrite(frame);
  scan(frame);
  for (const hint of HINTS) {
    splice(frame, random(2) === 0 ? units : unit, hint);
    extract(frame, hint, random);
    convert(frame, hint, random);
  }
  refuseArguments(frame, unit);
  const detached = new Uint8Array(64);
  structuredClone(detached, { transfer: [detached.buffer] });
  addon.escapedLength(detached);
}
console.log(`addon-calls: ${rounds} rounds with the kernels ${kernels.join(', ')}`);
