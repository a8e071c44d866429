/** A patch of encoders with injectors that only leave a mark, for the tests of it. */
import {
  type FrameInjector,
  type H264EncoderPatchOptions,
  patchH264Encoder,
} from '../../../src/patch/encoder-patch.js';
import { setGlobalSeiPublisher } from '../../../src/patch/global.js';
import type { SeiInjectorOptions } from '../../../src/publish/injector.js';
import type { PatchHandle } from '../../../src/patch/patch.js';
import { SeiPublisher } from '../../../src/publish/publisher.js';
import { concat, numbers } from '../../contract/frames.js';

/** Says that bytes went through an injector. */
export const MARK = 0xee;

/** That of every patch that is not given another one. */
export const publisher: SeiPublisher = new SeiPublisher();

/** The patches that {@link unpatchAll} takes back. */
export const handles: PatchHandle[] = [];

/** What went wrong in patches: the event and the error. */
export const errors: unknown[] = [];

/** Leaves nothing of a test to the next one. */
export function unpatchAll(): void {
  for (const handle of handles.splice(0).reverse()) handle.close();
  setGlobalSeiPublisher(undefined);
  errors.length = 0;
}

/** Marks every frame at its end, and remembers everything that happened to it. */
export class FakeInjector implements FrameInjector {
  readonly frames: number[][] = [];
  readonly timestamps: unknown[] = [];
  isClosed = false;

  constructor(readonly options: SeiInjectorOptions) {}

  inject(frame: Uint8Array, options?: { timestamp?: number | undefined }): Uint8Array {
    this.frames.push(numbers(frame));
    this.timestamps.push(options?.timestamp);
    return frame[0] === 0 ? frame : concat(frame, Uint8Array.of(MARK));
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The options of a patch, for packets and encoders of any type. */
export type AnyOptions = Omit<H264EncoderPatchOptions<never, never>, 'methods'> & { methods?: string | string[] };

/** Patches `encode` with fake injectors; answers them, in the order in which they were made. */
export function patch(target: object, options: AnyOptions = {}): { handle: PatchHandle; injectors: FakeInjector[] } {
  const injectors: FakeInjector[] = [];
  const handle = patchH264Encoder(target, {
    methods: 'encode',
    publisher,
    createInjector: (injectorOptions) => {
      const injector = new FakeInjector(injectorOptions);
      injectors.push(injector);
      return injector;
    },
    onDiagnostic: ({ event, details }) => errors.push([event, (details as { error: unknown }).error]),
    ...options,
  });
  handles.push(handle);
  return { handle, injectors };
}

/** Bytes. */
export const data = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

/** What `encode` answers where it would have answered `output`. */
export function encoded(output: unknown, options?: AnyOptions): unknown {
  const encoder = { encode: () => output };
  patch(encoder, options);
  return encoder.encode();
}
