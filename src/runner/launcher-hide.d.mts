import type { Stream } from '../ports/log-sink.ts';

export declare const mask: string;
export declare function hideIn(text: string, texts: readonly string[]): string;
export declare function hideInCut(text: string, texts: readonly string[]): string;
export declare class LineHider {
  constructor(texts: readonly string[]);
  hide(stream: Stream, line: string): string;
}
