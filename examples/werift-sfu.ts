/**
 * A server that forwards WebRTC video and puts metadata into it on the way, without a decoder and without a frame: two
 * hops of real WebRTC (ICE, DTLS, SRTP, by werift) over the loopback interface, and `attachWeriftSender` between them.
 *
 * ```
 * camera ──SRTP──► server: attachWeriftSender ──SRTP──► viewer: attachWeriftTrack, decoder
 * ```
 *
 * `npm run demo:rtp`
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AccessUnitSplitter, SeiPublisher, SeiSubscriber, splitNalUnits } from 'h264-sei';
import { attachWeriftSender, attachWeriftTrack } from 'h264-sei/integrations/werift';
import { RtpPacketizer } from 'h264-sei/rtp';
import type { RtpPacket } from 'werift';
import { decodeFrames, isDecoderAvailable } from '../test/support/decoder.js';
import { connectWeriftPeers, weriftFrames } from '../test/support/werift.js';

const CLIP = join(__dirname, '..', 'test', 'fixtures', 'clips', 'b-pyramid.h264');
const PAYLOAD_TYPE = 96;
const FRAME_MS = 20;

/** What the server says, and while which access unit. */
const script = new Map<number, object>([
  [2, { type: 'chat', user: 'ada', text: 'Is this live? 👋' }],
  [9, { type: 'transcription', text: 'Welcome to the show.', startMs: 160, endMs: 1240 }],
  [20, { type: 'ai', question: 'What is on the table?', answer: 'A test pattern.' }],
  [31, { type: 'score', home: 2, away: 1 }],
]);

async function main(): Promise<boolean> {
  const original = readFileSync(CLIP);
  const splitter = new AccessUnitSplitter();
  const accessUnits = [...splitter.push(original), ...splitter.flush()];

  // One WebRTC connection from the camera to the server, one from the server to the viewer.
  const uplink = await connectWeriftPeers();
  const downlink = await connectWeriftPeers();

  // The server. werift writes SSRC and payload type of the connection into each packet, encrypts it, makes its own
  // sender reports, and answers NACKs out of what it has sent: all of it behind the injector.
  const publisher = new SeiPublisher();
  const { sender } = downlink.transceiver;
  const attachment = attachWeriftSender(sender, { publisher });
  uplink.track.onReceiveRtp.subscribe((packet) => void sender.sendRtp(packet));

  // The viewer.
  const packets: RtpPacket[] = [];
  const received: object[] = [];
  const subscriber = new SeiSubscriber({ onMessage: (message) => received.push(message.json<object>()) });
  attachWeriftTrack(downlink.track, { subscriber });
  downlink.track.onReceiveRtp.subscribe((packet) => packets.push(packet));

  // The camera.
  const packetizer = new RtpPacketizer({ payloadType: PAYLOAD_TYPE });
  for (const [index, accessUnit] of accessUnits.entries()) {
    const message = script.get(index);
    if (message !== undefined) publisher.publishJson(message);
    for (const packet of packetizer.packetize(splitNalUnits(accessUnit), index * 90 * FRAME_MS)) {
      await uplink.transceiver.sender.sendRtp(Buffer.from(packet));
    }
    await sleep(FRAME_MS);
  }
  // What is still on its way comes within milliseconds; a machine that is busy may take longer.
  const isComplete = () => packets.filter(({ header }) => header.marker).length >= accessUnits.length;
  for (let waited = 0; !isComplete() && waited < 10_000; waited += 10) await sleep(10);
  attachment.close();
  await Promise.all([uplink.close(), downlink.close()]);

  console.log(`${accessUnits.length} access units went through two hops; the viewer got these messages:\n`);
  console.table(received.map((message) => ({ message: JSON.stringify(message) })));
  const said = [...script.values()];
  const checks = {
    'every message arrived once, in order':
      received.length === said.length &&
      said.every((message, i) => Object.entries(message).every(([key, value]) => received[i][key as never] === value)),
  };
  const decoder = isDecoderAvailable();
  if (decoder.available) {
    const tagged = Buffer.concat(weriftFrames(packets).map(({ data }) => data));
    const before = (await decodeFrames(original)).map(({ checksum }) => checksum);
    const after = (await decodeFrames(tagged)).map(({ checksum }) => checksum);
    const same = before.filter((checksum, i) => checksum === after[i]).length;
    Object.assign(checks, {
      [`FFmpeg decodes ${after.length} pictures at the viewer, ${same} of them equal to the camera's ${before.length}`]:
        before.length > 0 && same === before.length && after.length === before.length,
    });
  } else {
    console.log(`no decoder on this machine, so the pictures are not compared: ${decoder.reason}`);
  }
  for (const [check, isTrue] of Object.entries(checks)) console.log(`${isTrue ? '✓' : '✗'} ${check}`);
  return Object.values(checks).every(Boolean);
}

void main().then((isGood) => {
  process.exitCode = isGood ? 0 : 1;
});
