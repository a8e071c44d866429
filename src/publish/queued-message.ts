/** A message on its way, and what its publisher is told of it. */

/**
 * The most copies that a receipt lists: more than those of the longest message on eight tracks. A retained message that a
 * live track has still to carry is sent again and again before it ends.
 */
export const MAX_RECEIPT_COPIES = 4096;

/** One copy of a message, or of a fragment of it, in one frame. */
export interface InjectedCopy {
  /** {@link SeiInjector.track}, the name of the track. */
  readonly track: string;
  /** Which frame of the track it was, from 0. */
  readonly frameIndex: number;
  /** The timestamp that the frame came with, in milliseconds. */
  readonly timestamp?: number;
  /** Which fragment of a message that was split, from 0; 0 where it was not. */
  readonly fragment: number;
}

/**
 * How a message ended: `injected` where every live injector has carried every copy, `expired` where time ran out before
 * that, `cancelled` by its ticket, `cleared` with the queue, `dropped` by the policy of a full queue, or since a later
 * message with its `retain` key overtook it before its first copy. One that was overtaken after that is `injected`,
 * with fewer copies.
 */
export type InjectionOutcome = 'injected' | 'expired' | 'cancelled' | 'cleared' | 'dropped';

/** What became of a message. */
export interface InjectionReceipt {
  /** How it ended. */
  readonly outcome: InjectionOutcome;
  /** The copies that were injected until then, in order: the first 4,096. */
  readonly copies: readonly InjectedCopy[];
  /** The `label` with which the message was published. */
  readonly label?: string;
}

/** What is to become of a message; the same for all its copies. */
export interface DeliveryPlan {
  /** The copies of each NAL unit that each injector sends. */
  readonly repeatCount: number;
  /** Access units from one copy to the next. */
  readonly repeatInterval: number;
  /** The higher goes first. */
  readonly priority: number;
  /**
   * Whether receivers can tell by the message itself that it is one which they have had; else they go by its content,
   * and not for long.
   */
  readonly isIdentified: boolean;
  /** When it is too late for it, on the timeline of the publisher. */
  readonly expiresAt: number;
  /**
   * Whether a track that has begun to send it in time sends all of it, however late, as long as receivers wait for it:
   * of a message in several NAL units a part is of no use.
   */
  readonly isFinishedOnceBegun: boolean;
  /**
   * Whether it goes alone into a frame, whatever the budget of one: it is too much for the budget by itself, which
   * nobody has set.
   */
  readonly goesAlone: boolean;
  /** The key under which the latest message is retained; undefined where it is not. */
  readonly retain?: string;
  /** Until when the latest message of its key is sent again at every IDR picture; undefined where it is not. */
  readonly retainedUntil?: number;
}

/** A message that is waiting for its frames, has been in them, or is retained. */
export class QueuedMessage {
  /** The number of the message at its publisher, from 1. */
  readonly id: number;
  /** Its SEI NAL units, serialized once: one, or one for each fragment. */
  readonly nalUnits: readonly Uint8Array[];
  /** What is to become of it. */
  readonly plan: DeliveryPlan;
  /** The caller's name for it. */
  readonly label: string | undefined;
  /** How it ended; undefined as long as it has not. */
  outcome: InjectionOutcome | undefined;
  /** Whether any track is done with it. */
  isDoneBySome = false;
  /** How many live tracks have it still to carry. */
  outstanding = 0;
  /** Whether a track ran out of time for it. */
  ranOutOfTime = false;
  /** Whether a track has sent a copy of all of it. */
  isCarried = false;
  /** Whether a later message of its key came before it on a track. */
  isSuperseded = false;
  /** Whether it is the latest of its key. */
  isRetained = false;
  /** Whether no track is to send it any more: it was cancelled, cleared or dropped. */
  isTakenBack = false;
  /** Made with the first copy. */
  #copies: InjectedCopy[] | undefined;
  #promise: Promise<InjectionReceipt> | undefined;
  #resolve: ((receipt: InjectionReceipt) => void) | undefined;

  /**
   * @param id its number
   * @param nalUnits SEI NAL units without framing
   * @param plan what is to become of it
   * @param label the caller's name for it
   */
  constructor(id: number, nalUnits: readonly Uint8Array[], plan: DeliveryPlan, label?: string) {
    this.id = id;
    this.nalUnits = nalUnits;
    this.plan = plan;
    this.label = label;
  }

  /** When it is too late for it: where nobody has said when, not as long as it is retained. */
  get expiresAt(): number {
    return this.isRetained && this.plan.retainedUntil === Infinity ? Infinity : this.plan.expiresAt;
  }

  /** Whether somebody waits for its end. */
  get isAwaited(): boolean {
    return this.#resolve !== undefined && this.outcome === undefined;
  }

  /**
   * Its receipt, promised when it is asked for: a receipt that nobody wants costs nothing. The promise is never
   * rejected.
   */
  receipt(): Promise<InjectionReceipt> {
    this.#promise ??=
      this.outcome === undefined
        ? new Promise((resolve) => {
            this.#resolve = resolve;
          })
        : Promise.resolve(this.#receiptOf(this.outcome));
    return this.#promise;
  }

  /** Takes note of a copy. After the end it is not asked for any more. */
  addCopy(copy: InjectedCopy): void {
    if (this.outcome !== undefined) return;
    if (this.#copies === undefined) this.#copies = [copy];
    else if (this.#copies.length < MAX_RECEIPT_COPIES) this.#copies.push(copy);
  }

  /** Ends it; the first end counts. */
  finish(outcome: InjectionOutcome): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.#resolve?.(this.#receiptOf(outcome));
  }

  #receiptOf(outcome: InjectionOutcome): InjectionReceipt {
    const { label } = this;
    return { outcome, copies: this.#copies ?? [], ...(label !== undefined && { label }) };
  }
}
