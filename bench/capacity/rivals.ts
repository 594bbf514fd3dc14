import type { Policy, View } from './simulate.ts';

interface Pool {
  readonly slots: number;
  readonly runnersMax: number;
  readonly acceptableS: number;
}

/**
 * AWS's target tracking of backlog per instance, as its documentation sets it up: the target is the acceptable latency
 * over a task's time, for as many tasks as an instance runs at once. A data point a minute; three above the target
 * scale out at once in proportion; fifteen below nine tenths of it scale in. How fast it scales in AWS does not say,
 * only that it is more gradual: `inShare` is the most that one step takes away. 300 s between two steps in.
 * It cannot divide by no instances, so one always stays. In its favour: data points are not late, the mean time of
 * tasks is known from the start, and instances that start count as instances.
 */
export function targetTracking(pool: Pool, meanServiceS: number, inShare: number): Policy {
  const target = (pool.acceptableS / meanServiceS) * pool.slots;
  const points: number[] = [];
  let instances = 1;
  let steppedInAt = -300;
  const step = (backlog: number, nowS: number): number => {
    const proportional = Math.ceil(backlog / target);
    if (points.length >= 3 && points.slice(-3).every((point) => point > target))
      return Math.max(instances, proportional);
    const low = points.length >= 15 && points.every((point) => point < 0.9 * target);
    if (!low || nowS - steppedInAt < 300) return instances;
    steppedInAt = nowS;
    return Math.max(proportional, instances - Math.max(1, Math.floor(instances * inShare)));
  };
  return {
    name: 'target tracking',
    everyS: 60,
    first: 1,
    wanted: ({ waiting }, nowS) => {
      if (nowS === 0) return instances;
      points.push(waiting / instances);
      if (points.length > 15) points.shift();
      instances = Math.min(pool.runnersMax, Math.max(1, step(waiting, nowS)));
      return instances;
    },
  };
}

/**
 * KEDA's SQS rule: messages, waiting and in flight, over `queueLength`, polled every 30 s; up at once, down to the
 * highest of the last 300 s, to none 300 s after the last message. In its favour, `queueLength` is what a runner
 * runs at once and not the default of 5.
 */
export function keda(pool: Pool): Policy {
  const recent: number[] = [];
  let activeAt = Number.NEGATIVE_INFINITY;
  return {
    name: 'KEDA',
    everyS: 30,
    first: 0,
    wanted: ({ waiting, running }: View, nowS) => {
      const messages = waiting + running;
      if (messages > 0) activeAt = nowS;
      recent.push(Math.min(pool.runnersMax, Math.ceil(messages / pool.slots)));
      if (recent.length > 10) recent.shift();
      return nowS - activeAt >= 300 ? 0 : Math.max(1, ...recent);
    },
  };
}
