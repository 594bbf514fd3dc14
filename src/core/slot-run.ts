const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeLetters = 10;

/**
 * The id of the run that a slot starts: the slot's time, and what tells the schedule's own ULID from others. So whoever fires
 * a slot, and however often, it is one run; and runs of schedules that were made together are neighbours.
 */
export function runOfSlot(schedule: string, slot: number): string {
  let time = '';
  for (let left = slot; time.length < timeLetters; left = Math.floor(left / 32))
    time = letters[left % 32] + time;
  return time + own(schedule);
}

/** The part that is by chance, with the time added letter by letter: two ULIDs that are alike in one differ in the other. */
function own(schedule: string): string {
  let text = '';
  for (let i = 0; i < timeLetters; i++) {
    const chance = letters.indexOf(schedule[timeLetters + i] as string);
    text += letters[(chance + letters.indexOf(schedule[i] as string)) % 32];
  }
  return text + schedule.slice(2 * timeLetters);
}
