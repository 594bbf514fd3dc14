/** A task's or workflow's name: begins with a letter, digit or `_`; no blanks, slashes, brackets or control characters. */
export const namePattern = /^(?!__proto__$)[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
