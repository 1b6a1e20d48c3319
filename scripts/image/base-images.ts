/** FROM lines that name an image of a registry, with its tag and perhaps its digest. */
const FROM_PATTERN = /^FROM ([\w./-]+):([\w.-]+)(?:@(sha256:[0-9a-f]{64}))?(?= |$)/gm;

/** An image that a Dockerfile builds on. */
export interface BaseImage {
  /** Everything up to the stage's name. */
  readonly line: string;
  readonly name: string;
  readonly tag: string;
  /** `sha256:` and 64 hexadecimal digits. */
  readonly digest: string | null;
}

/** The images from elsewhere that a Dockerfile builds on. */
export const parseBaseImages = (dockerfile: string): BaseImage[] =>
  [...dockerfile.matchAll(FROM_PATTERN)].map(([line, name = '', tag = '', digest]) => ({
    line,
    name,
    tag,
    digest: digest ?? null,
  }));
