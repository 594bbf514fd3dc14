<?php

declare(strict_types=1);

namespace Fanfold;

/** The two pipes between harness and executor. */
final class Pipe
{
    /** @var resource */
    private $in;
    /** @var resource */
    private $out;
    private string $rest = '';

    public function __construct()
    {
        $this->in = fopen('php://fd/3', 'rb');
        $this->out = fopen('php://fd/4', 'wb');
        stream_set_write_buffer($this->out, 0);
        // PHP would go on reading until it has all that it asked for.
        stream_set_blocking($this->in, false);
        stream_set_read_buffer($this->in, 0);
    }

    public static function nowMs(): int
    {
        return (int) (microtime(true) * 1000);
    }

    /**
     * The messages that have come; waits where there is nothing. Null when the executor is gone.
     *
     * @return list<list<mixed>>|null
     */
    public function read(): ?array
    {
        do {
            // A signal ends it early.
            [$read, $write, $other] = [[$this->in], null, null];
        } while (!(@stream_select($read, $write, $other, null) > 0));
        $text = (string) fread($this->in, 65_536);
        if ($text === '' && feof($this->in)) {
            return null;
        }
        $lines = explode("\n", $this->rest . $text);
        $this->rest = array_pop($lines);
        return array_map(Json::parse(...), $lines);
    }

    /** @return resource what messages come by */
    public function stream()
    {
        return $this->in;
    }

    public function isWaiting(): bool
    {
        [$read, $write, $other] = [[$this->in], null, null];
        return @stream_select($read, $write, $other, 0) > 0;
    }

    /** @param list<mixed> $message */
    public function send(array $message): void
    {
        $this->text(Json::print($message, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
    }

    /** Returns when all is in the pipe: what was sent is not lost when the process dies. */
    public function text(string $text): void
    {
        // What a signal throws comes when the message is whole.
        pcntl_sigprocmask(SIG_BLOCK, [SIGTERM], $before);
        for ($at = 0; $at < strlen($text); $at += $count) {
            $count = fwrite($this->out, $at === 0 ? $text : substr($text, $at));
            if ($count === false) {
                exit(1);
            }
        }
        pcntl_sigprocmask(SIG_SETMASK, $before);
    }
}
