/**
 * What everyone writes first: a loop over the bytes, arrays of numbers, Buffer.concat. It is right on the frames of the
 * benchmarks, which is what it is used for.
 */

const START_CODE = Buffer.from([0, 0, 0, 1]);

/** The index of the byte behind each start code prefix. */
export function scan(data: Uint8Array): number[] {
  const offsets = [];
  for (let i = 0; i + 2 < data.length; i++) {
    if (data[i] === 0 && data[i + 1] === 0 && data[i + 2] === 1) offsets.push(i + 3);
  }
  return offsets;
}

/** The same with the search of Node.js. */
export function scanByIndexOf(data: Buffer): number[] {
  const offsets = [];
  const prefix = START_CODE.subarray(1);
  for (let at = data.indexOf(prefix); at >= 0; at = data.indexOf(prefix, at + 3)) offsets.push(at + 3);
  return offsets;
}

/** Emulation prevention, byte by byte. */
export function escape(rbsp: Uint8Array): Buffer {
  const bytes: number[] = [];
  let zeros = 0;
  for (const byte of rbsp) {
    if (zeros === 2 && byte <= 3) {
      bytes.push(3);
      zeros = 0;
    }
    bytes.push(byte);
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return Buffer.from(bytes);
}

/** Emulation prevention taken out, byte by byte. */
export function unescape(data: Uint8Array): Buffer {
  const bytes: number[] = [];
  for (let i = 0; i < data.length; i++) {
    if (i >= 2 && data[i] === 3 && data[i - 1] === 0 && data[i - 2] === 0) continue;
    bytes.push(data[i]);
  }
  return Buffer.from(bytes);
}

/** One user_data_unregistered message in front of the first slice. */
export function inject(frame: Buffer, uuid: Uint8Array, userData: Uint8Array): Buffer {
  const size = uuid.length + userData.length;
  const sizeBytes = [];
  for (let rest = size; ; rest -= 255) {
    sizeBytes.push(Math.min(rest, 255));
    if (rest < 255) break;
  }
  const rbsp = Buffer.concat([Buffer.from([5, ...sizeBytes]), uuid, userData, Buffer.from([0x80])]);
  const slice = scan(frame).find((offset) => (frame[offset] & 0x1f) >= 1 && (frame[offset] & 0x1f) <= 5);
  if (slice === undefined) return frame;
  const hasZeroByte = frame[slice - 4] === 0;
  const at = slice - (hasZeroByte ? 4 : 3);
  return Buffer.concat([frame.subarray(0, at), START_CODE, Buffer.from([6]), escape(rbsp), frame.subarray(at)]);
}

/** The payloads of the user_data_unregistered messages of a frame that has one message in each SEI NAL unit. */
export function extract(frame: Buffer): Buffer[] {
  const payloads: Buffer[] = [];
  const offsets = scan(frame);
  offsets.forEach((offset, i) => {
    if ((frame[offset] & 0x1f) !== 6) return;
    const rbsp = unescape(frame.subarray(offset + 1, i + 1 < offsets.length ? offsets[i + 1] - 3 : frame.length));
    if (rbsp[0] !== 5) return;
    let at = 1;
    let size = 0;
    while (rbsp[at] === 255) size += rbsp[at++];
    size += rbsp[at++];
    payloads.push(rbsp.subarray(at, at + size));
  });
  return payloads;
}
