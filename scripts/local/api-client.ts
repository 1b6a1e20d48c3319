import { z } from 'zod';

const foundStreamSchema = z.object({ id: z.string(), playbackId: z.string() });
const createdStreamSchema = foundStreamSchema.extend({ streamKey: z.string() });

/** Creates a stream through the control API, as any client would. Rejects with the API's own words. */
export async function createStream(
  apiUrl: string,
  adminToken: string,
  stream: { readonly title: string },
): Promise<z.infer<typeof createdStreamSchema>> {
  const response = await fetch(`${apiUrl}/streams`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify(stream),
  });
  if (!response.ok) throw new Error(`POST /streams answered ${response.status}: ${await response.text()}`);
  return createdStreamSchema.parse(await response.json());
}

/** Gives a stream another key, and ends the old one with its broadcast. Rejects with the API's own words. */
export async function rotateKey(apiUrl: string, adminToken: string, id: string): Promise<string> {
  const headers = { authorization: `Bearer ${adminToken}` };
  const response = await fetch(`${apiUrl}/streams/${id}/key`, { method: 'POST', headers });
  if (!response.ok) throw new Error(`POST /streams/${id}/key answered ${response.status}: ${await response.text()}`);
  return createdStreamSchema.parse(await response.json()).streamKey;
}

/** The stream as the control API knows it, or null. Rejects with its own words where it doesn't say. */
export async function findStream(
  apiUrl: string,
  adminToken: string,
  id: string,
): Promise<z.infer<typeof foundStreamSchema> | null> {
  const response = await fetch(`${apiUrl}/streams/${id}`, { headers: { authorization: `Bearer ${adminToken}` } });
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`GET /streams answered ${response.status}: ${await response.text()}`);
  return foundStreamSchema.parse(await response.json());
}
