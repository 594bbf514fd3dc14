/** Reached for by simulated code: time or chance from outside the simulation. */
export class HiddenInput extends Error {
  constructor(name: string) {
    super(`simulated code called ${name}: time and chance come from the ports`);
    this.name = 'HiddenInput';
  }
}

interface Target {
  readonly holder: object;
  readonly name: string;
  readonly label: string;
}

const targets: readonly Target[] = [
  ...['setTimeout', 'setInterval', 'setImmediate', 'fetch'].map((name) => ({
    holder: globalThis,
    name,
    label: name,
  })),
  { holder: Math, name: 'random', label: 'Math.random' },
  { holder: performance, name: 'now', label: 'performance.now' },
  { holder: process, name: 'hrtime', label: 'process.hrtime' },
  { holder: process, name: 'nextTick', label: 'process.nextTick' },
  { holder: crypto, name: 'randomUUID', label: 'crypto.randomUUID' },
  { holder: crypto, name: 'getRandomValues', label: 'crypto.getRandomValues' },
  { holder: AbortSignal, name: 'timeout', label: 'AbortSignal.timeout' },
];

/**
 * Runs `work` in a process where hidden inputs throw `HiddenInput`, and tells `onUse` too, since the code that called
 * may swallow it. Works only for synchronous work; all is as before when it returns.
 */
export function trapped<T>(onUse: (name: string) => void, work: () => T): T {
  const restore: (() => void)[] = [];
  try {
    for (const target of targets) restore.push(poison(target, onUse));
    restore.push(poisonDate(onUse));
    return work();
  } finally {
    for (const undo of restore.reverse()) undo();
  }
}

function poison({ holder, name, label }: Target, onUse: (name: string) => void): () => void {
  const value = () => {
    onUse(label);
    throw new HiddenInput(label);
  };
  return replace(holder, name, value);
}

function poisonDate(onUse: (name: string) => void): () => void {
  const Real = globalThis.Date;
  const refuse = (label: string): never => {
    onUse(label);
    throw new HiddenInput(label);
  };
  const Trapped = new Proxy(Real, {
    construct: (target, args, self) =>
      args.length === 0 ? refuse('new Date()') : Reflect.construct(target, args, self),
    apply: () => refuse('Date()'),
    get: (target, key) =>
      key === 'now' ? () => refuse('Date.now') : Reflect.get(target, key, target),
  });
  return replace(globalThis, 'Date', Trapped);
}

/** Own or inherited, the property gets the value; the function that comes back undoes it. */
function replace(holder: object, name: string, value: unknown): () => void {
  const own = Object.getOwnPropertyDescriptor(holder, name);
  Object.defineProperty(holder, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(holder, name, own);
    else Reflect.deleteProperty(holder, name);
  };
}
