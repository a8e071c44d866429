/** hls.js plays a stream and tells of the SEI messages that it finds. */
import Hls from 'hls.js';
import type { HlsResult } from '../results.js';

/** Plays a playlist to its end. */
function playHls(playlist: string): Promise<HlsResult> {
  const messages: [string, string][] = [];
  const errors: string[] = [];
  const video = document.createElement('video');
  video.muted = true;
  document.body.append(video);
  const hls = new Hls({ enableWorker: false });
  hls.on(Hls.Events.FRAG_PARSING_USERDATA, (_, { samples }) => {
    for (const { payloadType, uuid, userDataBytes } of samples) {
      if (payloadType === 5) messages.push([uuid ?? '', new TextDecoder().decode(userDataBytes)]);
    }
  });
  hls.on(Hls.Events.ERROR, (_, { type, details, reason, error }) => {
    errors.push([type, details, reason, error?.message].join(' '));
  });
  return new Promise((resolve) => {
    const end = (): void => {
      const { totalVideoFrames: frames } = video.getVideoPlaybackQuality();
      resolve({ messages, errors, position: video.currentTime, frames });
      hls.destroy();
      video.remove();
    };
    video.addEventListener('ended', end);
    hls.on(Hls.Events.ERROR, (_, { fatal }) => {
      if (fatal) end();
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => void video.play());
    hls.loadSource(playlist);
    hls.attachMedia(video);
  });
}

Object.assign(globalThis, { playHls });
