<?php

declare(strict_types=1);

namespace Fanfold;

/** One call, in the process that was made for it. */
final class Call extends Task
{
    private const LINE_MAX = 64_000;
    public readonly int $number;
    public readonly mixed $input;
    /** @var array{string, string} Of stdout and stderr, what came after the last line end. */
    private array $open = ['', ''];

    /**
     * @param list<mixed> $message
     * @param resource $answers lines with what the process that stands ready is told for us
     */
    public function __construct(array $message, private readonly Pipe $pipe, private $answers)
    {
        [$this->number, $this->input, $run, $id, $attempt, $workflow] = $message;
        $folders = $message[6] ?? null;
        parent::__construct($run, $workflow, $id, $attempt, $folders->left ?? null, $folders->needed ?? null);
    }

    public function log(mixed ...$values): void
    {
        $this->write(0, implode(' ', $values) . "\n");
    }

    /** Takes text of stdout (0) or stderr (1); lines go out at once, since nothing else runs while the call does. */
    public function write(int $stream, string $text): void
    {
        $lines = explode("\n", $this->open[$stream] . $text);
        $last = array_pop($lines);
        while (strlen($last) > self::LINE_MAX) {
            $lines[] = substr($last, 0, self::LINE_MAX);
            $last = substr($last, self::LINE_MAX);
        }
        $this->open[$stream] = $last;
        $this->printLines($stream, $lines);
    }

    /** The call is over: also what has no line end goes out. */
    public function closeLog(): void
    {
        foreach ($this->open as $stream => $text) {
            $this->open[$stream] = '';
            $this->printLines($stream, $text === '' ? [] : [$text]);
        }
    }

    /** @param list<string> $lines */
    private function printLines(int $stream, array $lines): void
    {
        if ($lines !== []) {
            $this->pipe->send(['log', $this->number, Pipe::nowMs(), $stream, $lines]);
        }
    }

    protected function ask(array $asked, int $number): object
    {
        $this->say(['once' => $asked, 'ask' => $number]);
        do {
            $told = Json::parse((string) fgets($this->answers));
        } while ($told[0] !== $number);
        return $told[1];
    }

    protected function say(array $message): void
    {
        $this->pipe->send(['say', $this->number, Pipe::nowMs(), $message]);
    }
}
