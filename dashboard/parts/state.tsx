import type { Counts } from '../../src/contract/api.ts';
import { shownStates, signs, totalOf, wordOf } from '../model/states.ts';
import { count } from '../model/words.ts';

interface StateProps {
  readonly of: string;
  /** Default: the state's own. */
  readonly word?: string;
  /** Only for those who cannot see the sign. */
  readonly brief?: boolean;
}

/** Colour, sign and word together. */
export function State({ of, word = wordOf(of), brief = false }: StateProps) {
  return (
    <span class={`state s-${of}`} title={brief ? word : undefined}>
      <span class="sign" aria-hidden="true">
        {signs[of] ?? '•'}
      </span>
      <span class={brief ? 'unseen' : undefined}>{word}</span>
    </span>
  );
}

/** How many are in each state, as a bar with the numbers below it. */
export function CountsBar({ counts, label }: { counts: Counts; label: string }) {
  const total = Math.max(1, totalOf(counts));
  const shown = shownStates.filter((state) => counts[state] > 0);
  const words = shown.map((state) => `${count(counts[state])} ${wordOf(state)}`).join(', ');
  return (
    <div class="counts-bar" role="img" aria-label={`${label}: ${words || 'none'}`} title={words}>
      {shown.map((state) => (
        <span
          key={state}
          class={`part f-${state}`}
          style={{ width: `${(100 * counts[state]) / total}%` }}
        />
      ))}
    </div>
  );
}
