<?php

declare(strict_types=1);

namespace Fanfold;

/**
 * For PHP programs that run as tasks: what PROTOCOL.md says, as functions. Optional; outside of a task, input is null and
 * what is said goes nowhere.
 */
final class Program extends Task
{
    /** @var resource|null */
    private $control = null;

    public function __construct()
    {
        [$run, $workflow, $id, $attempt, $artifacts, $inputs] = array_map(
            static fn (string $name): ?string => getenv($name) === false ? null : getenv($name),
            ['TASK_RUN', 'TASK_WORKFLOW', 'TASK_ID', 'TASK_ATTEMPT', 'TASK_ARTIFACTS', 'TASK_INPUTS'],
        );
        parent::__construct($run, $workflow, $id, (int) ($attempt ?? 1), $artifacts, $inputs);
    }

    /** The task's input. */
    public static function input(): mixed
    {
        $path = getenv('TASK_INPUT');
        return $path === false ? null : Json::parse((string) file_get_contents($path));
    }

    /** Makes a value the task's output. The last call counts. */
    public static function output(mixed $value): void
    {
        $path = getenv('TASK_OUTPUT');
        if ($path !== false) {
            file_put_contents($path, Json::print($value));
        }
    }

    /**
     * Makes a program of functions as warm processes call them, `fn($input, $task)`: runs the one that the first argument
     * names. What it returns is the output; what it throws ends the program.
     *
     * @param list<string>|null $argv
     */
    public static function main(?array $argv = null): void
    {
        $name = ($argv ?? $_SERVER['argv'])[1] ?? '';
        if (!function_exists($name)) {
            fwrite(STDERR, "no function \"$name\"\n");
            exit(1);
        }
        $task = new self();
        if (function_exists('pcntl_signal')) {
            pcntl_async_signals(true);
            pcntl_signal(SIGTERM, static function () use ($task): void {
                $task->cancelled = true;
                throw new Cancelled('the attempt was cancelled');
            });
        }
        self::output($name(self::input(), $task));
    }

    /** The answer comes as a file. */
    protected function ask(array $asked, int $number): object
    {
        $folder = getenv('TASK_ANSWERS');
        if ($folder === false) {
            throw new \RuntimeException('once: only within a task: it needs somebody to remember');
        }
        $this->say(['once' => $asked, 'ask' => $number]);
        $path = "$folder/$number.json";
        while (!file_exists($path)) {
            usleep(5000);
            clearstatcache();
        }
        return Json::parse((string) file_get_contents($path));
    }

    protected function say(array $message): void
    {
        if (getenv('TASK_CONTROL') === false) {
            return;
        }
        $this->control ??= fopen('php://fd/3', 'wb');
        fwrite($this->control, Json::print($message) . "\n");
    }
}
