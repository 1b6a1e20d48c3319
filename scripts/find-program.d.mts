/** Where a program of this name is on the PATH; null where it isn't. */
export function findProgram(name: string): string | null;
