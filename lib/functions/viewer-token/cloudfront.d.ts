/** What CloudFront's runtime 2.0 has under this name ("Helper methods for key value stores"). */
declare module 'cloudfront' {
  interface KeyValueStore {
    /** Rejects where the key is not there. */
    get(key: string, options: { readonly format: 'json' }): Promise<unknown>;
  }
  const cloudfront: {
    /** The key value store that is associated with the function; throws where there is none. */
    kvs(): KeyValueStore;
  };
  export default cloudfront;
}
