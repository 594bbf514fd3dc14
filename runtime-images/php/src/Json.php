<?php

declare(strict_types=1);

namespace Fanfold;

/** JSON as tasks have it: objects are `stdClass`, so that an empty one stays one; lists are arrays. */
final class Json
{
    private const DEPTH = 10_000;

    /** @throws \JsonException */
    public static function parse(string $text): mixed
    {
        return json_decode($text, false, self::DEPTH, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    }

    /** @throws \JsonException for what JSON has no form for, text that is no UTF-8 among it unless `$more` says otherwise */
    public static function print(mixed $value, int $more = 0): string
    {
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_PRESERVE_ZERO_FRACTION;
        return json_encode($value, $flags | $more, self::DEPTH);
    }
}
