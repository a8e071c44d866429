/**
 * What code that moves from stages_sei writes instead: each row of the table in README.md, executed
 * as it stands there.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import * as library from '../../src/index.js';
import type { ReceivedSeiMessage, SeiPublisher, SeiSubscriber, SeiTicket } from '../../src/index.js';
import { annexB, nal, seiNal } from '../contract/frames.js';
import { messagesIn, pictures } from '../support/messages.js';

/** What the calls of the table find around them. */
interface World {
  readonly publisher: SeiPublisher;
  readonly subscriber: SeiSubscriber;
  readonly onMessage: (message: ReceivedSeiMessage) => void;
  readonly received: ReceivedSeiMessage[];
  readonly frame: Uint8Array;
  readonly bytes: Uint8Array;
  readonly message: ReceivedSeiMessage;
  readonly Encoder: typeof Encoder;
  readonly Decoder: typeof Decoder;
}

/** An encoder as an application has it. */
class Encoder {
  encode(): Uint8Array {
    return Uint8Array.from(pictures.idr);
  }
}

/** A decoder as an application has it. */
class Decoder {
  decode(frame: Uint8Array): number {
    return frame.length;
  }
}

interface Row {
  readonly theirs: string;
  readonly ours: string;
  readonly check: (result: unknown, world: World) => void | Promise<void>;
}

/** What a new injector of the publisher puts into the next frame. */
function next({ publisher }: World): string[] {
  return messagesIn(new library.SeiInjector({ publisher }).inject(pictures.p));
}

const rows: readonly Row[] = [
  {
    theirs: 'publisher.publish_text("hello")',
    ours: "publisher.publishText('hello')",
    check: (result, world) => {
      expect(result).toBeTruthy();
      expect(next(world)[0]).toMatch(/^\{"text":"hello","timestamp":\d+(\.\d+)?,"type":"text_content"\}$/);
    },
  },
  {
    theirs: 'await publisher.publish_text("hello")',
    ours: "await publisher.publishText('hello')",
    check: (result, world) => {
      expect((result as SeiTicket).id).toBe(1);
      expect(next(world)).toHaveLength(1);
    },
  },
  {
    theirs: 'publisher.publish_json({"score": 3})',
    ours: 'publisher.publishJson({ score: 3 })',
    check: (_, world) => {
      expect(next(world)[0]).toMatch(/^\{"score":3,"timestamp":\d+(\.\d+)?\}$/);
    },
  },
  {
    theirs: 'publisher.get_queue_size()',
    ours: 'publisher.getQueueSize()',
    check: (result) => {
      expect(result).toBe(0);
    },
  },
  {
    theirs: 'publisher.clear_queue()',
    ours: 'publisher.clearQueue()',
    check: (result, world) => {
      expect(result).toBe(0);
      world.publisher.publishText('gone');
      expect([world.publisher.clearQueue(), world.publisher.getQueueSize()]).toEqual([1, 0]);
    },
  },
  {
    theirs: 'set_global_sei_publisher(publisher)',
    ours: 'setGlobalSeiPublisher(publisher)',
    check: (_, { publisher }) => {
      expect(library.getGlobalSeiPublisher()).toBe(publisher);
    },
  },
  {
    theirs: 'patch_h264_encoder()',
    ours: "patchH264Encoder(Encoder.prototype, { methods: 'encode' })",
    check: (result, { publisher, Encoder: Patched }) => {
      const handle = result as library.PatchHandle;
      expect(handle.applied).toBe(true);
      library.setGlobalSeiPublisher(publisher);
      publisher.publishText('hello');
      const encoder = new Patched();
      expect([1, 2, 3, 4].map(() => messagesIn(encoder.encode()).length)).toEqual([1, 1, 1, 0]);
      handle.close();
    },
  },
  {
    theirs: 'the decoder patch',
    ours: "patchH264Decoder(Decoder.prototype, { methods: 'decode', subscriber })",
    check: (result, { Decoder: Patched, subscriber, frame }) => {
      expect(new Patched().decode(frame)).toBe(frame.length);
      expect(subscriber.stats.messagesProcessed).toBe(1);
      (result as library.PatchHandle).close();
    },
  },
  {
    theirs: 'SeiSubscriber(callback)',
    ours: 'new SeiSubscriber({ onMessage })',
    check: (result, { frame, received }) => {
      (result as SeiSubscriber).processFrame(frame);
      expect(received).toHaveLength(1);
    },
  },
  {
    theirs: 'a subscriber to the UUID of Amazon IVS',
    ours: 'new SeiSubscriber({ onMessage, uuids: [IVS_SEI_UUID] })',
    check: (result, { frame, received }) => {
      const subscriber = result as SeiSubscriber;
      subscriber.processFrame(frame);
      expect(received).toEqual([]);
      const publisher = new library.SeiPublisher({ profile: 'ivs' });
      publisher.publishText('hello');
      subscriber.processFrame(new library.SeiInjector({ publisher }).inject(pictures.p));
      expect(received).toHaveLength(1);
    },
  },
  {
    theirs: 'subscriber.set_message_callback(callback)',
    ours: 'subscriber.setMessageCallback(onMessage)',
    check: (_, { subscriber, frame, received }) => {
      subscriber.processFrame(frame);
      expect(received).toHaveLength(1);
    },
  },
  {
    theirs: 'subscriber.process_packet_data(data)',
    ours: 'subscriber.processPacketData(frame)',
    check: (result) => {
      expect((result as ReceivedSeiMessage[]).map((message) => message.payload.length)).toEqual([4]);
    },
  },
  {
    theirs: 'message.to_dict()',
    ours: 'message.toJSON()',
    check: (result, { message }) => {
      const { timestamp, message_id, ...rest } = result as library.ReceivedSeiMessageData;
      // Bytes that are no JSON: base64, as there.
      expect(rest).toMatchObject({ payload: 'ICcuNQ==', payload_type: 'binary', frame_timestamp: 1.5 });
      expect(timestamp).toBe(message.timestamp / 1000);
      expect(message_id).toBe(message.messageId);
    },
  },
  {
    theirs: 'frames processed, messages found, messages processed, errors',
    ours: 'subscriber.stats',
    check: (result, { subscriber, frame }) => {
      expect(result).toMatchObject({ framesProcessed: 0, messagesFound: 0, messagesProcessed: 0, errors: 0 });
      for (let i = 0; i < 3; i++) subscriber.processFrame(frame);
      expect(subscriber.stats).toMatchObject({ framesProcessed: 3, messagesFound: 3, messagesProcessed: 1, errors: 0 });
    },
  },
  {
    theirs: 'log_sei_message(message)',
    ours: 'logSeiMessage(message, onLine)',
    check: (_, { message }) => {
      expect(lines).toHaveLength(1);
      expect(lines[0]).toContain(message.uuid);
    },
  },
];

const lines: string[] = [];

function createWorld(): World {
  const received: ReceivedSeiMessage[] = [];
  const frame = annexB(nal.sps, nal.pps, seiNal(4, 1), nal.idr);
  const [message] = new library.SeiSubscriber().processFrame(frame, { timestamp: 1500 });
  lines.length = 0;
  return {
    publisher: new library.SeiPublisher(),
    subscriber: new library.SeiSubscriber(),
    onMessage: (each) => void received.push(each),
    received,
    frame,
    bytes: Uint8Array.of(1, 2, 3),
    message,
    Encoder: class extends Encoder {
      override encode(): Uint8Array {
        return super.encode();
      }
    },
    Decoder: class extends Decoder {
      override decode(frameBytes: Uint8Array): number {
        return super.decode(frameBytes);
      }
    },
  };
}

/** Executes a line of the table, with the exports of the library and the world in scope. */
async function execute(code: string, world: World): Promise<unknown> {
  const scope = { ...library, ...world, onLine: (line: string) => void lines.push(line) };
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- the text of the table itself is what is tested
  const run = new Function(...Object.keys(scope), `return (async () => (${code}))()`) as (
    ...values: unknown[]
  ) => Promise<unknown>;
  return run(...Object.values(scope));
}

describe('each row of the migration table', () => {
  afterEach(() => {
    library.setGlobalSeiPublisher(undefined);
    library.setGlobalSeiSubscriber(undefined);
  });

  it.each(rows)('$theirs → $ours', async ({ ours, check }) => {
    const world = createWorld();
    await check(await execute(ours, world), world);
  });
});

describe('README.md', () => {
  it('has the rows of the table, and no others', () => {
    const readme = readFileSync(join(__dirname, '..', '..', 'README.md'), 'utf8').split('\n');
    const header = readme.findIndex((line) => /^\| stages_sei +\| h264-sei +\|$/.test(line));
    expect(header, 'the line `| stages_sei | h264-sei |` in it').toBeGreaterThanOrEqual(0);
    const table = readme.slice(header + 2);
    const end = table.findIndex((line) => !line.startsWith('|'));
    const cells = table.slice(0, end).map((line) =>
      line
        .split('|')
        .slice(1, 3)
        .map((cell) => cell.trim()),
    );
    const isCode = (theirs: string) => theirs.includes('(');
    expect(cells).toEqual(rows.map(({ theirs, ours }) => [isCode(theirs) ? `\`${theirs}\`` : theirs, `\`${ours}\``]));
  });
});
