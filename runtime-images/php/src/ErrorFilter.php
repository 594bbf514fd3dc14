<?php

declare(strict_types=1);

namespace Fanfold;

/** What is written to STDERR is the call's log, and goes no further. */
final class ErrorFilter extends \php_user_filter
{
    public function filter($in, $out, &$consumed, bool $closing): int
    {
        while ($bucket = stream_bucket_make_writeable($in)) {
            $this->params->write(1, $bucket->data);
            $consumed += $bucket->datalen;
        }
        return PSFS_FEED_ME;
    }
}
