import type { ControlApiDependencies } from '#functions/control-api/app.ts';
import { startTemporaryDynamoDb } from '#kit/temporary-dynamodb.ts';
import { startControlApi } from '#test/support/control-api.ts';

export type ApiWithDatabase = Awaited<ReturnType<typeof startApiWithDatabase>>;

/** Starts the control API on a new database. `settings` replace its dependencies. `close` ends both. */
export async function startApiWithDatabase(
  now: () => number = Date.now,
  settings: Partial<ControlApiDependencies> = {},
) {
  const database = await startTemporaryDynamoDb();
  const api = await startControlApi(database.client, now, settings);
  const close = async (): Promise<void> => {
    await api.close();
    await database.close();
  };
  return { ...api, client: database.client, close };
}
