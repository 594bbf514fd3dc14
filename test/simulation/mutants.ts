export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/**
 * Bugs that the simulator must find: each takes one guard away, or two that guard the same. A patch that fits no longer,
 * or twice, is an error.
 */
export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
}

const p = (file: string, find: string, replace: string): Patch => ({
  file: `src/${file}`,
  find,
  replace,
});

const m = (name: string, file: string, find: string, replace: string): Mutant => ({
  name,
  patches: [p(file, find, replace)],
});

export const mutants: readonly Mutant[] = [
  // Claims
  m(
    'claim-granted-twice',
    'core/claim.ts',
    'holder.attempt < attempt) taken',
    'holder.attempt <= attempt) taken',
  ),
  m(
    'claim-without-nonce',
    'core/claim.ts',
    'holder.row[1] !== claimer.nonce',
    'holder.row[0] !== claimer.owner',
  ),
  m('own-claim-is-anothers', 'core/claim.ts', 'holder.row[1] !== claimer.nonce', 'true'),
  m(
    'claim-put-blindly',
    'runner/claims.ts',
    "condition: before ? { version: before.version } : 'absent'",
    "condition: 'any'",
  ),
  m('refused-claim-starts', 'runner/admission.ts', 'if (answer.granted) continue;', 'continue;'),
  m(
    'unknown-runner-lives',
    'engine/meet-claimed.ts',
    'if (beat === undefined || beat.leaseUntil + settings.skewMs < now) {',
    'if (beat !== undefined && beat.leaseUntil + settings.skewMs < now) {',
  ),
  m(
    'early-meeting-settles',
    'engine/meet-claimed.ts',
    "lists(beat, one) ? 'settled' : 'early'",
    "lists(beat, one) ? 'settled' : 'settled'",
  ),
  // The runner
  m(
    'old-generation-starts',
    'runner/admission.ts',
    'run?.generation === held.generation &&\n  (run.state',
    'run !== undefined &&\n  (run.state',
  ),
  m(
    'starts-in-cancelled-run',
    'runner/admission.ts',
    "(run.state === 'running' || (run.state === 'cancelling' && held.always));",
    "run.state !== 'paused';",
  ),
  m(
    'run-not-asked-for',
    'runner/admission.ts',
    'const states = await insist(ports, () => this.#parts.states(runs));',
    "const states = new Map(runs.map((run) => [run, 'running' as RunState]));",
  ),
  m(
    'chain-not-asked-for',
    'runner/chain.ts',
    'const wanted = await admission.wanted([next]);',
    'const wanted = [next];',
  ),
  m(
    'chain-without-claim',
    'runner/chain.ts',
    'if (!next.granted) return sendInstead(parts, next);',
    '',
  ),
  m('unread-owner-holds-attempt', 'runner/admission.ts', 'if (mayPass(error)) return [];', ''),
  m(
    'message-removed-while-unclaimed',
    'runner/intake.ts',
    'this.#bundles.push({ message, letter, next: 0 });',
    'this.#bundles.push({ message, letter, next: message.tasks.length > 1 ? 1 : 0 });',
  ),
  m(
    'message-goes-with-first-task',
    'runner/holdings.ts',
    'if (letter.open > 0 || letter.removed) return;',
    'if (letter.removed) return;',
  ),
  m(
    'not-due-message-dropped',
    'runner/agent.ts',
    'await queue.send([{ queue: taken.queue, body: asBody(message), delayMs }]);',
    'void delayMs;',
  ),
  m(
    'not-due-message-started',
    'runner/agent.ts',
    'if (early <= 0) return',
    'if (early <= 600_000) return',
  ),
  m(
    'paused-attempt-forgotten',
    'runner/admission.ts',
    "if (isHeldBack(held, standing)) ended([neverRan(held, 'released', now)]);",
    'if (isHeldBack(held, standing)) holdings.letGo(held);',
  ),
  m(
    'report-once',
    'runner/reports.ts',
    'await insist(ports, async () => void (await ports.table.putMany(puts)));',
    'await ports.table.putMany(puts).catch(() => undefined);',
  ),
  m(
    'pack-numbers-repeat',
    'runner/reports.ts',
    'return packsOf(reports).map((pack) => packPut(ports, settings, options.owner, packs++, pack));',
    'return packsOf(reports).map((pack) => packPut(ports, settings, options.owner, packs, pack));',
  ),
  m(
    'heartbeat-lists-nothing',
    'runner/heartbeat.ts',
    'await put(rowsOf(list), settings.leaseMs);',
    'await put(rowsOf(list.slice(list.length)), settings.leaseMs);',
  ),
  m(
    'spawns-not-named',
    'runner/reports.ts',
    'const spawns = held.spawned.length > 0 ? { spawns: held.spawned } : {};',
    'const spawns = {};',
  ),
  // Folding
  m(
    'stale-report-accepted',
    'core/attempt.ts',
    'else if (!isCurrent(progress, task, attempt)) refuseReport(progress, id, report);',
    'else if (!isCurrent(progress, task, triesOf(progress, task).attempt)) refuseReport(progress, id, report);',
  ),
  m(
    'folded-report-says-nothing',
    'core/attempt.ts',
    'if (wasFolded(progress, id, task, attempt)) sayAgain(progress, task, attempt, decision);\n  else if (!isCurrent',
    'if (wasFolded(progress, id, task, attempt)) return;\n  else if (!isCurrent',
  ),
  m(
    'lost-is-no-attempt',
    'core/attempt.ts',
    'const tries = { ...before, lost: before.lost + 1 };',
    'const tries = { ...before };',
  ),
  m(
    'lost-has-no-end',
    'core/retry.ts',
    'if (tries.lost > (task.lostMax ?? lostMaxDefault))',
    'if (tries.lost > 1e6 + (task.lostMax ?? lostMaxDefault))',
  ),
  m(
    'failures-have-no-end',
    'core/retry.ts',
    'if (tries.tries >= attemptsMax)',
    'if (tries.tries > attemptsMax)',
  ),
  m(
    'at-most-once-twice',
    'core/retry.ts',
    "if (task.delivery === 'at-most-once') return giveUp('delivery is at-most-once');\n  if (task.onLost",
    'if (task.onLost',
  ),
  m(
    'abandoned-chain',
    'core/attempt.ts',
    'giveUpChain(progress, task, decision);\n}',
    'void 0;\n}',
  ),
  m(
    'chain-given-up-at-its-head',
    'core/attempt.ts',
    'task = dependents.length === 1 ? dependents[0] : undefined;',
    'return;',
  ),
  m(
    'message-removed-before-claim',
    'runner/letters.ts',
    '!known.has(one) || !one.granted',
    '!known.has(one)',
  ),
  m(
    'continued-by-any-attempt',
    'core/decision.ts',
    'else if (decision.continued.get(task) !== tries.attempt)',
    'else if (decision.continued.get(task) === undefined)',
  ),
  m(
    'link-starts-before-its-need',
    'core/attempt.ts',
    'if (isReady(progress, task, decision)) setCode(progress, task, codes.backoff);',
    'setCode(progress, task, codes.backoff);',
  ),
  m(
    'chain-led-elsewhere',
    'core/attempt.ts',
    'else if (report.after && !ledHere(progress, report.after))\n',
    'else if (report.after && !ledHere(progress, report.after) && attempt < 0)\n',
  ),
  m(
    'skips-before-all-ended',
    'core/rule.ts',
    "return tally.open > 0 ? 'wait' : 'skip';",
    "return 'skip';",
  ),
  m(
    'join-starts-early',
    'core/rule.ts',
    'return t.open === 0 ? true : undefined;',
    'return t.open <= 1 ? true : undefined;',
  ),
  m(
    'children-not-waited-for',
    'core/children.ts',
    'if (sum(total, codes.waiting, codes.backoff, codes.awaiting) > 0) return undefined;',
    'if (sum(total, codes.waiting, codes.waiting, codes.waiting) > 2) return undefined;',
  ),
  m(
    'failed-children-forgiven',
    'core/children.ts',
    'return bad > 0 ? codes.failed : codes.succeeded;',
    'return bad > 1 ? codes.failed : codes.succeeded;',
  ),
  m(
    'run-ends-with-open-tasks',
    'core/outcome.ts',
    'if (!allEnded(progress, decision)) return;',
    'allEnded(progress, decision);\n  if (!progress.chunks.some((chunk) => endedIn(chunk) === chunk.status.length)) return;',
  ),
  m(
    'end-left-to-the-other',
    'core/outcome.ts',
    'decision.consulted.add(first);\n',
    'void decision;\n',
  ),
  m(
    'parent-left-to-the-other',
    'core/settle.ts',
    'consult(progress, parent, parent + 1, decision);',
    '',
  ),
  m(
    'needs-left-to-the-other',
    'core/needs.ts',
    'consult(progress, first, first + length, decision);',
    'if (!own) consult(progress, first, first + length, decision);',
  ),
  m(
    'elements-with-old-outputs',
    'core/needs.ts',
    'consult(progress, first, first + length, decision);',
    'if (own) consult(progress, first, first + length, decision);',
  ),
  m(
    'map-stays-waiting',
    'core/spawn.ts',
    'if (current) settleParent(progress, id, spawn, decision);',
    'if (current && known === undefined) settleParent(progress, id, spawn, decision);',
  ),
  m(
    'unknown-task-ignored',
    'core/fold.ts',
    'else if (!isAbout(progress, happening)) decision.behind = true;',
    'else if (!isAbout(progress, happening)) return;',
  ),
  m(
    'resume-starts-nothing',
    'core/control.ts',
    "if (control.action === 'resume' || control.action === 'rerun') resumeAll(progress, decision);",
    "if (control.action === 'rerun') resumeAll(progress, decision);",
  ),
  m(
    'control-decided-again',
    'core/control.ts',
    'if (!wasDecided(head, id)) {',
    "if (!wasDecided(head, id) || control.action === 'pause') {",
  ),
  m(
    'cancelled-run-succeeds',
    'core/outcome.ts',
    "if (head.state === 'cancelling') {",
    "if (head.state === 'cancelling' && head.fails) {",
  ),
  m(
    'rerun-keeps-attempt',
    'core/rerun.ts',
    "const next = nextTry(triesOf(progress, task), sourceOf(progress, task) ?? '');",
    "const next = { ...nextTry(triesOf(progress, task), ''), attempt: triesOf(progress, task).attempt };",
  ),
  // Deciding and saving
  m(
    'swallowed-conflict',
    'engine/advance.ts',
    "if (!(await runs.save(run, options))) return 'again';",
    'await runs.save(run, options);',
  ),
  m(
    'never-overtaken',
    'engine/overtaken.ts',
    'return versions.some((version, i) => (items[i]?.version ?? 0) !== version);',
    'return versions.some((version, i) => (items[i]?.version ?? 0) < 0 && version < 0);',
  ),
  m('resume-overlooked', 'engine/overtaken.ts', "progress.head.state === 'paused' || ", ''),
  m(
    'meta-chunk-overlooked',
    'engine/overtaken.ts',
    '|| (meta.small && progress.chunks.length === 1)) return',
    '|| meta.small) return',
  ),
  m(
    'progress-put-blindly',
    'engine/save-run.ts',
    "const condition = chunk.version === 0 ? 'absent' : { version: chunk.version };",
    "const condition = 'any';",
  ),
  m(
    'meta-put-blindly',
    'engine/save-run.ts',
    'condition: { version: run.metaVersion }',
    "condition: 'any'",
  ),
  m(
    'refused-together-counts',
    'engine/advance-together.ts',
    'const saved = results[i]?.done === true;',
    'const saved = true;',
  ),
  m(
    'first-claims-of-neighbours-mix',
    'engine/items.ts',
    'task === 0 ? run.charCodeAt(run.length - 1) : task % claimBlockTasks',
    'task === 0 ? 0 : task % claimBlockTasks',
  ),
  m(
    'end-before-progress',
    'engine/save-run.ts',
    'if (headFirst && !(await saveMeta(ports, settings, run, first, relaxed))) return false;',
    'if (headFirst && !(await saveMeta(ports, settings, run, end ? options : first, relaxed))) return false;',
  ),
  {
    name: 'half-loaded-run',
    // What reading META again finds out, the chunks themselves tell when they are decided on.
    patches: [
      p(
        'engine/load-run.ts',
        'if (now !== undefined && now.version !== item.version)',
        'if (now !== undefined && now.version < 0)',
      ),
      p('core/fold.ts', 'if (isTorn(progress)) return newDecision(true);', 'void isTorn;'),
    ],
  },
  m('feed-error-swallowed', 'engine/fan-out.ts', 'if (retry !== undefined) throw retry;', ''),
  m(
    'send-error-swallowed',
    'engine/dispatch.ts',
    'if (messages.length > 0) await ports.queue.send(messages);',
    'if (messages.length > 0) await ports.queue.send(messages).catch(() => undefined);',
  ),
  m(
    'expansion-not-waited-for',
    'engine/advance.ts',
    'puts.length > 0 ? ports.table.putMany(puts) : undefined,',
    'void (puts.length > 0 ? ports.table.putMany(puts).catch(() => undefined) : undefined),',
  ),
  m('always-leads-on', 'engine/dispatch.ts', "task.rule !== 'always' &&\n", ''),
  m(
    'run-before-its-workflow',
    'engine/submit.ts',
    'await submitter.specs.store(hash, text, spec, now);',
    'void submitter.specs.store(hash, text, spec, now).catch(() => undefined);',
  ),
  m(
    'any-run-with-that-id',
    'engine/submit.ts',
    'JSON.stringify(found.input) === JSON.stringify(meta.input)',
    'true',
  ),
  m(
    'run-without-wake-up',
    'engine/submit.ts',
    '...((deadline !== undefined || alone) && {',
    '...(tasks > 3 && (deadline !== undefined || alone) && {',
  ),
  m(
    'runs-listed-after-they-begin',
    'engine/submit.ts',
    'await listTogether(submitter, puts);\n  const results = await storeNew(submitter, puts);',
    'const results = await storeNew(submitter, puts);\n  await listTogether(submitter, puts);',
  ),
  m(
    'list-gone-before-its-runs',
    'engine/wake-lists.ts',
    'const stuck = open.length > 0 ? await visit(open) : new Set<string>();',
    'const stuck = new Set<string>();',
  ),
  m(
    'control-not-repeatable',
    'engine/control-run.ts',
    'const sort = `${sortKeys.control}${name}`;',
    'const sort = `${sortKeys.control}${name.slice(0, 5)}${ports.ids.next()}`;',
  ),
  m(
    'sweep-finds-nobody-lost',
    'engine/sweep.ts',
    'if (!all && beat.leaseUntil + settings.skewMs >= now) return 0;',
    'if (!all) return 0;',
  ),
  m(
    'sweep-forgets-first',
    'engine/sweep.ts',
    'await declareLost(decider, owner, lost);\n  await ports.table.remove(item, { version: item.version });',
    'await ports.table.remove(item, { version: item.version });\n  await declareLost(decider, owner, lost);',
  ),
  m(
    'bad-record-takes-its-batch',
    'engine/fan-out.ts',
    'if (parts.length <= 1) {',
    'if (parts.length > 0) {',
  ),
  m(
    'bad-record-blocks-the-feed',
    'engine/fan-out.ts',
    'stuck.push({ run: runOf(item.partition), error });',
    'throw error;',
  ),
  m(
    'claim-on-unknown-task',
    'engine/sweep.ts',
    'if (task >= run.progress.graph.size) return false;',
    '',
  ),
  m(
    'dead-letters-dropped',
    'engine/dead-letters.ts',
    'if (free.length > 0) await sendAgain(ports, from, message, [free]);',
    'void from;',
  ),

  // The archive
  m(
    'marked-run-left-unlisted',
    'engine/copy-run.ts',
    "if (archived !== undefined) return { kind: 'archived', part: archived, meta };",
    "if (archived !== undefined) return { kind: 'gone' };",
  ),
  m(
    'mixed-packs-left-behind',
    'engine/copy-run.ts',
    'if (pack !== undefined) yield reportsOf(pack, run);',
    'void pack;',
  ),
  m(
    'run-archived-blindly',
    'engine/archive-marks.ts',
    'const result = await ports.table.put(item, { version: meta.version });',
    "const result = await ports.table.put(item, 'any');",
  ),
  m(
    'archived-run-goes-on',
    'engine/load-run.ts',
    'if (item === undefined || fromData<Meta>(item.data).archived !== undefined) return undefined;',
    'if (item === undefined) return undefined;',
  ),
  m(
    'dead-message-dropped-early',
    'engine/dead-letters.ts',
    "if (meetings.includes('early')) return { resent: 0, lost };",
    '',
  ),
  m(
    'dead-lease-forgotten',
    'engine/dead-letters.ts',
    '    await declareLost(ports, settings, message, message.tasks);\n    await ports.queue.remove([letter.receipt]);',
    '    await ports.queue.remove([letter.receipt]);',
  ),
  m(
    'late-heartbeat-lands',
    'runner/heartbeat.ts',
    'const result = await table.put(item, condition);',
    "const result = await table.put(item, 'any');",
  ),
  m('spawned-twice', 'core/graph.ts', 'if (known.has(request.key)) continue;', ''),
  m(
    'detached-waited-for',
    'core/children.ts',
    'if (segment.requests?.some(({ detached }) => detached) !== true) {',
    'if (segment.count > 0) {',
  ),
  m(
    'release-costs-a-try',
    'core/attempt.ts',
    'mayBeginAgain(definitionOf(progress.graph, task)))\n    again(progress, id, task, tries, 0, decision);',
    'mayBeginAgain(definitionOf(progress.graph, task)))\n    again(progress, id, task, { ...tries, tries: tries.tries + 1 }, 0, decision);',
  ),
  m(
    'what-began-once-begins-again',
    'core/attempt.ts',
    'if (error === undefined || mayBeginAgain(definitionOf(progress.graph, task)))',
    'if (error === undefined || mayBeginAgain !== undefined)',
  ),
  m(
    'link-fails-before-its-turn',
    'core/attempt.ts',
    'if (early) again(progress, id, task, before, 0, decision);',
    'if (progress.chunkSize < 0) again(progress, id, task, before, 0, decision);',
  ),
  m(
    'sweep-takes-reports-of-others',
    'engine/sweep.ts',
    'return (await causesOf(decider, items, stuck)).get(runId)?.happenings ?? [];',
    'return [...(await causesOf(decider, items, stuck)).values()].flatMap(({ happenings }) => happenings);',
  ),
  m(
    'double-gone-before-its-attempt',
    'runner/holdings.ts',
    '} else if (first.letter.removed) this.#close(letter);',
    '} else if (first) this.#close(letter);',
  ),
  m('link-refused-while-its-need-waits', 'core/attempt.ts', 'if (decision.unfinished) return;', ''),
  m(
    'link-saved-before-its-need',
    'core/attempt.ts',
    'else if (report.after && isUnsaved(progress, report.after.task, task)) decision.unfinished = true;',
    '',
  ),
  m(
    'ends-by-unsaved-needs',
    'core/settle.ts',
    'if (!isUnsaved(progress, dag.needs[e] as number, task)) continue;',
    'continue;',
  ),
  m(
    'back-off-skipped',
    'engine/dispatch.ts',
    'const at = send.at > now ? send.at : 0;',
    'const at = 0;',
  ),
  m(
    'cancel-spares-back-off',
    'core/cancel.ts',
    'if (hasEnded(codeOf(progress, task))) continue;\n    if (survivesCancel',
    'if (codeOf(progress, task) !== codes.waiting) continue;\n    if (survivesCancel',
  ),
  m(
    'cancel-spares-nothing',
    'core/cancel.ts',
    'if (survivesCancel(graph, task)) consider(progress, task, decision);\n    else endTask',
    'endTask',
  ),
  m(
    'own-save-is-the-look',
    'core/outcome.ts',
    'const isLook = saved !== undefined && others.length === 0 && open(saved);',
    'const isLook = [saved, ...others].some((chunk) => chunk && open(chunk));',
  ),
  m(
    'link-in-an-old-view',
    'core/settle.ts',
    'if (isLink(progress.graph.dag, task)) consult(progress, task, task + 1, decision);',
    '',
  ),
  m(
    'cancel-left-in-part',
    'core/fold.ts',
    "  if (progress.head.state === 'cancelling') cancelOpen(progress, decision);\n",
    '',
  ),
];

/**
 * Those that are not caught within 1,000 seeds, as too much has to come together: each with the directed test that
 * catches it instead, which `--mutants` plays.
 */
export const rare: ReadonlyMap<string, string> = new Map([
  ['double-gone-before-its-attempt', 'test/runner/holdings.test.ts'],
  ['sweep-takes-reports-of-others', 'test/engine/mixed-packs.test.ts'],
  ['half-loaded-run', 'test/engine/load-run.test.ts'],
  ['claim-on-unknown-task', 'test/engine/load-run.test.ts'],
  ['mixed-packs-left-behind', 'test/engine/archive.test.ts'],
  ['run-archived-blindly', 'test/engine/archive.test.ts'],
  ['archived-run-goes-on', 'test/engine/archive.test.ts'],
  ['late-heartbeat-lands', 'test/runner/heartbeat.test.ts'],
  ['own-save-is-the-look', 'test/core/outcome.test.ts'],
  ['cancel-left-in-part', 'test/core/cancel.test.ts'],
  ['link-in-an-old-view', 'test/engine/failure-scenarios.test.ts'],
]);
