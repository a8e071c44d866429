/** An option that does not exist throws, whatever takes it, and the right one is named. */
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import * as library from '../../src/index.js';
import * as rtp from '../../src/rtp/index.js';
import { createSeiExtractStream, createSeiInjectStream } from '../../src/streams/index.js';
import { injectIntoFile, readPackets } from '../../src/files/index.js';

const frame = Uint8Array.of(0, 0, 0, 1, 0x65, 0x88, 0x84, 0x21);
const publisher = new library.SeiPublisher();

/** What a call throws. */
function errorOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** What takes options; the options that are wrong; the name that the message suggests. */
const calls: [string, (options: never) => unknown, Record<string, unknown>, string][] = [
  ['injectSei', (options) => library.injectSei(frame, [], options), { lengthsize: 4 }, 'lengthSize'],
  ['injectSeiParts', (options) => library.injectSeiParts(frame, [], options), { maxPacketsize: 4 }, 'maxPacketSize'],
  ['extractSei', (options) => library.extractSei(frame, options), { payloadType: [5] }, 'payloadTypes'],
  ['stripSei', (options) => library.stripSei(frame, options), { uuid: [] }, 'uuids'],
  ['detectH264Format', (options) => library.detectH264Format(frame, options), { avcc: frame }, 'avcC'],
  ['createSeiNalUnit', (options) => library.createSeiNalUnit('x', options), { uid: '' }, 'uuid'],
  ['SeiPublisher', (options) => new library.SeiPublisher(options), { repeatcount: 3 }, 'repeatCount'],
  ['publishText', (options) => publisher.publishText('x', options), { expireInMs: 3 }, 'expiresInMs'],
  ['SeiSubscriber', (options) => new library.SeiSubscriber(options), { onMesage: () => 0 }, 'onMessage'],
  ['SeiInjector', (options) => new library.SeiInjector(options), { publisher, maxframeGrowth: 9 }, 'maxFrameGrowth'],
  ['RtpSeiInjector', (options) => new rtp.RtpSeiInjector(options), { publisher, payloadtype: 96 }, 'payloadType'],
  ['createSeiInjectStream', (options) => createSeiInjectStream(options), { publisher, framerate: 25 }, 'frameRate'],
  ['createSeiExtractStream', (options) => createSeiExtractStream(options), { outputs: 'video' }, 'output'],
];

describe('an option that does not exist', () => {
  it.each(calls)('of %s', (_, call, options, right) => {
    const [wrong] = Object.keys(options).slice(-1);
    const error = errorOf(() => call(options as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'ERR_SEI_UNKNOWN_OPTION' });
    expect((error as Error).message).toContain(`.${wrong} is not an option of`);
    expect((error as Error).message).toContain(`Did you mean ${right}?`);
  });

  it('like no other: all are named', () => {
    const error = errorOf(() => library.extractSei(frame, { zzzzzzzzzz: 1 } as never));
    expect((error as Error).message).toBe(
      'options.zzzzzzzzzz is not an option of extractSei. Its options are format, lengthSize, avcC, scan, payloadTypes.',
    );
  });

  it('is looked for once in an object that is passed with each frame', () => {
    let looks = 0;
    const ownKeys = (target: object) => {
      looks++;
      return Reflect.ownKeys(target);
    };
    const fixed = new Proxy({ format: 'annexb' as const }, { ownKeys });
    for (let frames = 0; frames < 3; frames++) library.stripSei(frame, fixed);
    expect(looks).toBe(1);
    library.stripSei(frame, { format: 'annexb' });
    library.stripSei(frame, fixed);
    expect(looks).toBe(2);
    // A wrong object is checked in each call.
    const wrong = { uuid: [] } as never;
    for (let frames = 0; frames < 2; frames++) expect(errorOf(() => library.stripSei(frame, wrong))).toBeDefined();
  });

  it('is missing altogether', () => {
    for (const none of [undefined, null, 'text'] as never[]) {
      expect(errorOf(() => createSeiInjectStream(none))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
    expect(errorOf(() => createSeiExtractStream(null as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const messages = [{ payloadType: 5, payload: frame }] as never;
    expect(errorOf(() => library.createSei(messages))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('of a file', async () => {
    const call = injectIntoFile('a.mp4', 'b.mp4', { mesages: [] } as never);
    await expect(call).rejects.toMatchObject({ code: 'ERR_SEI_UNKNOWN_OPTION' });
    const none = injectIntoFile('a.mp4', 'b.mp4', { messages: null } as never);
    await expect(none).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    const wrong = readPackets(frame, { onTruncated: 5 } as never).next();
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  it.each(['toString', 'constructor', 'hasOwnProperty'])('of the name of a method of every object: %s', (name) => {
    const error = errorOf(() => library.extractSei(frame, { [name]: 1 }));
    expect(error).toMatchObject({ code: 'ERR_SEI_UNKNOWN_OPTION' });
  });

  it('is no option that is undefined', () => {
    expect(library.extractSei(frame, { format: undefined, scan: undefined })).toEqual([]);
  });
});

describe('SeiError', () => {
  it('is that of every copy of the library', () => {
    const { SeiError: Other } = createRequire(__filename)('../../dist/errors.js') as typeof library;
    expect(Other).not.toBe(library.SeiError);
    expect(new library.SeiError('ERR_SEI_MALFORMED', 'no')).toBeInstanceOf(Other);
    expect(new Other('ERR_SEI_MALFORMED', 'no')).toBeInstanceOf(library.SeiError);
    const copy = Object.assign(new Error('no'), { [Symbol.for('h264-sei.SeiError')]: true });
    expect(copy).toBeInstanceOf(library.SeiError);
    expect(new Error('no')).not.toBeInstanceOf(library.SeiError);
  });
});
