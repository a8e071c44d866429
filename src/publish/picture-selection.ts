/** What goes into one picture: what its framing can hold, and what the budget of its track allows. */
import type { Entry } from './lanes.js';
import type { QueuedMessage } from './queued-message.js';

/** What a publisher lets one injector send. */
export interface Budget {
  /** SEI NAL units in one frame. */
  readonly maxMessagesPerFrame: number;
  /** Bytes of SEI NAL units in one frame. */
  readonly maxBytesPerFrame: number;
  /** Bytes of SEI NAL units in any second. */
  readonly maxBytesPerSecond: number;
}

/** A picture that could take SEI. */
export interface Picture {
  /** Whether it is an IDR picture, where a receiver can join. */
  readonly isIdr: boolean;
  /** Whether it is a reference picture: a server may drop the others (nal_ref_idc 0). */
  readonly isKept: boolean;
  /** The longest NAL unit that the framing can hold, in bytes. */
  readonly maxNalUnitLength: number;
  /** The bytes that the frame may grow by, framing included. */
  readonly maxGrowth: number;
  /** The bytes that it may grow by where more than one NAL unit goes in; `maxGrowth` where absent. */
  readonly maxSharedGrowth?: number;
  /** Bytes of framing for each NAL unit. */
  readonly framingLength: number;
}

/** What goes into one frame. */
export interface Selection {
  /** The NAL units, in order; they are only read. */
  readonly nalUnits: readonly Uint8Array[];
  /** Bytes of the NAL units. */
  readonly bytes: number;
}

/** A copy of a NAL unit for one picture. */
export interface Take {
  /** The message. */
  readonly message: QueuedMessage;
  /** Which of its NAL units. */
  readonly fragment: number;
  /** The entry that they are of; undefined for a retained message that is sent again. */
  readonly entry?: Entry;
}

/** What became of an attempt to take a NAL unit into a picture: a full one takes no other either. */
export const Fit = { taken: 0, skipped: 1, full: 2 } as const;

/** A selection while it is made. */
export class PictureSelection implements Selection {
  /** {@link Selection.nalUnits}. */
  nalUnits: Uint8Array[] = [];
  /** {@link Selection.bytes}. */
  bytes = 0;
  /** What is known of each NAL unit, entry by entry. */
  takes: Take[] = [];

  /**
   * @param picture what it is for
   * @param budget what may be sent
   * @param room the bytes that are left of those of the last second
   */
  constructor(
    readonly picture: Picture,
    readonly budget: Budget,
    readonly room: number,
  ) {}

  /** Takes a copy of a NAL unit if there is room for it; returns a value of {@link Fit}. */
  take(take: Take): number {
    const { maxMessagesPerFrame, maxBytesPerFrame } = this.budget;
    const { maxNalUnitLength, maxGrowth, maxSharedGrowth = maxGrowth, framingLength } = this.picture;
    const { message } = take;
    const nalUnit = message.nalUnits[take.fragment];
    const bytes = this.bytes + nalUnit.length;
    const count = this.nalUnits.length + 1;
    const { goesAlone } = message.plan;
    if (nalUnit.length > maxNalUnitLength || this.#overtakes(message)) return Fit.skipped;
    if (goesAlone && this.takes.length > 0) return Fit.skipped;
    if (!goesAlone && count > maxMessagesPerFrame) return Fit.full;
    // Were a smaller one let through, a large one could wait forever.
    if (bytes > this.room) return Fit.full;
    if (!goesAlone && bytes > maxBytesPerFrame) return Fit.skipped;
    const growth = bytes + count * framingLength;
    if (growth > (count > 1 ? Math.min(maxGrowth, maxSharedGrowth) : maxGrowth)) return Fit.skipped;
    this.bytes = bytes;
    this.#add(nalUnit, take);
    return Fit.taken;
  }

  #add(nalUnit: Uint8Array, take: Take): void {
    if (this.takes.length === 0) {
      // Most frames take one copy, and an array that something is pushed to has room for sixteen more.
      this.nalUnits = [nalUnit];
      this.takes = [take];
      return;
    }
    this.nalUnits.push(nalUnit);
    this.takes.push(take);
  }

  /** Whether a later message of the key of this one is in the selection. */
  #overtakes({ id, plan: { retain } }: QueuedMessage): boolean {
    return retain !== undefined && this.takes.some(({ message }) => message.plan.retain === retain && message.id > id);
  }
}
