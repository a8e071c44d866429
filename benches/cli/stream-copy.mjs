// A plain copy by Node's streams: `node stream-copy.mjs <from> <to>`.
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

const [from, to] = process.argv.slice(2);
await pipeline(createReadStream(from), createWriteStream(to));
