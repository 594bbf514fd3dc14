import { join } from 'node:path';

/** What a program finds in its environment. */
export function environment(order, { env, token }, { id, folder, names }) {
  const { left, needed } = order.folders ?? {};
  return {
    ...env,
    HOME: folder,
    TMPDIR: join(folder, 'tmp'),
    ...order.env,
    TASK_RUN: order.run,
    TASK_WORKFLOW: order.workflow,
    TASK_ID: order.task,
    TASK_ATTEMPT: String(order.attempt),
    TASK_DIR: folder,
    TASK_INPUT: join(folder, names.input),
    TASK_OUTPUT: join(folder, names.output),
    TASK_CONTROL: '/dev/fd/3',
    TASK_ANSWERS: join(folder, names.answers),
    ...(left && { TASK_ARTIFACTS: left }),
    ...(needed && { TASK_INPUTS: needed }),
    TASK_TOKEN: `${token}.${id}`,
  };
}
