<?php

declare(strict_types=1);

namespace Fanfold;

/** There is nothing to call: a file or function is missing. */
final class StartError extends \Error
{
}
