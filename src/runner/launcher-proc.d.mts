import type { SignalConstants } from 'node:os';

export declare function processesByToken(
  matches: (token: string) => boolean,
): { pid: number; token: string }[];
export declare function killByToken(matches: (token: string) => boolean): number;
export declare function signal(pid: number, name: keyof SignalConstants | 0): boolean;
export declare function startOf(pid: number): string;
export declare function treeUsage(root: number): {
  cpuSeconds: number;
  memoryMb: number;
  residentMb: number;
};
export declare function variableOf(pid: number, name: string): string | undefined;
export declare function oomKills(): number;
