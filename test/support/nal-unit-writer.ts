import { BitWriter, escape } from './bitstream-writer.js';

/**
 * A NAL unit (clause 7.3.1): its header of one byte, then the escaped RBSP. No start code.
 *
 * @param header the bytes behind the first one of the header, which NAL units of type 14, 20 and 21 have
 */
export function nalUnit(
  nalUnitType: number,
  nalRefIdc: number,
  rbsp: Uint8Array,
  header: Uint8Array = new Uint8Array(),
): Uint8Array {
  return Uint8Array.of((nalRefIdc << 5) | nalUnitType, ...header, ...escape(rbsp));
}

/** An access unit delimiter (type 9, clause 7.3.2.4). */
export function accessUnitDelimiter(primaryPicType = 7): Uint8Array {
  return nalUnit(9, 0, new BitWriter().u(3, primaryPicType).trailingBits().toBytes());
}

/** end_of_seq_rbsp() is empty (type 10, clause 7.3.2.5). */
export const endOfSequence: Uint8Array = nalUnit(10, 0, new Uint8Array());

/** end_of_stream_rbsp() is empty (type 11, clause 7.3.2.6). */
export const endOfStream: Uint8Array = nalUnit(11, 0, new Uint8Array());

/** Filler data (type 12, clause 7.3.2.7). */
export function fillerData(bytes: number): Uint8Array {
  return nalUnit(12, 0, new BitWriter().bytes(new Uint8Array(bytes).fill(0xff)).trailingBits().toBytes());
}

/** A NAL unit of a reserved or unspecified type with some bytes in it. */
export function opaqueNalUnit(nalUnitType: number, nalRefIdc = 0): Uint8Array {
  return nalUnit(nalUnitType, nalRefIdc, Uint8Array.of(0x5a, 0, 0, 1, 0x80));
}

/** A SEI NAL unit (type 6, clause 7.3.2.3) of one message of less than 255 bytes and a type below 255. */
export function seiMessage(payloadType: number, payload: Uint8Array): Uint8Array {
  return nalUnit(6, 0, Uint8Array.of(payloadType, payload.length, ...payload, 0x80));
}

/** Fields of nal_unit_header_svc_extension() (clause G.7.3.1.1). */
export interface SvcHeader {
  idrFlag: boolean;
  temporalId: number;
}

/** A prefix NAL unit (type 14) of scalable video, for the base layer slice behind it (clause G.7.3.2.12.1). */
export function svcPrefixNalUnit(nalRefIdc: number, { idrFlag, temporalId }: SvcHeader): Uint8Array {
  const header = new BitWriter().u(1, 1).flag(idrFlag).u(6, temporalId); // svc_extension_flag, idr_flag, priority_id
  header.u(1, 1).u(3, 0).u(4, 0).u(3, temporalId); // no_inter_layer_pred_flag, dependency_id, quality_id, temporal_id
  header
    .u(1, 0)
    .u(1, nalRefIdc === 0 ? 1 : 0)
    .u(1, 1)
    .u(2, 3); // use_ref_base_pic_flag, discardable_flag, output_flag
  const rbsp = new BitWriter();
  // store_ref_base_pic_flag and additional_prefix_nal_unit_extension_flag
  if (nalRefIdc !== 0) rbsp.flag(false).flag(false).trailingBits();
  return nalUnit(14, nalRefIdc, rbsp.toBytes(), header.toBytes());
}

/** Fields of nal_unit_header_mvc_extension() (clause H.7.3.1.1). */
export interface MvcHeader {
  nonIdrFlag: boolean;
  viewId: number;
  anchorPicFlag: boolean;
}

/** The three bytes of header with svc_extension_flag 0 that a NAL unit of type 14 or 20 has in multiview video. */
export function mvcHeader({ nonIdrFlag, viewId, anchorPicFlag }: MvcHeader): Uint8Array {
  const header = new BitWriter().u(1, 0).flag(nonIdrFlag).u(6, 1).u(10, viewId); // svc_extension_flag, priority_id
  return header.u(3, 0).flag(anchorPicFlag).u(1, 1).u(1, 1).toBytes(); // temporal_id, inter_view_flag, reserved_one_bit
}

/** A prefix NAL unit (type 14) of multiview video; its RBSP is empty (clause 7.3.2.12). */
export function mvcPrefixNalUnit(nalRefIdc: number, header: MvcHeader): Uint8Array {
  return nalUnit(14, nalRefIdc, new Uint8Array(), mvcHeader(header));
}
