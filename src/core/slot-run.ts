const letters = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const timeLetters = 10;

/**
 * The id of the run that a slot starts: the slot's time, and what is by chance in the schedule's own ULID. So whoever fires
 * a slot, and however often, it is one run; and runs of schedules that were made together are neighbours.
 */
export function runOfSlot(schedule: string, slot: number): string {
  let time = '';
  for (let left = slot; time.length < timeLetters; left = Math.floor(left / 32))
    time = letters[left % 32] + time;
  return time + schedule.slice(timeLetters);
}
