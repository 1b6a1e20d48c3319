import { createHash, timingSafeEqual } from 'node:crypto';
import type { SecretsManager } from '@aws-sdk/client-secrets-manager';
import type { Logger } from 'pino';
import { generateSecret, type RandomBytes } from '#domain/stream-ids.ts';
import { createSecretsManager, SECRET_LIFETIME_MS, SECRET_TIMEOUT_MS } from '#runtime/stored-secret.ts';

/** What tasks show to each other in the `authorization` header of internal requests. */
export interface ClusterCredential {
  /** The header for a request to another task. Rejects if the secret can't be read. */
  authorization(): Promise<string>;
  /** Whether a request comes from another task. False if the secret can't be read. Never rejects. */
  accepts(authorizationHeader: string | undefined): Promise<boolean>;
}

/** A credential that reads its secret from Secrets Manager. */
export interface StoredCredentialOptions {
  readonly client: SecretsManager;
  readonly secretArn: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Logger;
}

export interface ClusterCredentialOptions {
  /** CLUSTER_SECRET. Null if it is not set. */
  readonly secret: string | null;
  /** CLUSTER_SECRET_ARN. Null if it is not set. */
  readonly secretArn: string | null;
  readonly randomBytes: RandomBytes;
  readonly now: () => number;
  readonly log: Logger;
}

/** The secret and the one before it, which tasks still send that have not read the new one. */
interface Secrets {
  readonly current: string;
  readonly previous: string | null;
  readonly readAtMs: number;
}

/** An unknown credential may be a new secret, so it makes the task read again, at most this often. */
export const SECRET_REREAD_MS = 5_000;
/** While Secrets Manager does not answer, tasks go on with what they last read, for this long. */
export const SECRET_MAX_AGE_MS = 30 * 60_000;
/** What can be sent in a header, and can't be guessed. */
const SECRET_PATTERN = /^[\x21-\x7e]{32,512}$/;

/** Opens the credential of this task. Without any secret, the task is alone, and its secret is known to nobody else. */
export async function openClusterCredential(options: ClusterCredentialOptions): Promise<ClusterCredential> {
  const { secret, secretArn, randomBytes, now, log } = options;
  if (secretArn !== null) return new StoredCredential({ client: await createSecretsManager(), secretArn, now, log });
  const value = secret ?? generateSecret(randomBytes);
  if (!SECRET_PATTERN.test(value)) throw new Error('CLUSTER_SECRET must be 32 to 512 characters of printable ASCII');
  return {
    authorization: async () => toHeader(value),
    accepts: async (header) => header !== undefined && isSame(header, toHeader(value)),
  };
}

/** Reads the current and the previous version of the secret, so that it can be rotated while tasks are running. */
export class StoredCredential implements ClusterCredential {
  readonly #options: StoredCredentialOptions;
  #secrets: Secrets | null = null;
  /** The reading under way. Never rejects. */
  #reading: Promise<void> | null = null;
  #lastReadAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown = null;

  constructor(options: StoredCredentialOptions) {
    this.#options = options;
  }

  async authorization(): Promise<string> {
    return toHeader((await this.#fresh()).current);
  }

  async accepts(header: string | undefined): Promise<boolean> {
    if (header === undefined) return false;
    try {
      if (isKnown(header, await this.#fresh())) return true;
      await this.#read();
      return isKnown(header, await this.#fresh());
    } catch {
      return false;
    }
  }

  /** What was read last. Reading it again holds nobody up until it is too old. */
  async #fresh(): Promise<Secrets> {
    if (!this.#isWithin(this.#secrets?.readAtMs, SECRET_LIFETIME_MS)) {
      const reading = this.#read();
      if (!this.#isWithin(this.#secrets?.readAtMs, SECRET_MAX_AGE_MS)) await reading;
    }
    if (this.#secrets !== null && this.#isWithin(this.#secrets.readAtMs, SECRET_MAX_AGE_MS)) return this.#secrets;
    throw new Error('the secret of the cluster could not be read', { cause: this.#failure });
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
    const { secretArn, now, log } = this.#options;
    const readAtMs = now();
    try {
      const [current, previous] = await Promise.all([this.#version('AWSCURRENT'), this.#version('AWSPREVIOUS')]);
      if (current === null) throw new Error(`${secretArn} must be 32 to 512 characters of printable ASCII`);
      this.#secrets = { current, previous, readAtMs };
      if (this.#failure !== null) log.info('the secret of the cluster can be read again');
      this.#failure = null;
    } catch (error) {
      if (this.#failure === null) log.error({ err: error }, 'the secret of the cluster could not be read');
      this.#failure = error;
    }
  }

  /** Null if it is no secret that we take, or if there is no such version, as before the first rotation. */
  async #version(VersionStage: 'AWSCURRENT' | 'AWSPREVIOUS'): Promise<string | null> {
    const { client, secretArn } = this.#options;
    const abortSignal = AbortSignal.timeout(SECRET_TIMEOUT_MS);
    try {
      const { SecretString = '' } = await client.getSecretValue({ SecretId: secretArn, VersionStage }, { abortSignal });
      return SECRET_PATTERN.test(SecretString) ? SecretString : null;
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

const toHeader = (secret: string): string => `Bearer ${secret}`;

function isKnown(header: string, { current, previous }: Secrets): boolean {
  const isCurrent = isSame(header, toHeader(current));
  const isPrevious = previous !== null && isSame(header, toHeader(previous));
  return isCurrent || isPrevious;
}

/** Compares in a time that depends on neither text's content. */
const isSame = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
