/** Finds a program on the PATH. Null if there is none with this name. */
export function findProgram(name: string): string | null;
