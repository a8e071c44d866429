/** FFmpeg's bitstream filter h264_metadata in the process, as node-av has it. */
import { createRequire } from 'node:module';
import type * as Library from 'node-av/lib';
import type * as Constants from 'node-av/constants';
import type { Missing } from '../harness/comparison.js';

/** A filter that puts the same message into each frame. */
export interface MetadataFilter {
  /** One frame through the filter; answers the memory of the result, valid until the next call. */
  filter(): Uint8Array | null;
}

function expectSuccess(code: number, act: string): void {
  if (code < 0) throw new Error(`node-av: ${act} answers ${code}`);
}

/**
 * Makes a filter for one frame, which it takes in again and again.
 *
 * @param frame an access unit with an IDR picture: the filter inserts at those only
 * @param message UUID, `+`, text
 */
export function metadataFilter(frame: Buffer, message: string): MetadataFilter | Missing {
  const nodeRequire = createRequire(__filename);
  let lib: typeof Library;
  let constants: typeof Constants;
  try {
    lib = nodeRequire('node-av/lib') as typeof Library;
    constants = nodeRequire('node-av/constants') as typeof Constants;
  } catch (error) {
    return { missing: `node-av cannot be loaded: ${(error as Error).message.split('\n')[0]}` };
  }
  const filter = lib.BitStreamFilter.getByName('h264_metadata');
  if (filter === null) return { missing: 'this node-av has no h264_metadata' };
  const context = new lib.BitStreamFilterContext();
  expectSuccess(context.alloc(filter), 'alloc');
  const parameters = context.inputCodecParameters;
  if (parameters === null) return { missing: 'this node-av has no parameters to set' };
  parameters.codecType = constants.AVMEDIA_TYPE_VIDEO;
  parameters.codecId = constants.AV_CODEC_ID_H264;
  expectSuccess(context.setOption('sei_user_data', message), 'setOption');
  expectSuccess(context.init(), 'init');

  const source = new lib.Packet();
  source.alloc();
  source.data = frame;
  const packet = new lib.Packet();
  packet.alloc();
  const result = new lib.Packet();
  result.alloc();
  return {
    filter() {
      // A reference to the same bytes: what the filter takes in is not copied.
      expectSuccess(packet.ref(source), 'ref');
      expectSuccess(context.sendPacketSync(packet), 'sendPacket');
      result.unref();
      expectSuccess(context.receivePacketSync(result), 'receivePacket');
      return result.data;
    },
  };
}
