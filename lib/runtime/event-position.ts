/** A place among events. Positions are in the order of time. */
export const EVENT_POSITION_PATTERN = /^\d{15}-[a-z2-7]{16}$/;

/** The place of an event at a moment, in milliseconds since 1970. */
export const eventPosition = (atMs: number, id: string): string => `${String(atMs).padStart(15, '0')}-${id}`;

/** The moment of a place, in milliseconds since 1970. */
export const momentOfPosition = (position: string): number => Number(position.slice(0, 15));
