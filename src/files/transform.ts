/** What is done to the packets of a track, one after the other in decoding order. */
import { MAX_SEI_MESSAGES_PER_FRAME } from '../codec/results.js';
import type { SeiMessage } from '../frame/extract.js';
import { injectSeiParts } from '../frame/inject.js';
import { stripSei } from '../frame/strip.js';
import { SeiInjector } from '../metadata/injector.js';
import type { SeiPublisher } from '../metadata/publisher.js';
import { type SampleEdit, editOfChange, editOfParts } from '../containers/edits.js';
import type { FilePacket, PacketTransform, TransformedPacket } from '../containers/packet.js';
import type { Schedule } from './schedule.js';

/** What a change of a file has done so far. */
export interface FileCounts {
  /** Messages that went in or out. */
  messages: number;
  /** Packets that they went into or out of. */
  changed: number;
  /** Packets that were looked at. */
  packets: number;
  /** Packets with so many messages that those behind were not looked at. */
  overfull: number;
}

/** Counts that begin at 0. */
export function noCounts(): FileCounts {
  return { messages: 0, changed: 0, packets: 0, overfull: 0 };
}

/** More pictures than that are never decoded in front of one that is shown before (H.264 A.3.1): 16 frames of two fields. */
const MAX_REORDERED_PACKETS = 32;

/** When a picture is shown; of a byte stream, which does not say it, when it is decoded. */
function timeOf({ presentationTimeMs, decodeTimeMs }: FilePacket): number | undefined {
  return presentationTimeMs ?? decodeTimeMs;
}

/** Puts messages into the pictures at which they are due. */
export class ScheduledInjection implements PacketTransform {
  readonly #schedule: Schedule;
  readonly #startsAtFirst: boolean;
  readonly #counts: FileCounts;
  #held: FilePacket[] = [];
  #originMs: number | undefined;

  /**
   * @param schedule says which messages
   * @param startsAtFirst whether times count from the first picture that is shown, and not from 0 on the timeline
   * @param counts brought up to date
   */
  constructor(schedule: Schedule, startsAtFirst: boolean, counts: FileCounts) {
    this.#schedule = schedule;
    this.#startsAtFirst = startsAtFirst;
    this.#counts = counts;
  }

  /** Takes the next packet and returns the packets that are decided. */
  push<P extends FilePacket>(packet: P): TransformedPacket<P>[] {
    this.#held.push(packet);
    const held = this.#schedule.needsTime ? MAX_REORDERED_PACKETS : 0;
    return this.#decide(held);
  }

  /** Ends the track and returns the packets that are left. */
  flush<P extends FilePacket>(): TransformedPacket<P>[] {
    return this.#decide(0);
  }

  #decide<P extends FilePacket>(held: number): TransformedPacket<P>[] {
    const decided: TransformedPacket<P>[] = [];
    while (this.#held.length > held) {
      this.#originMs ??= this.#startsAtFirst ? this.#firstTimeMs() : 0;
      const packet = this.#held.shift() as P;
      decided.push({ packet, edit: this.#editOf(packet) });
    }
    return decided;
  }

  #firstTimeMs(): number {
    const times = this.#held.flatMap((packet) => timeOf(packet) ?? []);
    return times.length === 0 ? 0 : Math.min(...times);
  }

  #editOf(packet: FilePacket): SampleEdit | undefined {
    const { index, data, framing } = packet;
    this.#counts.packets++;
    if (this.#schedule.pending === 0 && !this.#schedule.repeats) return undefined;
    // A packet without a picture takes nothing: it is asked with a NAL unit that is not kept.
    if (injectSeiParts(data, [PROBE], framing).length < 2) return undefined;
    const originMs = this.#originMs ?? 0;
    const toSeconds = (milliseconds: number) => (milliseconds - originMs) / 1000;
    const timeMs = timeOf(packet);
    const later = this.#held.flatMap((each) => timeOf(each) ?? []);
    const time =
      timeMs === undefined || !this.#schedule.needsTime
        ? undefined
        : { seconds: toSeconds(timeMs), originSeconds: originMs / 1000, laterSeconds: later.map(toSeconds) };
    const nalUnits = this.#schedule.takeShown(index, time);
    if (nalUnits.length === 0) return undefined;
    this.#counts.messages += nalUnits.length;
    this.#counts.changed++;
    return editOfParts(data, injectSeiParts(data, nalUnits, framing));
  }
}

/** The smallest SEI NAL unit: an empty user_data_unregistered message would be larger, and it is not kept. */
const PROBE = Uint8Array.of(0x06, 0x05, 0x00, 0x80);

/** Puts the messages of a publisher into pictures, as the injector of a live stream does. */
export class PublishedInjection implements PacketTransform {
  readonly #publisher: SeiPublisher;
  readonly #counts: FileCounts;
  #injector: SeiInjector | undefined;

  /**
   * @param publisher of the messages
   * @param counts brought up to date
   */
  constructor(publisher: SeiPublisher, counts: FileCounts) {
    this.#publisher = publisher;
    this.#counts = counts;
  }

  /** Takes the next packet and returns the packets that are decided. */
  push<P extends FilePacket>(packet: P): TransformedPacket<P>[] {
    const { presentationTimeMs, data, framing } = packet;
    this.#counts.packets++;
    this.#injector ??= new SeiInjector({ publisher: this.#publisher, ...framing });
    const parts = this.#injector.injectParts(data, { timestamp: presentationTimeMs });
    const edit = editOfParts(data, parts);
    if (edit !== undefined) {
      this.#counts.changed++;
      // A NAL unit and the length or start code in front of it.
      this.#counts.messages += edit.insert.length / 2;
    }
    return [{ packet, edit }];
  }

  /** Ends the track and returns the packets that are left. */
  flush<P extends FilePacket>(): TransformedPacket<P>[] {
    this.#injector?.close();
    // Of a stream that is cut to bound what is held, more may come.
    this.#injector = undefined;
    return [];
  }
}

/** Takes messages out. */
export class Removal implements PacketTransform {
  readonly #filter: (message: SeiMessage) => boolean;
  readonly #counts: FileCounts;

  /**
   * @param filter which messages go
   * @param counts brought up to date
   */
  constructor(filter: (message: SeiMessage) => boolean, counts: FileCounts) {
    this.#filter = filter;
    this.#counts = counts;
  }

  /** Takes the next packet and returns the packets that are decided. */
  push<P extends FilePacket>(packet: P): TransformedPacket<P>[] {
    const { data, framing } = packet;
    this.#counts.packets++;
    let read = 0;
    const filter = (message: SeiMessage) => {
      read++;
      const goes = this.#filter(message);
      if (goes) this.#counts.messages++;
      return goes;
    };
    const edit = editOfChange(data, stripSei(data, { ...framing, filter }));
    if (edit !== undefined) this.#counts.changed++;
    if (read >= MAX_SEI_MESSAGES_PER_FRAME) this.#counts.overfull++;
    return [{ packet, edit }];
  }

  /** Ends the track and returns the packets that are left. */
  flush<P extends FilePacket>(): TransformedPacket<P>[] {
    return [];
  }
}
