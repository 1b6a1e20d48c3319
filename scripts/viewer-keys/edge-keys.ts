// The SDK signs with whichever SigV4A signer is loaded. This one is JavaScript; the other is a native module.
import '@aws-sdk/signature-v4a';
import {
  CloudFrontKeyValueStoreClient,
  type CloudFrontKeyValueStoreClientConfig,
  ConflictException,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  PutKeyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { VIEWER_TOKEN_KEYS_NAME, type ViewerTokenKeys } from '#domain/viewer-tokens.ts';

/** Another client may change the store between reading its version and writing to it. */
const ATTEMPTS = 3;

/** A client for CloudFront key value stores. The service requires SigV4A and has no region of its own. */
export const createKeyValueStoreClient = (
  config: CloudFrontKeyValueStoreClientConfig = {},
): CloudFrontKeyValueStoreClient => new CloudFrontKeyValueStoreClient({ region: 'us-east-1', ...config });

/**
 * The key value store from which the viewer-token function reads the keys. A write reaches all locations within
 * seconds.
 */
export class EdgeKeys {
  readonly #client: Pick<CloudFrontKeyValueStoreClient, 'send'>;
  readonly #storeArn: string;

  constructor(client: Pick<CloudFrontKeyValueStoreClient, 'send'>, storeArn: string) {
    this.#client = client;
    this.#storeArn = storeArn;
  }

  /** Writes the keys. Resolves to false if the store already had them. */
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
