import { describe, expect, test } from '@jest/globals';
import { fuzzApi } from '../../tools/fuzz-api/fuzz.ts';
import { whyNoPython } from '../../tools/python-environment.ts';

const reason = whyNoPython();
if (reason !== undefined) process.stdout.write(`the API is not tried at random: ${reason}\n`);
const onlyWithPython = reason === undefined ? describe : describe.skip;

onlyWithPython('requests made from the description', () => {
  /** Goal: no 5xx, and no answer that the description does not have. Method: schemathesis, few tries an operation. */
  test('get answers of the description, whatever is in them', async () => {
    // One worker: what makes the requests is not made for threads, and the seed then gives the same ones again.
    const few = ['--phases', 'fuzzing', '--max-examples', '2', '--seed', '7', '--workers', '1'];
    const { code, said, troubles } = await fuzzApi(few);
    expect(troubles).toEqual([]);
    // The whole of what it says is the message.
    expect(code === 0 ? '' : said.slice(-20_000)).toBe('');
    expect(said).toMatch(/Tested: \d\d/);
  }, 600_000);
});
