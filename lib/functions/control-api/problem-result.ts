import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type Problem, problemResponse } from './problem.ts';

/** A response, whose body is text, as the result of an HTTP API's Lambda function. */
export async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  return {
    statusCode: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  };
}

/** A problem as such a result, for requests that never reach the app. */
export async function problemResult(problem: Problem): Promise<APIGatewayProxyStructuredResultV2> {
  const result = await toResult(problemResponse(problem));
  return { ...result, headers: { ...result.headers, 'cache-control': 'no-store' } };
}
