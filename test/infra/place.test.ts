import { expect, test } from '@jest/globals';
import { placeOf } from '../../infra/place.ts';

test('templates can be had without an account', () => {
  expect(placeOf(undefined, 'us-east-1')).toEqual({});
  expect(placeOf('000000000000', undefined)).toEqual({});
});

test('a region that is none is refused with those that there are', () => {
  expect(() => placeOf('000000000000', 'us-est-1')).toThrow(
    /^there is no AWS region us-est-1, .*; set AWS_REGION to one of .*eu-central-1, .*us-east-1/,
  );
  expect(placeOf('000000000000', 'eu-central-1')).toEqual({
    env: { account: '000000000000', region: 'eu-central-1' },
  });
});
