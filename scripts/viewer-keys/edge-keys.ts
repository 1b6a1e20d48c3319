import {
  type CloudFrontKeyValueStoreClient,
  ConflictException,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  PutKeyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { VIEWER_TOKEN_KEYS_NAME, type ViewerTokenKeys } from '#domain/viewer-tokens.ts';

/** Somebody else may change the store between a look at its version and the write. */
const ATTEMPTS = 3;

/** The key value store that the viewer-token function reads the keys from. A write is everywhere within seconds. */
export class EdgeKeys {
  readonly #client: Pick<CloudFrontKeyValueStoreClient, 'send'>;
  readonly #storeArn: string;

  constructor(client: Pick<CloudFrontKeyValueStoreClient, 'send'>, storeArn: string) {
    this.#client = client;
    this.#storeArn = storeArn;
  }

  /** Writes the keys; false where they were there already. */
  async write(keys: ViewerTokenKeys): Promise<boolean> {
    const value = JSON.stringify(keys);
    if ((await this.#readText()) === value) return false;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#put(value);
        return true;
      } catch (error) {
        if (!(error instanceof ConflictException) || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #put(value: string): Promise<void> {
    const { ETag } = await this.#client.send(new DescribeKeyValueStoreCommand({ KvsARN: this.#storeArn }));
    const names = { KvsARN: this.#storeArn, Key: VIEWER_TOKEN_KEYS_NAME };
    await this.#client.send(new PutKeyCommand({ ...names, Value: value, IfMatch: ETag }));
  }

  async #readText(): Promise<string | null> {
    try {
      const names = { KvsARN: this.#storeArn, Key: VIEWER_TOKEN_KEYS_NAME };
      return (await this.#client.send(new GetKeyCommand(names))).Value ?? null;
    } catch (error) {
      if (error instanceof ResourceNotFoundException) return null;
      throw error;
    }
  }
}
