/** node-media-server with the ffmpeg command at both ends: an RTMP publisher, players by RTMP and HTTP-FLV. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SeiPublisher, SeiSubscriber, extractSei, setGlobalSeiPublisher } from '../../src/index.js';
import {
  type NodeMediaServerPacket,
  type NodeMediaServerSession,
  attachNodeMediaServer,
} from '../../src/integrations/node-media-server.js';
import { decodeFrameChecksums } from '../support/decoder.js';
import { ffmpegTool, ffmpegUserData } from '../support/ffmpeg-cli.js';
import { nodeAvTool } from '../support/node-av.js';
import { describeWith } from '../support/skip.js';
import { play, publish, startMediaServer } from './media-server.js';

const X264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '15', '-bf', '2'];

async function textsIn(stream: Uint8Array): Promise<string[]> {
  const messages = (await ffmpegUserData(stream)).map(({ userData }) => Buffer.from(userData).toString());
  return messages
    .filter((message) => message.startsWith('{'))
    .map((message) => (JSON.parse(message) as { text: string }).text);
}

describeWith([ffmpegTool, nodeAvTool], 'node-media-server', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'h264-sei-streams-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('gives RTMP and HTTP-FLV players the messages and the same pictures', async () => {
    const publisher = new SeiPublisher({ expiresInMs: Infinity });
    const running = await startMediaServer((server) => attachNodeMediaServer(server, { publisher }));
    const playing = new Promise<void>((resolve) => {
      let count = 0;
      running.server.on('postPlay', () => {
        if (++count === 2) resolve();
      });
    });
    const players = [play(`${running.rtmp}/live/a`), play(`${running.http}/live/a.flv`)];
    try {
      await playing;
      const file = join(folder, 'a.h264');
      const publication = publish(`${running.rtmp}/live/a`, file, X264);
      const texts: string[] = [];
      for (let index = 0; index < 5; index++) {
        texts.push(`message ${index}`);
        const { injected } = publisher.publishText(texts.at(-1)!, { repeatCount: 1 });
        expect(await injected).toMatchObject({ outcome: 'injected' });
        await sleep(100);
      }
      await publication.stop();
      const sent = await readFile(file);
      const original = await decodeFrameChecksums(sent);
      expect(original.length).toBeGreaterThan(texts.length);
      for (const player of players) {
        await player.until(sent.subarray(-16));
        const stream = await player.stop();
        expect(await textsIn(stream)).toEqual(texts);
        expect(await decodeFrameChecksums(stream)).toEqual(original);
      }
    } finally {
      await Promise.all(players.map((player) => player.stop()));
      await running.stop();
    }
  });
});

/** A stream as the server has it, without a network. */
function fakeServer() {
  const listeners = new Map<string, (session: NodeMediaServerSession) => void>();
  const sent: NodeMediaServerPacket[] = [];
  const broadcast = { broadcastMessage: (packet: NodeMediaServerPacket) => void sent.push({ ...packet }) };
  const session: NodeMediaServerSession = { streamPath: '/live/a', broadcast };
  return {
    sent,
    session,
    server: {
      on: (event: string, listener: (session: NodeMediaServerSession) => void) => void listeners.set(event, listener),
    },
    emit: (event: string) => listeners.get(event)?.(session),
    send: (...bytes: number[]) => {
      const packet = { codec_type: 9, dts: 40 * sent.length, size: bytes.length, data: Buffer.from([...bytes, 7, 7]) };
      broadcast.broadcastMessage(packet);
      return sent.at(-1)!;
    },
  };
}

const slice = [0x65, 0x88, 0x84, 0x21];
const sequenceHeader = (lengthSize: number) => [
  ...[0x17, 0, 0, 0, 0],
  ...[1, 66, 0, 30, 0xfc | (lengthSize - 1), 0xe1, 0, 4, 0x67, 66, 0, 30, 1, 0, 4, 0x68, 0xce, 0x3c, 0x80],
];
const picture = (lengthSize: number) => [
  ...[0x17, 1, 0, 0, 80],
  ...new Array<number>(lengthSize - 1).fill(0),
  ...[slice.length, ...slice],
];
const messagesIn = ({ data, size }: NodeMediaServerPacket, lengthSize: 1 | 2 | 4) =>
  extractSei(data.subarray(5, size), { format: 'avcc', lengthSize }).length;

describe('attached to a stream', () => {
  afterEach(() => {
    setGlobalSeiPublisher(undefined);
  });

  it.each([1, 2, 4] as const)('goes by the sequence header: lengths of %i bytes', (lengthSize) => {
    const publisher = new SeiPublisher();
    const { server, emit, send } = fakeServer();
    attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    publisher.publishText('hello', { repeatCount: 1 });
    expect(send(...sequenceHeader(lengthSize)).size).toBe(sequenceHeader(lengthSize).length);
    const packet = send(...picture(lengthSize));
    expect(packet.data.subarray(0, 5)).toEqual(Buffer.of(0x17, 1, 0, 0, 80));
    expect(packet.size).toBe(packet.data.length);
    expect(messagesIn(packet, lengthSize)).toBe(1);
  });

  it.each([
    ['enhanced HEVC', [0x91, ...Buffer.from('hvc1'), 0, 0, 0, ...picture(4).slice(5)]],
    ['enhanced, with bits like those of AVC', [0x97, 1, 0, 0, 0, ...picture(4).slice(5)]],
    ['another codec', [0x12, 1, 0, 0, 0, ...picture(4).slice(5)]],
    ['an end of sequence', [0x17, 2, 0, 0, 0]],
    ['broken lengths', [0x17, 1, 0, 0, 0, 0, 0, 9, 9, 0x65]],
    ['hardly anything', [0x17, 1]],
    ['nothing', []],
  ])('passes as it is: %s', (_, bytes) => {
    const publisher = new SeiPublisher();
    const { server, emit, send } = fakeServer();
    attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    publisher.publishText('hello');
    send(...sequenceHeader(4));
    const { data, size } = send(...bytes);
    expect(data.subarray(0, size)).toEqual(Buffer.from(bytes));
    expect(publisher.getQueueSize()).toBe(1);
  });

  it('passes a stream without a readable sequence header, and tells of it', () => {
    const publisher = new SeiPublisher();
    const events: string[] = [];
    const { server, emit, send } = fakeServer();
    attachNodeMediaServer(server, { publisher, onDiagnostic: ({ event }) => events.push(event) });
    emit('postPublish');
    publisher.publishText('hello');
    send(0x17, 0, 0, 0, 0, 9);
    expect(send(...picture(4)).size).toBe(picture(4).length);
    expect(events).toEqual(['attachment-error']);
  });

  it('asks whose messages a stream carries, and goes on where that fails', () => {
    const publisher = new SeiPublisher();
    const asked: string[] = [];
    const events: string[] = [];
    const [good, bad] = [fakeServer(), fakeServer()];
    attachNodeMediaServer(good.server, {
      publisher: ({ streamPath }) => {
        asked.push(streamPath);
        return publisher;
      },
    });
    attachNodeMediaServer(bad.server, {
      publisher: () => {
        throw new Error('no');
      },
      onDiagnostic: ({ event }) => events.push(event),
    });
    publisher.publishText('hello', { repeatCount: 1 });
    for (const { emit, send } of [good, bad]) {
      emit('postPublish');
      send(...sequenceHeader(4));
    }
    expect(messagesIn(bad.send(...picture(4)), 4)).toBe(0);
    expect(events).toEqual(['attachment-error']);
    expect(messagesIn(good.send(...picture(4)), 4)).toBe(1);
    expect(asked).toEqual(['/live/a']);
  });

  it('follows the global publisher, stops with the stream, and begins again with it', () => {
    const publisher = new SeiPublisher();
    const { server, session, emit, send } = fakeServer();
    const before = Object.getOwnPropertyDescriptors(session.broadcast);
    attachNodeMediaServer(server);
    emit('postPublish');
    emit('postPublish');
    send(...sequenceHeader(4));
    send(...picture(4));
    setGlobalSeiPublisher(publisher);
    publisher.publishText('one', { repeatCount: 1 });
    expect(messagesIn(send(...picture(4)), 4)).toBe(1);
    emit('donePublish');
    expect(Object.getOwnPropertyDescriptors(session.broadcast)).toEqual(before);
    publisher.publishText('two', { repeatCount: 1 });
    send(...sequenceHeader(4));
    expect(messagesIn(send(...picture(4)), 4)).toBe(0);
    emit('postPublish');
    send(...sequenceHeader(4));
    expect(messagesIn(send(...picture(4)), 4)).toBeGreaterThan(0);
  });

  it('is taken away by close, for streams at work and those to come', () => {
    const publisher = new SeiPublisher();
    const { server, session, emit, send } = fakeServer();
    const before = Object.getOwnPropertyDescriptors(session.broadcast);
    const attachment = attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    attachment.close();
    emit('postPublish');
    expect(Object.getOwnPropertyDescriptors(session.broadcast)).toEqual(before);
    publisher.publishText('hello');
    send(...sequenceHeader(4));
    expect(messagesIn(send(...picture(4)), 4)).toBe(0);
  });

  it('reads what a stream brings along, by its path', () => {
    const publisher = new SeiPublisher();
    const received: string[] = [];
    const subscriber = new SeiSubscriber({ onMessage: (message) => received.push(message.text()) });
    const [inner, outer] = [fakeServer(), fakeServer()];
    attachNodeMediaServer(inner.server, { publisher });
    attachNodeMediaServer(outer.server, { subscriber });
    for (const { emit, send } of [inner, outer]) {
      emit('postPublish');
      send(...sequenceHeader(4));
    }
    publisher.publishText('hello', { repeatCount: 1 });
    const { data, size } = inner.send(...picture(4));
    outer.send(...data.subarray(0, size));
    expect(received).toHaveLength(1);
  });

  it('goes on where it was when the sequence header comes again', () => {
    const publisher = new SeiPublisher();
    const { server, emit, send, sent } = fakeServer();
    attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    for (let message = 0; message < 20; message++) publisher.publishJson({ message }, { repeatCount: 1 });
    for (let frame = 0; frame < 40; frame++) {
      if (frame % 2 === 0) send(...sequenceHeader(4));
      send(...picture(4));
    }
    const pictures = sent.filter(({ data }) => data[1] === 1);
    expect(pictures.reduce((sum, packet) => sum + messagesIn(packet, 4), 0)).toBe(20);
    expect(publisher.getQueueSize()).toBe(0);
  });

  it('takes the times that players get, where a stream goes on behind a publisher that was away', async () => {
    const publisher = new SeiPublisher();
    const { server, emit, send, session } = fakeServer();
    attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    send(...sequenceHeader(4));
    const { injected } = publisher.publishText('hello', { repeatCount: 1 });
    Object.assign(session.broadcast, { _dtsOffset: { 9: 1000 } });
    send(...picture(4));
    expect((await injected).copies[0].timestamp).toBe(1040);
  });

  it('never makes a tag that its size cannot tell', () => {
    const publisher = new SeiPublisher();
    const { server, session, emit, send } = fakeServer();
    attachNodeMediaServer(server, { publisher });
    emit('postPublish');
    send(...sequenceHeader(4));
    publisher.publishText('hello');
    const data = Buffer.alloc(0xff_ffff, 0x55);
    data.set([0x17, 1, 0, 0, 0]);
    data.writeUInt32BE(data.length - 9, 5);
    data.set(slice, 9);
    const packet = { codec_type: 9, dts: 0, size: data.length, data };
    session.broadcast.broadcastMessage(packet);
    expect(packet.data).toBe(data);
    expect(packet.size).toBe(data.length);
  });

  it('throws for what is none', () => {
    expect(() => attachNodeMediaServer({} as never)).toThrow(TypeError);
    expect(() => attachNodeMediaServer(fakeServer().server, { publisher: 1 as never })).toThrow(TypeError);
    expect(() => attachNodeMediaServer(fakeServer().server, { subscriber: 1 as never })).toThrow(TypeError);
  });
});
