<?php

declare(strict_types=1);

namespace Fanfold;

/** What task code sees of its attempt: the second argument of a function, the same in a program and in a warm process. */
abstract class Task
{
    /** Whether the attempt is to stop. */
    public bool $cancelled = false;
    private int $asks = 0;

    public function __construct(
        public readonly ?string $run,
        public readonly ?string $workflow,
        public readonly ?string $id,
        public readonly int $attempt,
        /** The folder whose files are kept, where the task has artifacts. */
        public readonly ?string $artifacts,
        /** The folder with what needs have left. */
        public readonly ?string $inputs,
    ) {
    }

    /** I am alive. */
    public function beat(): void
    {
        $this->say(['beat' => (object) []]);
    }

    /** I am at this step, and this part of all, 0 to 1, is done. */
    public function progress(string $step, ?float $fraction = null): void
    {
        $this->say(['step' => $step] + ($fraction === null ? [] : ['progress' => $fraction]));
    }

    /**
     * Asks for a sub-task with this input. The same key is the same sub-task; `$run` is what it does, as a workflow's
     * canonical form has it; nobody waits for a detached one.
     */
    public function spawn(mixed $input = null, ?string $key = null, ?array $run = null, bool $detached = false): void
    {
        $request = ['with' => $input];
        if ($key !== null) {
            $request['key'] = $key;
        }
        if ($run !== null) {
            $request['run'] = $run;
        }
        if ($detached) {
            $request['detached'] = true;
        }
        $this->say(['spawn' => $request]);
    }

    /**
     * Runs `$effect` unless an attempt at this task has already run it to its end under this key; gives what it gave then,
     * as JSON has it, at most 64 KB. PROTOCOL.md says what is promised.
     *
     * @param callable(): mixed $effect
     */
    public function once(string $key, callable $effect): mixed
    {
        $told = $this->told(['key' => $key]);
        while (isset($told->wait)) {
            usleep($told->wait * 1000);
            $told = $this->told(['key' => $key]);
        }
        if (!isset($told->mine)) {
            return $told->value ?? null;
        }
        $value = $effect();
        $told = $this->told(['key' => $key, 'value' => $value]);
        return property_exists($told, 'value') ? $told->value : $value;
    }

    private function told(array $asked): object
    {
        $told = $this->ask($asked, ++$this->asks);
        if (isset($told->error)) {
            throw new \RuntimeException("once: $told->error");
        }
        return $told;
    }

    /** A line for the log. */
    public function log(mixed ...$values): void
    {
        $this->say(['log' => implode(' ', $values)]);
    }

    /** A folder for temporary files. */
    public function folder(): string
    {
        return sys_get_temp_dir();
    }

    abstract protected function say(array $message): void;

    abstract protected function ask(array $asked, int $number): object;
}
