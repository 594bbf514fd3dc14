<?php

/**
 * The warm process for PHP: runs calls of functions in files, one after another, each in a copy of this process, as PHP
 * does with requests. JSON lines on fd 3 (in) and fd 4 (out); see ../PROTOCOL.md. PHP 8.1 or later with pcntl and posix.
 */

declare(strict_types=1);

namespace Fanfold;

if (PHP_VERSION_ID < 80_100 || !function_exists('pcntl_fork') || !function_exists('posix_kill')) {
    fwrite(STDERR, 'functions in PHP need PHP 8.1 or later with pcntl and posix, this is ' . PHP_VERSION . "\n");
    exit(1);
}
foreach (['Task', 'Json', 'Cancelled', 'StartError', 'Program', 'Pipe', 'Call', 'ErrorFilter', 'Worker'] as $class) {
    require __DIR__ . "/src/$class.php";
}

final class Harness
{
    private Pipe $pipe;
    /** @var array<int, array{path: string, name: string, folder: string}> */
    private array $definitions = [];
    /** @var list<array{int, list<mixed>}> definition and call */
    private array $queue = [];
    private ?int $running = null;
    private int $pid = 0;
    /** @var resource|null to the process of the call that runs */
    private $child = null;

    public function __construct(private readonly int $outputMax)
    {
        $this->pipe = new Pipe();
    }

    public function serve(): never
    {
        pcntl_async_signals(true);
        // Only there so that waiting ends.
        pcntl_signal(SIGUSR1, static fn () => null, false);
        $this->pipe->send(['ready', 'SIGUSR1']);
        while (true) {
            while ($this->queue === [] || $this->pipe->isWaiting()) {
                $this->read();
            }
            $this->runOne(...array_shift($this->queue));
        }
    }

    // ---- messages ----

    private function read(): void
    {
        $messages = $this->pipe->read();
        if ($messages === null) {
            // Whoever started us is gone: nothing that we have started may stay.
            posix_kill(0, SIGKILL);
        }
        foreach ($messages as $message) {
            $this->take($message);
        }
    }

    /** @param list<mixed> $message */
    private function take(array $message): void
    {
        switch ($message[0]) {
            case 'define':
                [, $id, $run, $folder] = $message;
                $folder ??= getcwd();
                $path = $run->path[0] === '/' ? $run->path : "$folder/$run->path";
                $this->definitions[$id] = ['path' => $path, 'name' => $run->name, 'folder' => $folder];
                break;
            case 'call':
                foreach ($message[2] as $call) {
                    $this->queue[] = [$message[1], $call];
                }
                break;
            case 'cancel':
                if ($message[1] === $this->running) {
                    posix_kill($this->pid, SIGTERM);
                } else {
                    $this->giveBack(static fn (int $number): bool => $number === $message[1]);
                }
                break;
            case 'answer':
                if ($message[1] === $this->running) {
                    fwrite($this->child, Json::print([$message[2], $message[3]]) . "\n");
                }
                break;
            case 'recall':
                $this->giveBack(static fn (): bool => true);
                break;
        }
    }

    /** @param callable(int): bool $isWanted */
    private function giveBack(callable $isWanted): void
    {
        $back = array_filter($this->queue, static fn (array $call): bool => $isWanted($call[1][0]));
        $this->queue = array_values(array_diff_key($this->queue, $back));
        if ($back !== []) {
            $this->pipe->send(['recalled', ...array_map(static fn (array $call): int => $call[1][0], array_values($back))]);
        }
    }

    // ---- calls ----

    /** @param list<mixed> $message */
    private function runOne(int $definition, array $message): void
    {
        [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $at = Pipe::nowMs();
        $start = microtime(true);
        // A copy must know what to do when told to stop, from its first moment on.
        pcntl_sigprocmask(SIG_BLOCK, [SIGTERM]);
        $pid = pcntl_fork();
        if ($pid === 0) {
            $this->work($definition, $message, $theirs);
        }
        pcntl_sigprocmask(SIG_UNBLOCK, [SIGTERM]);
        fclose($theirs);
        [$this->running, $this->pid, $this->child] = [$message[0], $pid, $ours];
        $status = $this->await($pid, $ours);
        $this->running = null;
        stream_set_blocking($ours, false);
        if (fread($ours, 1) !== '.') {
            $us = (int) ((microtime(true) - $start) * 1e6);
            $this->pipe->send(['fail', $message[0], $at, $us, $this->crash($status)]);
        }
    }

    /**
     * @param list<mixed> $message
     * @param resource $told
     */
    private function work(int $definition, array $message, $told): never
    {
        $call = new Call($message, $this->pipe, $told);
        pcntl_signal(SIGUSR1, SIG_IGN);
        pcntl_signal(SIGTERM, static function () use ($call): void {
            $call->cancelled = true;
            throw new Cancelled('the attempt was cancelled');
        });
        pcntl_sigprocmask(SIG_UNBLOCK, [SIGTERM]);
        (new Worker($call, $this->pipe, $this->outputMax, $told))->run($this->definitions[$definition]);
        exit(0);
    }

    /**
     * Waits until the call's process is gone, and reads messages meanwhile: its end closes its side of the pair.
     *
     * @param resource $ours
     */
    private function await(int $pid, $ours): int
    {
        $messages = $this->pipe->stream();
        do {
            [$read, $write, $other] = [[$ours, $messages], null, null];
            if (!(@stream_select($read, $write, $other, 1) > 0)) {
                // A signal ended it, and nothing is said of what can be read.
                $read = [];
            }
            if (in_array($messages, $read, true)) {
                $this->read();
            }
            $flags = in_array($ours, $read, true) ? 0 : WNOHANG;
        } while (pcntl_waitpid($pid, $status, $flags) === 0);
        return $status;
    }

    /** @return array<string, mixed> */
    private function crash(int $status): array
    {
        if (!pcntl_wifsignaled($status)) {
            $code = pcntl_wexitstatus($status);
            return ['reason' => 'exit', 'exitCode' => $code, 'message' => "exit($code) was called"];
        }
        $number = pcntl_wtermsig($status);
        foreach (get_defined_constants(true)['pcntl'] as $name => $value) {
            if ($value === $number && preg_match('/^SIG[A-Z]+[0-9]*$/', $name) === 1) {
                return ['reason' => 'exit', 'signal' => $name, 'message' => "its process ended: $name"];
            }
        }
        return ['reason' => 'exit', 'message' => "its process ended: signal $number"];
    }
}

(new Harness((int) ($argv[2] ?? 1 << 24)))->serve();
