import { expect, test } from '@jest/globals';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { printYaml } from '../../src/definition/print.ts';
import { parseSize } from '../../src/definition/resources.ts';

const resourcesOf = (text: string) =>
  parseWorkflowText(`name: n\n${text}`, 'w.yaml').tasks.map(({ resources }) => resources);

test('sizes are in MB of 1,048,576 bytes, and need a unit', () => {
  const sizes = ['512MB', '4GB', '1.5GB', '2TB', '512', '4G', '4gb', '0MB', '17TB'];
  expect(sizes.map(parseSize)).toEqual([512, 4096, 1536, 2_097_152, ...Array(5).fill(undefined)]);
});

test('what a task asks for adds to what the defaults say', () => {
  const text =
    'defaults: { resources: { cpu: 0.5, memory: 1GB } }\ntasks:\n  a: { run: x }\n  b: { run: x, resources: { cpu: 2, gpu: 1, disk: 10GB } }\n';
  expect(resourcesOf(text)).toEqual([
    { cpu: 0.5, memoryMb: 1024 },
    { cpu: 2, memoryMb: 1024, diskMb: 10_240, gpu: 1 },
  ]);
});

test('it is printed as it is written', () => {
  const text =
    'name: n\ntasks:\n  a: { shell: x, resources: { cpu: 2, memory: 512MB, disk: 10GB } }\n';
  const printed = printYaml(parseWorkflowText(text, 'w.yaml'));
  expect(printed).toContain('memory: 512MB\n      disk: 10GB');
});
