/** A pool of every kind, as settings. */
export const everyKind = {
  default: { kind: 'lambda' },
  image: { kind: 'lambda', image: { repository: 'functions', tag: 'stable' } },
  long: {
    kind: 'fargate',
    image: { repository: 'runners', tag: 'stable' },
    cpu: 2048,
    memoryMb: 4096,
  },
  own: {
    kind: 'datacenter',
    url: 'https://machines.example/api',
    tokenSecret: 'arn:aws:secretsmanager:us-east-1:000000000000:secret:machines-AbCdEf',
    cpu: 16,
    memoryMb: 65_536,
    diskMb: 100_000,
    gpu: 2,
    runnersMax: 6,
  },
} as const;
