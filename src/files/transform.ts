/** What is done to the packets of a track, one after the other in decoding order. */
import { MAX_SEI_MESSAGES_PER_FRAME } from '../codec/results.js';
import type { SeiMessage } from '../frame/extract.js';
import { injectSeiParts } from '../frame/inject.js';
import { stripSei } from '../frame/strip.js';
import { SeiInjector } from '../publish/injector.js';
import type { SeiPublisher } from '../publish/publisher.js';
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

/** The smallest SEI NAL unit: an empty user_data_unregistered message would be larger, and it is not kept. */
const PROBE = Uint8Array.of(0x06, 0x05, 0x00, 0x80);

/**
 * Puts messages into the pictures at which they are due.
 *
 * @param schedule says which messages
 * @param startsAtFirst whether times count from the first picture that is shown, and not from 0 on the timeline
 * @param counts brought up to date
 */
export function scheduledInjection(schedule: Schedule, startsAtFirst: boolean, counts: FileCounts): PacketTransform {
  const held: FilePacket[] = [];
  let originMs: number | undefined;

  const firstTimeMs = () => {
    const times = held.flatMap((packet) => timeOf(packet) ?? []);
    return times.length === 0 ? 0 : Math.min(...times);
  };

  function editOf(packet: FilePacket, origin: number): SampleEdit | undefined {
    const { index, data, framing } = packet;
    counts.packets++;
    if (schedule.pending === 0 && !schedule.repeats) return undefined;
    // A packet without a picture takes nothing: it is asked with a NAL unit that is not kept.
    if (injectSeiParts(data, [PROBE], framing).length < 2) return undefined;
    const toSeconds = (milliseconds: number) => (milliseconds - origin) / 1000;
    const timeMs = timeOf(packet);
    const time =
      timeMs === undefined || !schedule.needsTime
        ? undefined
        : {
            seconds: toSeconds(timeMs),
            originSeconds: origin / 1000,
            laterSeconds: held.flatMap((each) => timeOf(each) ?? []).map(toSeconds),
          };
    const nalUnits = schedule.takeShown(index, time);
    if (nalUnits.length === 0) return undefined;
    counts.messages += nalUnits.length;
    counts.changed++;
    return editOfParts(data, injectSeiParts(data, nalUnits, framing));
  }

  function decide<P extends FilePacket>(count: number): TransformedPacket<P>[] {
    const decided: TransformedPacket<P>[] = [];
    while (held.length > count) {
      originMs ??= startsAtFirst ? firstTimeMs() : 0;
      const packet = held.shift() as P;
      decided.push({ packet, edit: editOf(packet, originMs) });
    }
    return decided;
  }

  return {
    push(packet) {
      held.push(packet);
      return decide(schedule.needsTime ? MAX_REORDERED_PACKETS : 0);
    },
    flush: () => decide(0),
  };
}

/**
 * Puts the messages of a publisher into pictures, as the injector of a live stream does.
 *
 * @param publisher of the messages
 * @param counts brought up to date
 */
export function publishedInjection(publisher: SeiPublisher, counts: FileCounts): PacketTransform {
  let injector: SeiInjector | undefined;
  return {
    push(packet) {
      const { presentationTimeMs, data, framing } = packet;
      counts.packets++;
      injector ??= new SeiInjector({ publisher, ...framing });
      const edit = editOfParts(data, injector.injectParts(data, { timestamp: presentationTimeMs }));
      if (edit !== undefined) {
        counts.changed++;
        // A NAL unit and the length or start code in front of it.
        counts.messages += edit.insert.length / 2;
      }
      return [{ packet, edit }];
    },
    flush() {
      injector?.close();
      // Of a stream that is cut to bound what is held, more may come.
      injector = undefined;
      return [];
    },
  };
}

/**
 * Removes messages.
 *
 * @param filter which messages go
 * @param counts brought up to date
 */
export function removal(filter: (message: SeiMessage) => boolean, counts: FileCounts): PacketTransform {
  return {
    push(packet) {
      const { data, framing } = packet;
      counts.packets++;
      let read = 0;
      const counted = (message: SeiMessage) => {
        read++;
        const goes = filter(message);
        if (goes) counts.messages++;
        return goes;
      };
      const edit = editOfChange(data, stripSei(data, { ...framing, filter: counted }));
      if (edit !== undefined) counts.changed++;
      if (read >= MAX_SEI_MESSAGES_PER_FRAME) counts.overfull++;
      return [{ packet, edit }];
    },
    flush: () => [],
  };
}
