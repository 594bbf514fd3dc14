import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { AwsSolutionsChecks } from 'cdk-nag';
import { openCodeFolder, synthesize } from '../support/infra-stacks.ts';
import { reviewedFindings } from './reviewed-findings.ts';

const code = openCodeFolder();
afterAll(code.close);

interface Finding {
  readonly rule: string;
  readonly at: string;
}

const findings: Finding[] = [];
const covers = ({ finding, at }: (typeof reviewedFindings)[number], found: Finding): boolean =>
  finding.test(found.rule) && at.test(found.at);

beforeAll(() => {
  const { app } = synthesize({}, code.folder);
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  for (const { ruleName, violatingResources } of violations)
    for (const { constructPath = '' } of violatingResources ?? [])
      findings.push({ rule: ruleName, at: constructPath });
});

test("AWS's rules for what is deployed find nothing that was not reviewed", () => {
  const news = findings.filter((found) => !reviewedFindings.some((one) => covers(one, found)));
  expect(news).toEqual([]);
});

test('everything that was reviewed is still found, and it is little', () => {
  const gone = reviewedFindings.filter((one) => !findings.some((found) => covers(one, found)));
  expect(gone).toEqual([]);
  expect(reviewedFindings.length).toBeLessThanOrEqual(5);
});
