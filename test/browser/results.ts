/** What tests, the programs that they run, and the pages in them tell each other. */

/** What the transform of one side is to do. */
export interface SideOptions {
  readonly side: 'sender' | 'receiver';
  readonly publisher?: object | undefined;
  readonly maxFrameGrowth?: number | undefined;
  readonly strip?: boolean | undefined;
  /** Whether the message handler throws, for every message. */
  readonly throws?: boolean | undefined;
}

/** Which messages are published, and how. */
export interface Messages {
  readonly count: number;
  /** Characters of text in each. */
  readonly length: number;
  /** Milliseconds from one to the next; 0 for all at once. */
  readonly interval: number;
}

/** Counts by who has counted. */
export type Counts = Record<string, Record<string, number>>;

/** What is tried. */
export interface PageToPageOptions {
  /** `RTCRtpScriptTransform`, or the `createEncodedStreams()` of older Chrome. */
  readonly isScript: boolean;
  readonly messages: Messages;
  readonly publisher?: object | undefined;
  readonly strip?: boolean | undefined;
  readonly throws?: boolean | undefined;
  readonly maxFrameGrowth?: number | undefined;
}

/** What came of it. */
export interface PageToPageResult {
  /** False where the browser does not have what is tried. */
  readonly isSupported: boolean;
  readonly outcomes: readonly string[];
  readonly numbers: readonly number[];
  readonly sending: Counts;
  readonly receiving: Counts;
  readonly inbound: Record<string, number | string>;
  /** Frames that were decoded after the last message had come. */
  readonly decodedAfterwards: number;
}

/** What came of it in the page. */
export interface WeriftPageResult {
  readonly outcomes: readonly string[];
  /** Numbers that came from the other side. */
  readonly numbers: readonly number[];
  readonly inbound: Record<string, number | string>;
  readonly receiving: Counts;
}

/** What came of it. */
export interface WeriftResult {
  readonly page: WeriftPageResult;
  /** Numbers that werift has received. */
  readonly numbers: readonly number[];
}

/** What came of chunks with messages and without. */
export interface WebCodecsResult {
  readonly chunks: number;
  /** Those that are longer than they were. */
  readonly taggedChunks: number;
  readonly pictures: number;
  /** Pictures that are those of the chunks without messages, pixel by pixel. */
  readonly equalPictures: number;
  /** Pictures that are not the one before. */
  readonly differentPictures: number;
  /** The numbers of the messages that came. */
  readonly messages: readonly number[];
}

/** What hls.js has told of a stream. */
export interface HlsResult {
  /** What it read: UUID and text of each message, in the order in which it told them. */
  readonly messages: readonly (readonly [uuid: string, text: string])[];
  /** Errors that it has told. */
  readonly errors: readonly string[];
  /** Where the video has ended, in seconds. */
  readonly position: number;
  /** Frames that the browser has decoded. */
  readonly frames: number;
}

/** What the viewer page of the example shows. */
export interface DemoResult {
  /** The text of the caption, and by how many milliseconds of video it has missed its frame. */
  readonly caption: { readonly text: string; readonly late: number };
  /** The lines of chat. */
  readonly chat: readonly string[];
  /** What the publisher page says of what it has sent. */
  readonly sent: readonly string[];
  /** Pixels of the color of captions in the lower half of the picture, before there was one and with it. */
  readonly captionPixels: readonly [before: number, after: number];
  /** Different colors in the picture of the video. */
  readonly colors: number;
  /** Where the screenshots are, for whoever looks at them. */
  readonly screenshots: readonly string[];
}
