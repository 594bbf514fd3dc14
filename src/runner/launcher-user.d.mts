import type { UserRange } from '../contract/user-range.ts';

type User = UserRange['first'];

export declare function asUser<T>(user: User | undefined, act: () => T): T;
export declare function killUsers(first: User, last?: User): void;
