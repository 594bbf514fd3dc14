/** List prices of us-east-1 in US dollars for what is paid for while nothing runs, beside those of what runs. */
export const standingPricesRead = 'CloudWatch list prices of 2026, us-east-1';

export const standing = {
  /** For each metric that a standard alarm looks at. */
  alarmMetricMonth: 0.1,
  logGb: 0.5,
  logGbMonth: 0.03,
  /** Of an event source of its own speed. */
  pollerHour: 0.00925,
  natHour: 0.045,
  addressHour: 0.005,
} as const;

export const hoursInMonth = 730;
