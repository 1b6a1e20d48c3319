import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { startControlApi } from '#test/support/control-api.ts';

export type ApiWithDatabase = Awaited<ReturnType<typeof startApiWithDatabase>>;

/** Starts the control API on a new database. `close` ends both. */
export async function startApiWithDatabase(now: () => number = Date.now) {
  const database = await startTemporaryDynamoDb();
  const api = await startControlApi(database.client, now);
  const close = async (): Promise<void> => {
    await api.close();
    await database.close();
  };
  return { ...api, client: database.client, close };
}
