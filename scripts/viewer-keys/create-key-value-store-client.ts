// The SDK takes whichever signer is loaded; this one is JavaScript, the other a native module.
import '@aws-sdk/signature-v4a';
import {
  CloudFrontKeyValueStoreClient,
  type CloudFrontKeyValueStoreClientConfig,
} from '@aws-sdk/client-cloudfront-keyvaluestore';

/** A client of CloudFront's key value stores, whose requests are signed with SigV4A. The service has no region of its own. */
export const createKeyValueStoreClient = (
  config: CloudFrontKeyValueStoreClientConfig = {},
): CloudFrontKeyValueStoreClient => new CloudFrontKeyValueStoreClient({ region: 'us-east-1', ...config });
