import type { ComponentChildren } from 'preact';

interface SearchProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

export function Search({ label, value, onChange }: SearchProps) {
  return (
    <input
      type="search"
      class="search"
      aria-label={label}
      placeholder={label}
      value={value}
      onInput={(event) => onChange(event.currentTarget.value)}
    />
  );
}

interface ChipsProps<T extends string> {
  readonly label: string;
  readonly options: readonly T[];
  readonly chosen: T | '';
  readonly children: (option: T) => ComponentChildren;
  readonly onChoose: (option: T | '') => void;
}

/** One of a few, or none: choosing what is chosen takes the choice back. */
export function Chips<T extends string>(props: ChipsProps<T>) {
  const { options, chosen, onChoose } = props;
  return (
    <fieldset class="chips">
      <legend class="unseen">{props.label}</legend>
      {options.map((option) => (
        <button
          key={option}
          type="button"
          class="chip"
          aria-pressed={option === chosen}
          onClick={() => onChoose(option === chosen ? '' : option)}
        >
          {props.children(option)}
        </button>
      ))}
    </fieldset>
  );
}
