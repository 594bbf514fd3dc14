import * as z from 'zod';

/** 16 TB in MB, of 1,048,576 bytes each. */
export const sizeMbMax = 16 * 1024 * 1024;
const SizeMb = z.int().min(1).max(sizeMbMax);

export const cpuRange = { min: 0.01, max: 1024 } as const;
export const gpuMax = 1024;

/**
 * What one attempt at a task is to have for itself. `memoryMb` and `diskMb` are its limits as well: an attempt that takes
 * more is killed. A runner never starts so many that they would have more together than there is.
 */
export const Resources = z.strictObject({
  /** Processors, or parts of one. */
  cpu: z.number().min(cpuRange.min).max(cpuRange.max).optional(),
  memoryMb: SizeMb.optional(),
  /** In the attempt's own folder. */
  diskMb: SizeMb.optional(),
  gpu: z.int().min(0).max(gpuMax).optional(), // default: 0
});
export type Resources = z.infer<typeof Resources>;

/** What a runner has for all its attempts together. */
export const Capacity = z.strictObject({
  cpu: z.number().min(0),
  memoryMb: z.number().min(0),
  diskMb: z.number().min(0),
  gpu: z.int().min(0),
});
export type Capacity = z.infer<typeof Capacity>;
