import { DEFAULT_SEI_UUID, IVS_SEI_UUID } from '../codec/uuid.js';

const NAL_UNIT_TYPES: Readonly<Record<number, string>> = {
  1: 'non-IDR slice',
  2: 'slice data partition A',
  3: 'slice data partition B',
  4: 'slice data partition C',
  5: 'IDR slice',
  6: 'SEI',
  7: 'sequence parameter set',
  8: 'picture parameter set',
  9: 'access unit delimiter',
  10: 'end of sequence',
  11: 'end of stream',
  12: 'filler data',
  13: 'sequence parameter set extension',
  14: 'prefix NAL unit',
  15: 'subset sequence parameter set',
  16: 'depth parameter set',
  19: 'auxiliary slice',
  20: 'slice extension',
  21: 'depth slice extension',
};

const SEI_PAYLOAD_TYPES: Readonly<Record<number, string>> = {
  0: 'buffering_period',
  1: 'pic_timing',
  2: 'pan_scan_rect',
  3: 'filler_payload',
  4: 'user_data_registered_itu_t_t35',
  5: 'user_data_unregistered',
  6: 'recovery_point',
  7: 'dec_ref_pic_marking_repetition',
  19: 'film_grain_characteristics',
  45: 'frame_packing_arrangement',
  47: 'display_orientation',
  137: 'mastering_display_colour_volume',
  144: 'content_light_level_info',
  147: 'alternative_transfer_characteristics',
};

const UUIDS: Readonly<Record<string, string>> = {
  [DEFAULT_SEI_UUID]: 'h264-sei',
  [IVS_SEI_UUID]: 'Amazon IVS',
  'dc45e9bd-e6d9-48b7-962c-d820d923eeef': 'x264',
  '4d495350-6d69-6372-6f73-656374696d65': 'MISB ST 0604 time',
};

/** What a nal_unit_type is called (H.264 Table 7-1). */
export function nalUnitTypeName(type: number): string {
  return NAL_UNIT_TYPES[type] ?? (type === 0 || type >= 24 ? 'unspecified' : 'reserved');
}

/** What the payloadType of a SEI message is called, for the types that are seen in the field (H.264 D.1.1). */
export function seiPayloadTypeName(payloadType: number): string {
  return SEI_PAYLOAD_TYPES[payloadType] ?? 'another type';
}

/** Who writes messages with a UUID, in canonical form; undefined where that is not known. */
export function uuidName(uuid: string): string | undefined {
  return Object.hasOwn(UUIDS, uuid) ? UUIDS[uuid] : undefined;
}
