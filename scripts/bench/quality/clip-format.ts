/** The format of all clips. */
export const CLIP_SIZE = { width: 1920, height: 1080 } as const;
export const CLIP_FRAME_RATE = 30;
export const CLIP_SECONDS = 4;
export const CLIP_FRAMES = CLIP_SECONDS * CLIP_FRAME_RATE;
