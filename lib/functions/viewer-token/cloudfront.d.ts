/** The `cloudfront` module of CloudFront's JavaScript runtime 2.0 ("Helper methods for key value stores"). */
declare module 'cloudfront' {
  interface KeyValueStore {
    /** Rejects if the key does not exist. */
    get(key: string, options: { readonly format: 'json' }): Promise<unknown>;
  }
  const cloudfront: {
    /** The key value store that is associated with the function. Throws if there is none. */
    kvs(): KeyValueStore;
  };
  export default cloudfront;
}
