/** Numbers of users that are nobody else's on this machine; each is a group's number too. */
export interface UserRange {
  readonly first: number;
  readonly count: number;
}

/** Below are those of the system and of people. */
const userMin = 1000;
const userMax = 4_000_000_000;

/** From `20000-20999`. Throws what is no such range. */
export function readUserRange(text: string): UserRange {
  const [, from = '', to = ''] = /^(\d{4,10})-(\d{4,10})$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || first < userMin || last > userMax || last < first)
    throw new Error(
      `${text} is no range of task users: write FIRST-LAST, such as 20000-20999, from ${userMin} on`,
    );
  return { first, count: last - first + 1 };
}
