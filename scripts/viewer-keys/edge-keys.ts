// The SDK signs with whichever SigV4A signer is loaded. This one is JavaScript; the other is a native module.
import '@aws-sdk/signature-v4a';
import {
  CloudFrontKeyValueStoreClient,
  type CloudFrontKeyValueStoreClientConfig,
  DescribeKeyValueStoreCommand,
  GetKeyCommand,
  PutKeyCommand,
  ResourceNotFoundException,
} from '@aws-sdk/client-cloudfront-keyvaluestore';
import { VIEWER_TOKEN_KEYS_NAME, type ViewerTokenKeys } from '#domain/viewer-tokens.ts';

/** A client for CloudFront key value stores. The service requires SigV4A and has no region of its own. */
export const createKeyValueStoreClient = (
  config: CloudFrontKeyValueStoreClientConfig = {},
): CloudFrontKeyValueStoreClient => new CloudFrontKeyValueStoreClient({ region: 'us-east-1', ...config });

/** What the store holds, and its version. */
export interface EdgeContent {
  /** Null if it has no keys. */
  readonly text: string | null;
  /** The entity tag of the store. It differs after every write. */
  readonly version: string | undefined;
}

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

  /** The version is at most as new as the text. */
  async read(): Promise<EdgeContent> {
    const { ETag } = await this.#client.send(new DescribeKeyValueStoreCommand({ KvsARN: this.#storeArn }));
    return { version: ETag, text: await this.#readText() };
  }

  /** Writes the keys. Rejects with a ConflictException if anything was written since this version. */
  async write(keys: ViewerTokenKeys, { version }: EdgeContent): Promise<void> {
    const names = { KvsARN: this.#storeArn, Key: VIEWER_TOKEN_KEYS_NAME };
    await this.#client.send(new PutKeyCommand({ ...names, Value: JSON.stringify(keys), IfMatch: version }));
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
