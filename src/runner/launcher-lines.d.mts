import type { Buffer } from 'node:buffer';

export declare function cleanLine(text: string): string;

export declare class Lines {
  constructor(lineMax: number);
  last: string | undefined;
  tail: string;
  push(chunk: Buffer, quiet?: boolean): string[];
  end(): string[];
}
