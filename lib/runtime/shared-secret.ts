import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Logger } from 'pino';
import { createSecretsManager, SECRET_LIFETIME_MS, SECRET_TIMEOUT_MS, type SecretSource } from './stored-secret.ts';

/** A secret by which processes of a deployment know each other. */
export interface SharedSecret {
  /** What to send. Rejects if the secret can't be read. */
  current(): Promise<string>;
  /** Whether a text is the secret. False if the secret can't be read. Never rejects. */
  accepts(text: string | undefined): Promise<boolean>;
}

export interface SharedSecretOptions {
  /** What log lines and errors call it, as in "the secret of the cluster". */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

/** A shared secret in Secrets Manager. */
export interface StoredSharedSecretOptions extends SharedSecretOptions {
  readonly client: SecretsManager;
  readonly secretArn: string;
}

/** The secret and the one before it, which others still send that have not read the new one. */
interface Versions {
  readonly current: string;
  readonly previous: string | null;
  readonly readAtMs: number;
}

/** An unknown text may be a new secret, so the secret is read again, at most this often. */
export const SECRET_REREAD_MS = 5_000;
/** While Secrets Manager does not answer, what was last read is used for this long. */
export const SECRET_MAX_AGE_MS = 30 * 60_000;
/** What can be sent in a header, and can't be guessed. */
const VALUE_PATTERN = /^[\x21-\x7e]{32,512}$/;
const VALUE_RULE = 'must be 32 to 512 characters of printable ASCII';

/** Opens a secret from a variable or from Secrets Manager. Throws if the variable's value is no secret; never quotes it. */
export async function openSharedSecret(
  source: SecretSource<string>,
  options: SharedSecretOptions,
): Promise<SharedSecret> {
  if ('arn' in source) {
    return new StoredSharedSecret({ ...options, client: await createSecretsManager(), secretArn: source.arn });
  }
  const { value } = source;
  if (!VALUE_PATTERN.test(value)) throw new Error(`${options.name} ${VALUE_RULE}`);
  return { current: async () => value, accepts: async (text) => text !== undefined && isSame(text, value) };
}

/** Reads the current and the previous version of the secret, so that it can be rotated while everybody is running. */
export class StoredSharedSecret implements SharedSecret {
  readonly #options: StoredSharedSecretOptions;
  #versions: Versions | null = null;
  /** The reading under way. Never rejects. */
  #reading: Promise<void> | null = null;
  #lastReadAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown = null;

  constructor(options: StoredSharedSecretOptions) {
    this.#options = options;
  }

  async current(): Promise<string> {
    return (await this.#fresh()).current;
  }

  async accepts(text: string | undefined): Promise<boolean> {
    if (text === undefined) return false;
    try {
      if (isKnown(text, await this.#fresh())) return true;
      await this.#read();
      return isKnown(text, await this.#fresh());
    } catch {
      return false;
    }
  }

  /** What was read last. Reading it again holds nobody up until it is too old. */
  async #fresh(): Promise<Versions> {
    if (!this.#isWithin(this.#versions?.readAtMs, SECRET_LIFETIME_MS)) {
      const reading = this.#read();
      if (!this.#isWithin(this.#versions?.readAtMs, SECRET_MAX_AGE_MS)) await reading;
    }
    if (this.#versions !== null && this.#isWithin(this.#versions.readAtMs, SECRET_MAX_AGE_MS)) return this.#versions;
    throw new Error(`${this.#options.name} could not be read`, { cause: this.#failure });
  }

  /** Reads the secret unless that was tried a moment ago. */
  #read(): Promise<void> {
    if (this.#reading !== null) return this.#reading;
    if (this.#isWithin(this.#lastReadAtMs, SECRET_REREAD_MS)) return Promise.resolve();
    this.#lastReadAtMs = this.#options.now();
    this.#reading = this.#readNow().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const { name, secretArn, now, log } = this.#options;
    const readAtMs = now();
    try {
      const [current, previous] = await Promise.all([this.#version('AWSCURRENT'), this.#version('AWSPREVIOUS')]);
      if (current === null) throw new Error(`${secretArn} ${VALUE_RULE}`);
      this.#versions = { current, previous, readAtMs };
      if (this.#failure !== null) log.info(`${name} can be read again`);
      this.#failure = null;
    } catch (error) {
      if (this.#failure === null) log.error({ err: error }, `${name} could not be read`);
      this.#failure = error;
    }
  }

  /** Null if it is no secret that we take, or if there is no such version, as before the first rotation. */
  async #version(VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string | null> {
    const { client, secretArn } = this.#options;
    const abortSignal = AbortSignal.timeout(SECRET_TIMEOUT_MS);
    try {
      const { SecretString = '' } = await client.getSecretValue({ SecretId: secretArn, VersionStage }, { abortSignal });
      return VALUE_PATTERN.test(SecretString) ? SecretString : null;
    } catch (error) {
      const isMissing = error instanceof Error && error.name === 'ResourceNotFoundException';
      if (isMissing && VersionStage === 'AWSPREVIOUS') return null;
      throw error;
    }
  }

  /** Whether a moment is less than `limitMs` ago. Wall clocks are set back now and then. */
  #isWithin(sinceMs: number | undefined, limitMs: number): boolean {
    if (sinceMs === undefined) return false;
    const ageMs = this.#options.now() - sinceMs;
    return ageMs >= 0 && ageMs < limitMs;
  }
}

function isKnown(text: string, { current, previous }: Versions): boolean {
  const isCurrent = isSame(text, current);
  const isPrevious = previous !== null && isSame(text, previous);
  return isCurrent || isPrevious;
}

/** Compares in a time that depends on neither text's content. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
