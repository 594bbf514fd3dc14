export function harnessFiles(): readonly string[];
