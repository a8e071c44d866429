/**
 * A RTMP and HTTP-FLV server that puts metadata into the stream of a publisher, with one line: `ffmpeg` publishes a test
 * pattern by RTMP, two more play it by RTMP and by HTTP-FLV, and both players get the server's messages.
 *
 * `npm run demo:media-server` (needs the `ffmpeg` command)
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AccessUnitSplitter, type ReceivedSeiMessage, SeiPublisher, SeiSubscriber } from 'h264-sei';
import { attachNodeMediaServer } from 'h264-sei/integrations/node-media-server';
import { play, publish, startMediaServer } from '../test/integrations/media-server.js';

const MESSAGES = 5;

/** The messages of a byte stream. */
function textsIn(stream: Uint8Array): string[] {
  const texts: string[] = [];
  const onMessage = (message: ReceivedSeiMessage) => texts.push(message.json<{ text: string }>().text);
  const subscriber = new SeiSubscriber({ onMessage });
  const splitter = new AccessUnitSplitter();
  for (const accessUnit of [...splitter.push(stream), ...splitter.flush()]) subscriber.processFrame(accessUnit);
  return texts;
}

async function main(): Promise<boolean> {
  const publisher = new SeiPublisher();
  const folder = await mkdtemp(join(tmpdir(), 'h264-sei-media-server-'));
  // The one line is the attachment.
  const running = await startMediaServer((server) => attachNodeMediaServer(server, { publisher }));
  let playing = 0;
  const isWatched = new Promise<void>((resolve) => {
    running.server.on('postPlay', () => {
      if (++playing === players.length) resolve();
    });
  });
  const players = [
    { name: 'RTMP', player: play(`${running.rtmp}/live/show`) },
    { name: 'HTTP-FLV', player: play(`${running.http}/live/show.flv`) },
  ];
  await isWatched;

  const file = join(folder, 'show.h264');
  const show = publish(`${running.rtmp}/live/show`, file, ['-c:v', 'libx264', '-preset', 'veryfast', '-g', '25']);
  const said: string[] = [];
  for (let index = 0; index < MESSAGES; index++) {
    said.push(`message ${index}`);
    // The show is not over before everything is said.
    await publisher.publishText(said[index]).injected;
    await sleep(400);
  }
  await show.stop();
  const end = (await readFile(file)).subarray(-16);

  let isGood = true;
  for (const { name, player } of players) {
    await player.until(end);
    const texts = textsIn(await player.stop());
    const isSame = texts.join() === said.join();
    console.log(`${isSame ? '✓' : '✗'} by ${name} ${texts.length} of ${said.length} messages arrived, in order`);
    isGood &&= isSame;
  }
  await running.stop();
  await rm(folder, { recursive: true, force: true });
  return isGood;
}

void main().then((isGood) => {
  // The server keeps the stream for half a minute, in case that its publisher comes back.
  process.exit(isGood ? 0 : 1);
});
