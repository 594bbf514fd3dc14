import { cpuRange, gpuMax, type Resources, sizeMbMax } from '../contract/resources.ts';
import { sizeText } from '../core/resources.ts';

import { fieldsOf, wholeOf } from './fields.ts';
import { Mistakes } from './mistakes.ts';
import { type Entry, kindOf, type Node, quoted } from './tree.ts';

export { resourcesText } from '../core/resources.ts';

export const resourceKeys = ['cpu', 'memory', 'disk', 'gpu'] as const;
const known: ReadonlySet<string> = new Set(resourceKeys);

const unitMb: Readonly<Record<string, number>> = { MB: 1, GB: 1024, TB: 1024 * 1024 };
/** Of the JSON Schema as well. */
export const sizePattern = '^[0-9]+(\\.[0-9]+)?(MB|GB|TB)$';
const size = new RegExp(sizePattern);

/** `512MB`, `1.5GB` in MB; undefined for anything else. */
export function parseSize(text: string): number | undefined {
  if (text.length > 20 || !size.test(text)) return undefined;
  const mb = Math.round(Number(text.slice(0, -2)) * (unitMb[text.slice(-2)] as number));
  return mb >= 1 && mb <= sizeMbMax ? mb : undefined;
}

type Writable<T> = { -readonly [key in keyof T]: T[key] };

/** Of a task, or of the defaults. */
export function readResources(entry: Entry, mistakes: Mistakes): Resources | undefined {
  const fields = fieldsOf(entry.value, '"resources"', known, mistakes);
  const read: Writable<Resources> = {};
  const cpu = fields.get('cpu');
  const memory = fields.get('memory');
  const disk = fields.get('disk');
  const gpu = fields.get('gpu');
  if (cpu) read.cpu = cpuOf(cpu, mistakes);
  if (memory) read.memoryMb = sizeOf(memory, mistakes);
  if (disk) read.diskMb = sizeOf(disk, mistakes);
  if (gpu) read.gpu = wholeOf(gpu, { min: 0, max: gpuMax }, mistakes);
  return fields.size === 0 ? undefined : read;
}

function cpuOf({ key, value: node }: Entry, mistakes: Mistakes): number | undefined {
  const value = node.kind === 'value' ? node.value : undefined;
  const { min, max } = cpuRange;
  if (typeof value === 'number' && value >= min && value <= max) return value;
  return mistakes.add(
    node,
    `${quoted(key)} must be a number from ${min} to ${max}, not ${kindOf(node)}`,
  );
}

function sizeOf({ key, value: node }: Entry, mistakes: Mistakes): number | undefined {
  const value = node.kind === 'value' ? node.value : undefined;
  const mb = typeof value === 'string' ? parseSize(value) : undefined;
  if (mb !== undefined) return mb;
  const example = 'such as "512MB" or "4GB"';
  const message =
    typeof value === 'number'
      ? `${quoted(key)} needs a unit, ${example}: not ${value}`
      : `${quoted(key)} must be a size, ${example}, not ${kindOf(node)}`;
  return mistakes.add(node, message);
}

/** `cpu:2,memory:4GB`, as on a command line. */
export function parseResources(text: string): Resources {
  const mistakes = new Mistakes();
  const entries = text.split(',').map((part): Entry => {
    const [key = '', value = ''] = part.split(/:(.*)/);
    const number = value.trim() === '' ? Number.NaN : Number(value);
    return {
      key: key.trim(),
      at: 0,
      value: valueNode(Number.isNaN(number) ? value.trim() : number),
    };
  });
  const root = { kind: 'map', at: 0, entries } as const;
  const read = readResources({ key: 'resources', at: 0, value: root }, mistakes);
  if (mistakes.any) throw mistakes.problem(root, {});
  return read ?? {};
}

const valueNode = (value: string | number): Node => ({ kind: 'value', at: 0, value });

/** As an author writes them. */
export const printResources = ({ cpu, memoryMb, diskMb, gpu }: Resources): object => ({
  ...(cpu !== undefined && { cpu }),
  ...(memoryMb !== undefined && { memory: sizeText(memoryMb) }),
  ...(diskMb !== undefined && { disk: sizeText(diskMb) }),
  ...(gpu !== undefined && { gpu }),
});
