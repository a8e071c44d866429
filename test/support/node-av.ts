import { createRequire } from 'node:module';
import type * as Constants from 'node-av/constants';
import type * as Library from 'node-av/lib';
import { polyfillPromiseWithResolvers } from './promise-with-resolvers.js';
import type { Tool } from './skip.js';

/** The two halves of node-av: FFmpeg's own C interface, and its constants. */
export interface NodeAv {
  readonly lib: typeof Library;
  readonly constants: typeof Constants;
}

let loaded: NodeAv | Error | undefined;

function load(): NodeAv | Error {
  try {
    polyfillPromiseWithResolvers();
    const require = createRequire(__filename);
    const lib = require('node-av/lib') as typeof Library;
    const constants = require('node-av/constants') as typeof Constants;
    // What FFmpeg has to say comes back in return codes; its log would drown the report of the tests.
    lib.Log.setLevel(constants.AV_LOG_QUIET);
    return { lib, constants };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/**
 * node-av, loaded at the first call.
 *
 * @throws the error of the loader, where there is no binary for this platform or addons are forbidden
 */
export function nodeAv(): NodeAv {
  loaded ??= load();
  if (loaded instanceof Error) throw loaded;
  return loaded;
}

/** Whether node-av can be used on this machine: {@link Tool.missing} answers why it cannot. */
export const nodeAvTool: Tool = {
  name: 'node-av',
  missing() {
    loaded ??= load();
    return loaded instanceof Error ? (loaded.message.split('\n', 1)[0] ?? loaded.name) : undefined;
  },
};

/**
 * The value of a call into FFmpeg that must not fail.
 *
 * @param code the return code of the call; negative for an AVERROR
 * @param act what was being done, for the message
 * @throws Error with FFmpeg's own description of the code
 */
export function expectSuccess(code: number, act: string): number {
  if (code < 0) throw new Error(`${act}: ${nodeAv().lib.FFmpegError.strerror(code)}`);
  return code;
}
