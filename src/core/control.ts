import type { Control } from '../contract/happening.ts';
import { cancelOpen } from './cancel.ts';
import { consult, type Decision } from './decision.ts';
import { codeOf, type Head, type Progress } from './progress.ts';
import { completeRerun } from './rerun.ts';
import { consider } from './settle.ts';
import { codes, isOver } from './status.ts';

/**
 * What a user asked of the run. Each control is decided once, when it is first folded: one that the run's state did not
 * allow then is not applied later.
 */
export function foldControl(
  progress: Progress,
  id: string,
  control: Control,
  decision: Decision,
): void {
  const { head } = progress;
  if (!wasDecided(head, id)) {
    if (allows(head, control)) apply(head, control);
    noteDecided(head, id);
    head.dirty = true;
  }
  if (control.action === 'cancel' && head.state === 'cancelling') cancelOpen(progress, decision);
  if (control.action === 'rerun') completeRerun(progress);
  if (control.action === 'resume' || control.action === 'rerun') resumeAll(progress, decision);
}

const controlsKept = 64;

/** Their ids rise with the time, so what is before all that are kept was decided before them. */
const wasDecided = ({ controls }: Head, id: string): boolean =>
  controls.includes(id) || (controls.length >= controlsKept && id < (controls[0] as string));

function noteDecided({ controls }: Head, id: string): void {
  controls.push(id);
  controls.sort();
  if (controls.length > controlsKept) controls.shift();
}

function allows(head: Head, control: Control): boolean {
  switch (control.action) {
    case 'cancel':
      return head.state === 'running' || head.state === 'paused';
    case 'pause':
      return head.state === 'running';
    case 'resume':
      return head.state === 'paused';
    case 'rerun':
      return isOver(head.state) && control.generation === head.generation + 1;
  }
}

function apply(head: Head, control: Control): void {
  switch (control.action) {
    case 'cancel':
      head.state = 'cancelling';
      head.reason = control.reason;
      head.fails = control.fails ?? false;
      return;
    case 'pause':
      head.state = 'paused';
      return;
    case 'resume':
      head.state = 'running';
      return;
    case 'rerun':
      head.state = 'running';
      head.reason = undefined;
      head.fails = false;
      head.generation += 1;
      head.rerun = control.tasks ?? 'failed';
  }
}

/** Looks at every open task as if nothing had been sent. So it rests on every chunk. */
export function resumeAll(progress: Progress, decision: Decision): void {
  consult(progress, 0, progress.graph.size, decision);
  for (let task = 0; task < progress.graph.size; task++)
    if (!consider(progress, task, decision) && codeOf(progress, task) === codes.awaiting)
      decision.parents.add(task);
}
