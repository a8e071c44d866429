/** The largest frame that is taken, in bytes: offsets of more than 31 bits do not occur in H.264 and cost speed. */
export const MAX_FRAME_SIZE = 0x7fff_ffff;

/** The most user data in one message, in bytes: 1 MiB, far above what any receiver takes. */
export const MAX_USER_DATA_SIZE = 1 << 20;
