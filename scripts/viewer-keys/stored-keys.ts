import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

/** What a secret without keys may hold: a template can't leave it without a value in every tool. */
const NO_KEYS = '{}';

/** The secret that the control API reads the keys from. */
export class StoredKeys {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #secretArn: string;

  constructor(client: Pick<SecretsManagerClient, 'send'>, secretArn: string) {
    this.#client = client;
    this.#secretArn = secretArn;
  }

  /** Null where there are none yet. Throws where the secret holds something else: it may be somebody's. */
  async read(): Promise<ViewerTokenKeys | null> {
    const text = await this.#readText();
    if (text === null || text === NO_KEYS) return null;
    try {
      return parseViewerTokenKeys(text);
    } catch (cause) {
      throw new Error(`${this.#secretArn} holds something else and is left as it is`, { cause });
    }
  }

  async write(keys: ViewerTokenKeys): Promise<void> {
    await this.#client.send(
      new PutSecretValueCommand({ SecretId: this.#secretArn, SecretString: JSON.stringify(keys) }),
    );
  }

  /** A secret that was made without a value is there, but its value is not found; for one that is not there, a write fails. */
  async #readText(): Promise<string | null> {
    try {
      const { SecretString } = await this.#client.send(new GetSecretValueCommand({ SecretId: this.#secretArn }));
      return SecretString ?? '';
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  }
}
