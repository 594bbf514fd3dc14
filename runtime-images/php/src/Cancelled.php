<?php

declare(strict_types=1);

namespace Fanfold;

/** Thrown in the middle of a function whose attempt is to stop. `catch (\Exception)` lets it pass. */
final class Cancelled extends \Error
{
}
