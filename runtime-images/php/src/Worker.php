<?php

declare(strict_types=1);

namespace Fanfold;

/** The process of one call: loads the file, calls the function, tells how it ended. */
final class Worker
{
    private float $start;
    private int $at;
    private bool $isOver = false;
    /** Freed where memory has run out, so that this can still be told. */
    private ?string $reserve;

    /** @param resource $told is written to when the end was told */
    public function __construct(
        private readonly Call $call,
        private readonly Pipe $pipe,
        private readonly int $outputMax,
        private $told,
    ) {
        $this->reserve = str_repeat(' ', 1 << 18);
        $this->start = microtime(true);
        $this->at = Pipe::nowMs();
    }

    /** @param array{path: string, name: string, folder: string} $definition */
    public function run(array $definition): void
    {
        $this->capture();
        try {
            $output = $this->functionOf($definition)($this->call->input, $this->call);
            $this->succeed($output);
        } catch (StartError $error) {
            $this->end('fail', Json::print(['reason' => 'start', 'message' => $error->getMessage()]));
        } catch (\Throwable $error) {
            $this->fail($error);
        }
    }

    /** @param array{path: string, name: string, folder: string} $definition */
    private function functionOf(array $definition): callable
    {
        ['path' => $path, 'name' => $name, 'folder' => $folder] = $definition;
        if (!is_file($path)) {
            throw new StartError("the file $path is missing");
        }
        set_include_path($folder . PATH_SEPARATOR . dirname($path) . PATH_SEPARATOR . get_include_path());
        (static fn () => require $path)();
        $callable = str_replace('.', '::', $name);
        if (!is_callable($callable)) {
            throw new StartError("$path has no function $name");
        }
        return $callable(...);
    }

    private function capture(): void
    {
        ob_start(function (string $text): string {
            $this->call->write(0, $text);
            return '';
        }, 1);
        stream_filter_register('fanfold.log', ErrorFilter::class);
        stream_filter_append(STDERR, 'fanfold.log', STREAM_FILTER_WRITE, $this->call);
        set_error_handler(function (int $kind, string $message, string $file, int $line): bool {
            if ((error_reporting() & $kind) !== 0) {
                $this->call->write(1, "$message in $file:$line\n");
            }
            return true;
        });
        register_shutdown_function($this->lastWords(...));
    }

    private function succeed(mixed $output): void
    {
        try {
            $text = Json::print($output);
        } catch (\JsonException $error) {
            $this->failOutput($error->getMessage());
            return;
        }
        if (strlen($text) > $this->outputMax) {
            $this->failOutput('the output has ' . strlen($text) . " bytes, more than $this->outputMax");
            return;
        }
        $this->end('done', $text);
    }

    private function failOutput(string $message): void
    {
        $this->end('fail', Json::print(['reason' => 'output', 'message' => $message]));
    }

    private function fail(\Throwable $error): void
    {
        $class = $error::class;
        $stack = explode("\n", $error->getTraceAsString());
        $isOurs = static fn (string $frame): bool => preg_match('/: Fanfold\\\\(Harness|Worker)|\{main\}$/', $frame) === 1;
        $own = array_filter($stack, static fn (string $frame): bool => !$isOurs($frame));
        $head = "$class: {$error->getMessage()} in {$error->getFile()}:{$error->getLine()}";
        $this->end('fail', Json::print([
            'reason' => 'error',
            'name' => basename(str_replace('\\', '/', $class)),
            'message' => substr($error->getMessage(), 0, 2000),
            'stack' => substr($head . "\n" . implode("\n", $own), 0, 8000),
        ], JSON_INVALID_UTF8_SUBSTITUTE));
    }

    private function end(string $kind, string $text): void
    {
        $us = (int) ((microtime(true) - $this->start) * 1e6);
        while (ob_get_level() > 0) {
            ob_end_flush();
        }
        $this->call->closeLog();
        $used = getrusage();
        $cpu = ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) * 1_000_000
            + $used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec'];
        $this->pipe->send(['memory', $used['ru_maxrss'] / 1024]);
        $this->pipe->text("[\"$kind\",{$this->call->number},$this->at,$us,$text,$cpu]\n");
        fwrite($this->told, '.');
        $this->isOver = true;
    }

    /** What ends PHP itself can only be told now. */
    private function lastWords(): void
    {
        $this->reserve = null;
        $error = error_get_last();
        if ($this->isOver || $error === null || ($error['type'] & (E_ERROR | E_CORE_ERROR | E_COMPILE_ERROR)) === 0) {
            $this->call->closeLog();
            return;
        }
        $isMemory = preg_match('/^(Allowed memory size|Out of memory)/', $error['message']) === 1;
        $this->end('fail', Json::print([
            'reason' => $isMemory ? 'memory' : 'error',
            'message' => "{$error['message']} in {$error['file']}:{$error['line']}",
        ], JSON_INVALID_UTF8_SUBSTITUTE));
    }
}
