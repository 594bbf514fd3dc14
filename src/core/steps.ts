import type { Json } from '../contract/json.ts';
import type { Run, Step } from '../contract/workflow.ts';

/** The steps of a sequence or tandem that have an input of their own, nested ones too, in the order they are written. */
export interface StepInputs {
  readonly templates: readonly Json[];
  /** Where a step's input stands in `templates`. */
  readonly places: ReadonlyMap<Step, number>;
}

const none: StepInputs = { templates: [], places: new Map() };
const known = new WeakMap<Run, StepInputs>();

export function stepInputs(run: Run): StepInputs {
  if (run.kind !== 'sequence' && run.kind !== 'tandem') return none;
  let inputs = known.get(run);
  if (inputs === undefined) {
    const templates: Json[] = [];
    const places = new Map<Step, number>();
    collect(run, templates, places);
    inputs = { templates, places };
    known.set(run, inputs);
  }
  return inputs;
}

function collect(run: Run, templates: Json[], places: Map<Step, number>): void {
  if (run.kind !== 'sequence' && run.kind !== 'tandem') return;
  for (const step of run.steps) {
    if (step.with !== undefined) {
      places.set(step, templates.length);
      templates.push(step.with);
    }
    collect(step.run, templates, places);
  }
}
