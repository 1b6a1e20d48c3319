import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ViewerTokenKeys } from '#domain/viewer-tokens.ts';
import { parseViewerTokenKeys } from '#runtime/viewer-token-keys.ts';

/** The value of a secret without keys. Not every tool can create a secret without a value from a template. */
const NO_KEYS = '{}';

/** The Secrets Manager secret from which the control API reads the keys. */
export class StoredKeys {
  readonly #client: Pick<SecretsManagerClient, 'send'>;
  readonly #secretArn: string;

  constructor(client: Pick<SecretsManagerClient, 'send'>, secretArn: string) {
    this.#client = client;
    this.#secretArn = secretArn;
  }

  /** Null if there are no keys yet. Throws if the secret holds anything else, because that may belong to someone. */
  async read(): Promise<ViewerTokenKeys | null> {
    const text = await this.#readText();
    if (text === null || text === NO_KEYS) return null;
    try {
      return parseViewerTokenKeys(text);
    } catch (cause) {
      throw new Error(`${this.#secretArn} does not hold viewer-token keys and is left unchanged`, { cause });
    }
  }

  async write(keys: ViewerTokenKeys): Promise<void> {
    await this.#client.send(
      new PutSecretValueCommand({ SecretId: this.#secretArn, SecretString: JSON.stringify(keys) }),
    );
  }

  /** Null if the secret has no value. A secret that does not exist looks the same here, but then the write fails. */
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
